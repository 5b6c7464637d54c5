// SPDX-License-Identifier: Apache-2.0

// Plays a golden transcript: the story above the line of dashes, and behind it exactly what the bot
// said and did, with the virtual time. `golden FILE` compares, `golden --write FILE` writes.
//
//   cluster 1 4 1.34.2                    control planes, workers, version; `replica`: a second
//                                         Prometheus, `silences`: the node at work is silenced,
//                                         `approvals`: a start needs another person
//   node worker-3 budget-blocks           or: cordoned-by-person, containerd=1.6.30, unreachable
//   do order start 1.34.7                 an event now; `order!` confirms by itself
//   do as ben approve 1c5e3c65            an order of another person than ana
//   at 9m alert KubeAPIDown severity=critical
//   when cordoned worker-3: order pause lunch
//   do kill-bot append 1                  at the next call, or at one of a port, so many later
//   wait 10m                              no run is open, time passes
//   run                                   until the run is closed; several runs are possible

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "tests/sim/simulation.h"

namespace lockkeeper::sim {
namespace {

constexpr std::string_view kLine = "----";

class Story {
 public:
  std::string play(const std::vector<std::string>& lines);

 private:
  void obey(const std::string& line);
  void make(const std::vector<std::string>& words);
  void shape(const std::vector<std::string>& words);
  void happen(const std::string& event);
  void happen_to_cluster(const std::vector<std::string>& words);
  void note(const std::string& line);
  void tell_order(const std::string& line, const Reply& reply, const std::string& who = {});

