// SPDX-License-Identifier: Apache-2.0

// The timeline of one run as a picture.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "bot/run_picture.h"
#include "bot/svg.h"
#include "bot/zone_text.h"

namespace lockkeeper {
namespace {

// In pixels.
constexpr double kMargin = 16;
constexpr double kNames = 150;
constexpr double kPlot = 820;
constexpr double kRight = 80;  // for what stands behind a bar
constexpr double kLane = 22;
constexpr double kBar = 14;
constexpr double kBarTop = 4;   // within its lane
constexpr double kLetter = 11;  // from the top of a bar to its text's baseline
constexpr double kHead = 92;    // title, time, key, numbers of the pauses, axis
constexpr double kNumberRoom = 18;

constexpr int kTicksMost = 9;
constexpr std::size_t kNodesShown = 60;
constexpr std::size_t kPausesListed = 15;

struct KeyEntry {
  std::string_view style;
  std::string_view name;
};
constexpr std::array kKey = {
    KeyEntry{"drain", "cordon, drain"}, KeyEntry{"script", "node script"},
    KeyEntry{"ready", "await ready"},   KeyEntry{"soak", "soak"},
    KeyEntry{"other", "other"},         KeyEntry{ink::waited, "held by the gate"},
    KeyEntry{"person", "by a person"},  KeyEntry{ink::bad, "failed, in doubt"}};

std::string_view style_of(Action action) {
  switch (action) {
    case Action::cordon:
    case Action::drain:
    case Action::step_aside:
      return "drain";
    case Action::upgrade:
    case Action::containerd:
    case Action::repository:
      return "script";
    case Action::await_ready:
      return "ready";
    case Action::soak:
      return "soak";
    default:
      return "other";
  }
}

std::string_view style_of(Holder holder) {
  if (holder == Holder::gate) return ink::waited;
  return holder == Holder::person ? "person" : ink::bad;
}

class Timeline {
 public:
  Timeline(const RunReport& run, const Zone* zone);
  std::string draw() &&;

 private:
  [[nodiscard]] double x_of(Time at) const;
  void head();
  void axis();
  void gate_lane();
  void phase_lane();
  void step_lane(const std::string& node, std::string_view name, std::string_view behind);
  void shades();
  void list();
  double begin_lane(std::string_view name);
  /// From a time to a time, never too narrow to be seen.
  void bar(double y, Time from, Time to, std::string_view style, const std::string& hint);

  const RunReport& run_;
  const Zone* zone_;
  std::vector<const NodeReport*> nodes_;
  double bottom_ = 0;  // of the lanes
  double y_ = kHead;
  Svg sheet_;
};

/// Those that were worked on come first when not all of them have room.
std::vector<const NodeReport*> shown_nodes(const RunReport& run) {
  std::vector<const NodeReport*> nodes;
  for (const auto& node : run.nodes)
    nodes.push_back(&node);
  if (nodes.size() <= kNodesShown) return nodes;
  std::ranges::stable_partition(nodes, [](const auto* node) { return node->began.has_value(); });
  nodes.resize(kNodesShown);
  return nodes;
}

std::size_t listed_lines(const RunReport& run, std::size_t nodes) {
  const auto pauses = std::min(run.pauses.size(), kPausesListed);
  return pauses + (run.pauses.size() > pauses ? 1 : 0) + (run.nodes.size() > nodes ? 1 : 0);
}

double lanes_of(std::size_t nodes) {
  return kLane * static_cast<double>(nodes + 3);  // gate, phases, cluster
}

double height_of(const RunReport& run, std::size_t nodes) {
  const auto lines = static_cast<double>(listed_lines(run, nodes));
  return kHead + lanes_of(nodes) + (lines > 0 ? 10 + lines * 18 : 0) + kMargin;
}

std::string ending_text(const RunReport& run) {
  return run.ending ? fmt::format("{} in {}", to_string(*run.ending), to_string(run.took()))
                    : fmt::format("open for {}", to_string(run.took()));
}

std::string title_of(const RunReport& run) {
  return fmt::format("{} {}: {} -> {}{}, {}", run.cluster, run.run, to_string(run.from),
                     to_string(run.target), run.dry_run ? " (dry run)" : "", ending_text(run));
}

std::string hint_of(const StepReport& step, Time until) {
  const Time ended = step.ended.value_or(until);
  return fmt::format("{} {}{}{} in {}", to_string(step.action), step.node,
                     step.node.empty() ? "" : " ",
                     step.result ? to_string(*step.result) : "at work",
                     to_string(ended - step.began.value_or(ended)));
}

Timeline::Timeline(const RunReport& run, const Zone* zone)
    : run_(run),
      zone_(zone),
      nodes_(shown_nodes(run)),
      bottom_(kHead + lanes_of(nodes_.size())),
      sheet_(kMargin + kNames + kPlot + kRight, height_of(run, nodes_.size()), title_of(run)) {}

double Timeline::x_of(Time at) const {
  const auto whole = std::max<double>(static_cast<double>(run_.took().count()), 1);
  const auto since = static_cast<double>((at - run_.opened).count());
  return kMargin + kNames + kPlot * std::clamp(since / whole, 0.0, 1.0);
}

void Timeline::bar(double y, Time from, Time to, std::string_view style, const std::string& hint) {
  const double x = x_of(from);
  sheet_.box(x, y + kBarTop, std::max(x_of(to) - x, 1.5), kBar, style, hint);
}

void Timeline::head() {
  sheet_.text(kMargin, 24, title_of(run_), ink::title, Svg::Anchor::start, kNames + kPlot);
  auto when = fmt::format("{} to {} {}, started by {}", minute_text(run_.opened, zone_),
                          minute_text(run_.until, zone_), zone_name(zone_), run_.by);
  if (!run_.reason.empty()) when += ": " + run_.reason;
  sheet_.text(kMargin, 42, when, ink::quiet, Svg::Anchor::start, kNames + kPlot);
  double x = kMargin;
  for (const auto& [style, name] : kKey) {
    sheet_.box(x, 52, 11, 11, style);
    sheet_.text(x + 16, 62, name, ink::quiet);
    x += 16 + Svg::width_of(name) + 14;
  }
}

void Timeline::axis() {
  for (const auto& tick : clock_ticks(run_.opened, run_.until, zone_, kTicksMost)) {
    const double x = x_of(run_.opened + tick.at);
    sheet_.line(x, kHead - 4, x, bottom_, ink::grid);
    sheet_.text(x, kHead - 7, tick.text, ink::quiet, Svg::Anchor::middle);
  }
}

double Timeline::begin_lane(std::string_view name) {
  const double y = std::exchange(y_, y_ + kLane);
  sheet_.text(kMargin, y + kBarTop + kLetter, name, {}, Svg::Anchor::start, kNames - 8);
  sheet_.box(kMargin + kNames, y + kBarTop, kPlot, kBar, ink::lane);
  return y;
}

void Timeline::gate_lane() {
  const double y = begin_lane("gate");
  bar(y, run_.opened, run_.until, "open", "nothing held the run");
  for (const auto& pause : run_.pauses)
    bar(y, pause.from, pause.to, style_of(pause.holder),
        fmt::format("{} for {}: {}", holder_text(pause.holder), to_string(pause.lasted()),
                    joined(pause.reasons, "; ")));
}

void Timeline::phase_lane() {
  const double y = begin_lane("phases");
  for (const auto& phase : run_.phases) {
    std::optional<Time> from;
    Time to{};
    for (const auto& step : run_.steps) {
      if (step.stage != phase.stage || !step.began) continue;
      if (!from) from = step.began;
      to = step.ended.value_or(run_.until);
    }
    if (!from) continue;
    const auto name = std::string(to_string(phase.stage));
    bar(y, *from, to, name, fmt::format("{}: {} at work", name, to_string(phase.worked)));
    const double room = x_of(to) - x_of(*from);
    if (Svg::width_of(name) + 6 < room)
      sheet_.text(x_of(*from) + room / 2, y + kBarTop + kLetter, name,
                  phase.stage == Stage::master ? "lit" : "on", Svg::Anchor::middle);
  }
}

void Timeline::step_lane(const std::string& node, std::string_view name, std::string_view behind) {
  const double y = begin_lane(name);
  double end = 0;
  for (const auto& step : run_.steps) {
    if (step.node != node || !step.began) continue;
    const Time to = step.ended.value_or(run_.until);
    const bool bad = step.result == StepResult::failed;
    bar(y, *step.began, to, bad ? ink::bad : style_of(step.action), hint_of(step, run_.until));
    end = std::max(x_of(to), x_of(*step.began) + 1.5);
  }
  const double right = kMargin + kNames + kPlot;
  const bool touched = end > 0;
  if (!touched) end = kMargin + kNames;
  // The last node's text stands in the margin, which is as wide as the longest of them.
  if (!behind.empty())
    sheet_.text(std::min(end, right) + 5, y + kBarTop + kLetter, behind, ink::quiet);
}

void Timeline::shades() {
  double last = 0;
  int number = 0;
  for (const auto& pause : run_.pauses) {
    ++number;
    const double x = x_of(pause.from);
    const double width = std::max(x_of(pause.to) - x, 1.0);
    sheet_.box(x, kHead + kLane, width, bottom_ - kHead - kLane, ink::shade);
    // A number that would stand on the one before is left out; the list has the time.
    if (number > static_cast<int>(kPausesListed) || (last > 0 && x - last < kNumberRoom)) continue;
    last = x;
    sheet_.text(x + 2, kHead + kBarTop + kLetter, fmt::format("{}", number), "on");
  }
}

void Timeline::list() {
  double y = bottom_ + 10;
  const auto line = [&](const std::string& words) {
    y += 18;
    sheet_.text(kMargin, y - 5, words, ink::quiet, Svg::Anchor::start,
                kNames + kPlot + kRight - 16);
  };
  const auto listed = std::min(run_.pauses.size(), kPausesListed);
  for (std::size_t i = 0; i < listed; ++i) {
    const auto& pause = run_.pauses[i];
    line(fmt::format("{}. {} held by {} for {}{}: {}", i + 1, hour_text(pause.from, zone_),
                     holder_text(pause.holder), to_string(pause.lasted()),
                     pause.over ? "" : " so far", joined(pause.reasons, "; ")));
  }
  if (run_.pauses.size() > listed) line(fmt::format("and {} more", run_.pauses.size() - listed));
  if (run_.nodes.size() > nodes_.size())
    line(fmt::format("{} more nodes are not shown", run_.nodes.size() - nodes_.size()));
}

std::string Timeline::draw() && {
  head();
  axis();
  gate_lane();
  phase_lane();
  step_lane("", "cluster", "");
  for (const auto* node : nodes_) {
    const auto worked = node->worked > Millis(0) ? " " + to_string(node->worked) : "";
    step_lane(node->name, node->name,
              node->result == NodeResult::upgraded && !worked.empty()
                  ? worked.substr(1)
                  : fmt::format("{}{}", to_string(node->result), worked));
  }
  shades();
  list();
  return std::move(sheet_).done();
}

}  // namespace

std::string timeline_svg(const RunReport& run, const Zone* zone) {
  return Timeline(run, zone).draw();
}

}  // namespace lockkeeper