  std::unique_ptr<Simulation> sim_;
  std::map<std::string, std::string> triggers_;
  std::string out_;
};

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream stream(line);
  return {std::istream_iterator<std::string>(stream), {}};
}

std::string after_words(const std::string& line, int count) {
  std::size_t at = 0;
  for (int i = 0; i < count; ++i)
    at = line.find(' ', at) + 1;
  return line.substr(at);
}

RuleAction action_named(std::string_view word) {
  for (const auto action : {RuleAction::ignore, RuleAction::notify, RuleAction::pause})
    if (to_string(action) == word) return action;
  return RuleAction::abort;
}

void Story::note(const std::string& line) {
  out_ += fmt::format("[{}] {}\n", to_string(sim_->clock.moment().since_start), line);
}

void Story::make(const std::vector<std::string>& words) {
  const auto version = parse_version(words.at(3)).value();
  auto settings = sim_settings();
  const auto has = [&](std::string_view word) {
    return std::ranges::find(words, word) != words.end();
  };
  if (has("replica")) settings = with_replica(settings);
  if (has("silences")) settings = with_silences(settings);
  if (has("approvals")) settings = with_approvals(settings);
  sim_ = std::make_unique<Simulation>(
      make_model(std::stoi(words.at(1)), std::stoi(words.at(2)), version), settings);
  sim_->on_line = [this](const std::string& text) { note(text); };
  sim_->world.on_change = sim_->silences.on_change = [this](const std::string& change) {
    note("    " + change);
    const auto trigger = triggers_.find(change);
    if (trigger == triggers_.end()) return;
    const auto event = trigger->second;
    triggers_.erase(trigger);
    sim_->clock.after(Millis(1), [this, event] { happen(event); });
  };
}

void Story::shape(const std::vector<std::string>& words) {
  auto& node = sim_->model.at(words.at(1));
  const auto& what = words.at(2);
  if (what == "budget-blocks") node.budget_blocks = true;
  if (what == "unreachable") node.reachable = false;
  if (what == "cordoned-by-person") node.unschedulable = node.person_cordoned = true;
  if (what.starts_with("containerd=")) node.containerd = what.substr(11);
}

void Story::tell_order(const std::string& line, const Reply& reply, const std::string& who) {
  note(fmt::format("{}> /upgrade {}", who, line));
  std::istringstream text(reply.text);
  for (std::string one; std::getline(text, one);)
    note("< " + one);
}

void Story::happen(const std::string& event) {
  const auto words = words_of(event);
  if (words.at(0) == "order") {
    const auto line = after_words(event, 1);
    tell_order(line, sim_->order(line));
  } else if (words.at(0) == "as") {
    const auto line = after_words(event, 2);
    const auto& who = words.at(1);
    tell_order(line, sim_->order(line, "console:" + who), who);
  } else if (words.at(0) == "order!") {
    const auto line = after_words(event, 1);
    tell_order(line, sim_->order_surely(line));
  } else {
    note("    " + event);
    happen_to_cluster(words);
  }
}

void Story::happen_to_cluster(const std::vector<std::string>& words) {
  const auto& what = words.at(0);
  auto& model = sim_->model;
  if (what == "alert") {
    Labels labels{{"alertname", words.at(1)}};
    for (std::size_t i = 2; i < words.size(); ++i) {
      const auto equals = words[i].find('=');
      labels.set(words[i].substr(0, equals), words[i].substr(equals + 1));
    }
    sim_->fire(labels);
  }
  if (what == "containerd-updated") model.at(words.at(1)).containerd = words.at(2);
  if (what == "rule") sim_->write_rule(words.at(1), words.at(2), action_named(words.at(3)));
  if (what == "rules-broken") {
    sim_->reread(std::unexpected(
        std::vector<std::string>{"sim.ini:7: unknown key \"acton\" (did you mean \"action\"?)"}));
  }
  if (what == "resolve") sim_->resolve(words.at(1));
  if (what == "pending") sim_->wait_to_fire({{"alertname", words.at(1)}}, words.at(2) == "begins");
  if (what == "replica") model.replica_up = words.at(1) == "up";
  if (what == "alertmanager") model.alertmanager_up = words.at(1) == "up";
  if (what == "prometheus") sim_->prometheus(words.at(1) == "up");
  if (what == "flap") sim_->flap(words.at(1), parse_duration(words.at(2)).value());
  if (what == "kill-switch") model.kill = words.at(1);
  if (what == "disk") sim_->journal.disk_full = words.at(1) == "full";
  if (what == "script-fails") {
    for (auto& [id, job] : model.jobs)
      job.ends_well = job.finished || job.node != words.at(1);
  }
  if (what == "kill-bot") {
    const auto at = words.size() > 1 ? words.at(1) : std::string();
    int before = words.size() > 2 ? std::stoi(words.at(2)) : 0;
    sim_->faults.decide_with([this, at, before](std::uint64_t, std::string_view port) mutable {
      if ((!at.empty() && port != at) || before-- > 0) return Fault::none;
      sim_->faults.stop();
      return Fault::crash_before;
    });
  }
}

void Story::obey(const std::string& line) {
  const auto words = words_of(line);
  const auto& verb = words.at(0);
  if (verb == "cluster") return make(words);
  if (verb == "node") return shape(words);
  if (verb == "do") return happen(after_words(line, 1));
  if (verb == "at") {
    const auto when = parse_duration(words.at(1)).value();
    return sim_->clock.after(when, [this, event = after_words(line, 2)] { happen(event); });
  }
  if (verb == "when") {
    const auto colon = line.find(": ");
    triggers_[line.substr(5, colon - 5)] = line.substr(colon + 2);
    return;
  }
  if (verb == "wait") return sim_->clock.pass(parse_duration(words.at(1)).value());
  if (verb == "run") {
    if (!sim_->run_to_end()) note("NOT CLOSED");
    return;
  }
  note("unknown line in the story: " + line);
}

std::string Story::play(const std::vector<std::string>& lines) {
  for (const auto& line : lines) {
    if (!line.empty() && line.front() != '#') obey(line);
  }
  for (const auto& violation : sim_->oracle.violations())
    out_ += "VIOLATED: " + violation + "\n";
  return out_;
}

struct Parts {
  std::vector<std::string> story;
  std::string expected;
};

Parts read(const std::string& path) {
  Parts parts;
  std::ifstream file(path);
  bool behind = false;
  for (std::string line; std::getline(file, line);) {
    if (behind) {
      parts.expected += line + "\n";
    } else if (line == kLine) {
      behind = true;
    } else {
      parts.story.push_back(line);
    }
  }
  return parts;
}

int compare(const std::string& path, const std::string& expected, const std::string& actual) {
  std::istringstream wanted(expected);
  std::istringstream given(actual);
  std::string want;
  std::string got;
  for (int number = 1;; ++number) {
    const bool more_wanted = static_cast<bool>(std::getline(wanted, want));
    const bool more_given = static_cast<bool>(std::getline(given, got));
    if (!more_wanted && !more_given) return 0;
    if (more_wanted && more_given && want == got) continue;
    fmt::print("{}: line {} behind the dashes differs\n  expected: {}\n  given:    {}\n", path,
               number, more_wanted ? want : "(the end)", more_given ? got : "(the end)");
    return 1;
  }
}

int main_of(const std::vector<std::string>& words) {
  const bool write = !words.empty() && words.front() == "--write";
  const std::string path = words.empty() ? "" : words.back();
  const auto parts = read(path);
  if (parts.story.empty()) {
    fmt::print("usage: golden [--write] FILE; '{}' holds no story\n", path);
    return 2;
  }
  const auto actual = Story().play(parts.story);
  if (!write) return compare(path, parts.expected, actual);
  std::ofstream file(path);
  for (const auto& line : parts.story)
    file << line << "\n";
  file << kLine << "\n" << actual;
  return 0;
}

}  // namespace
}  // namespace lockkeeper::sim

int main(int argc, char** argv) {
  return lockkeeper::sim::main_of(std::vector<std::string>(argv + 1, argv + argc));
}
