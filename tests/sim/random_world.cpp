// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/random_world.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <random>

#include "tests/sim/report_check.h"
#include "tests/sim/simulation.h"

namespace lockkeeper::sim {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// Faults happen within this time; afterwards the world is kind and everything must converge.
constexpr Millis kTroubleEnds = hours(8);
constexpr int kStartsMax = 8;
constexpr std::uint64_t kRulesSalt = 0x9E3779B97F4A7C15;
constexpr std::uint64_t kPeopleSalt = 0xD6E8FEB86659FD93;
constexpr std::uint64_t kSourcesSalt = 0xC2B2AE3D27D4EB4F;

class RandomWorld {
 public:
  RandomWorld(std::uint64_t seed, bool say);
  SeedReport play();

 private:
  int draw(int from, int to) { return std::uniform_int_distribution<int>(from, to)(random_); }
  bool chance(double probability) { return std::bernoulli_distribution(probability)(random_); }
  Millis span(Millis from, Millis to) {
    return Millis(std::uniform_int_distribution<std::int64_t>(from.count(), to.count())(random_));
  }
  std::string any_node();

  void set_up();
  void plan_faults();
  void plan_events();
  void plan_one_event();
  void plan_operator();
  void plan_wider_rules();
  void plan_wider_alert();
  void plan_sources();
  void end_trouble();
  void help_out();
  void start(const std::string& order, bool early);
  void dither(const std::string& digest);

  std::mt19937_64 random_;
  std::mt19937_64 rules_random_;    // of its own, so that the rest of a world stays what it was
  std::mt19937_64 sources_random_;  // the same
  std::mt19937_64 people_random_;   // the same
  std::uint64_t seed_;
  Simulation sim_;
  Version target_{1, 34, 7, {}};
};

SimModel random_model(std::mt19937_64& random) {
  const int control_planes = std::bernoulli_distribution(0.7)(random) ? 1 : 3;
  const int workers = std::uniform_int_distribution<int>(0, 6)(random);
  return make_model(control_planes, workers, {1, 34, 2, {}});
}

/// Every fourth world has a second Prometheus, every fourth one an Alertmanager with silences; in
/// every fifth one a start needs two people.
Settings random_settings(std::mt19937_64& random, std::mt19937_64& people) {
  const auto kind = random() % 4;
  if (people() % 5 == 0) return with_approvals(kind == 1 ? with_silences() : sim_settings());
  if (kind == 0) return with_replica();
  return kind == 1 ? with_silences() : sim_settings();
}

RandomWorld::RandomWorld(std::uint64_t seed, bool say)
    : random_(seed),
      rules_random_(seed ^ kRulesSalt),
      sources_random_(seed ^ kSourcesSalt),
      people_random_(seed ^ kPeopleSalt),
      seed_(seed),
      sim_(random_model(random_), random_settings(sources_random_, people_random_)) {
  if (!say) return;
  sim_.on_line = [this](const std::string& line) {
    fmt::print("[{}] {}\n", to_string(sim_.clock.moment().since_start), line);
  };
  sim_.world.on_change = sim_.silences.on_change = [this](const std::string& change) {
    fmt::print("[{}]     {}\n", to_string(sim_.clock.moment().since_start), change);
  };
}

std::string RandomWorld::any_node() {
  auto at = sim_.model.nodes.begin();
  std::advance(at, draw(0, static_cast<int>(sim_.model.nodes.size()) - 1));
  return at->first;
}

void RandomWorld::set_up() {
  if (chance(0.3)) target_ = {1, 35, 1, {}};
  sim_.times.script = span(seconds(20), minutes(8));
  sim_.times.kubelet_back = span(seconds(2), minutes(2));
  sim_.times.api_outage = span(seconds(0), minutes(4));
  sim_.times.eviction = span(Millis(200), seconds(10));
  // Behind the workers, which is mended on the way; without any it would be too old for a minor.
  const bool workers = sim_.model.nodes.rbegin()->first.starts_with("worker");
  if (chance(0.2) && workers) sim_.model.nodes.begin()->second.containerd = "1.6.30";
  if (chance(0.2)) {
    auto& node = sim_.model.at(any_node());
    node.unschedulable = node.person_cordoned = true;
  }
  plan_faults();
  plan_events();
  plan_operator();
  plan_wider_rules();
  plan_sources();
  sim_.clock.after(kTroubleEnds, [this] { end_trouble(); });
}

/// Each seed has its own mix: some worlds lose answers, some kill the bot, some do neither.
void RandomWorld::plan_faults() {
  const double error = chance(0.5) ? 0.01 * draw(0, 4) : 0.0;
  const double crash = chance(0.5) ? 0.002 * draw(0, 5) : 0.0;
  sim_.faults.decide_with([this, error, crash](std::uint64_t, std::string_view port) {
    // A journal that fails for good is a story of its own; here it fails now and then.
    const double failing = port == "append" ? error / 20 : error;
    if (failing > 0 && chance(failing))
      return chance(0.5) ? Fault::error_before : Fault::error_after;
    if (crash > 0 && chance(crash)) return chance(0.5) ? Fault::crash_before : Fault::crash_after;
    return Fault::none;
  });
}

void RandomWorld::plan_events() {
  const int events = draw(0, 14);
  for (int i = 0; i < events; ++i)
    plan_one_event();
}

void RandomWorld::plan_one_event() {
  const Millis when = span(seconds(0), minutes(100));
  const Millis lasts = span(seconds(1), minutes(50));
  auto& clock = sim_.clock;
  const auto alert = [&](std::string name, Labels::Pair extra = {"severity", "critical"}) {
    const bool webhook = chance(0.7);
    clock.after(when, [this, name, extra, webhook] {
      sim_.fire(Labels{{"alertname", name}, extra}, webhook);
    });
    clock.after(when + lasts, [this, name] { sim_.resolve(name); });
  };
  switch (draw(0, 11)) {
    case 0:
    case 1:
      return alert("KubeAPIDown");
    case 2:
      return alert("IgnoreMe");
    case 3:
      if (chance(0.3)) alert("AbortNow");
      return;
    case 4:
      return alert("RecentNodeReboot", {"node", any_node()});
    case 5:
      clock.after(when, [this] { sim_.prometheus(false); });
      clock.after(when + lasts, [this] { sim_.prometheus(true); });
      return;
    case 6:
      clock.after(when, [this, lasts] { sim_.model.api_back = sim_.clock.moment() + lasts / 5; });
      return;
    case 7:
      clock.after(when, [this, lasts, node = any_node()] { sim_.flap(node, lasts / 4); });
      return;
    case 8:
      clock.after(when, [this, node = any_node()] { sim_.model.at(node).reachable = false; });
      clock.after(when + lasts,
                  [this, node = any_node()] { sim_.model.at(node).reachable = true; });
      return;
    case 9:
      clock.after(when, [this] { sim_.clock.step_wall(hours(draw(-2, 2))); });
      return;
    case 10:
      clock.after(when, [this, node = any_node()] { sim_.model.at(node).budget_blocks = true; });
      return;
    default:
      clock.after(when, [this] {
        for (auto& [id, job] : sim_.model.jobs) {
          if (!job.finished && chance(0.5)) job.ends_well = false;
        }
      });
  }
}

/// Alerts for the keys of the wider language, in every third world.
void RandomWorld::plan_wider_rules() {
  if (rules_random_() % 3 != 0) return;
  const auto alerts = 1 + rules_random_() % 8;
  for (std::uint64_t i = 0; i < alerts; ++i)
    plan_wider_alert();
}

void RandomWorld::plan_wider_alert() {
  const auto within = [&](Millis most) {
    return Millis(
        static_cast<std::int64_t>(rules_random_() % static_cast<std::uint64_t>(most.count())));
  };
  constexpr std::array<std::string_view, 8> names = {"SlowDisk",   "PodCrash",   "OfficeOnly",
                                                     "SlowBurn",   "NeedsEyes",  "Twitch",
                                                     "OldTrouble", "FlakyBackup"};
  const std::string name(names.at(rules_random_() % names.size()));
  const Millis when = within(minutes(100));
  const Millis lasts = seconds(1) + within(minutes(40));
  const bool webhook = rules_random_() % 2 == 0;
  const auto copies = name == "PodCrash" ? 1 + rules_random_() % 5 : 1 + rules_random_() % 2;
  for (std::uint64_t copy = 0; copy < copies; ++copy) {
    const Labels alert{{"alertname", name}, {"pod", fmt::format("{}", copy)}};
    if (name == "SlowBurn") {
      sim_.clock.after(when, [this, alert] { sim_.wait_to_fire(alert, true); });
      sim_.clock.after(when + lasts / 2, [this, alert] { sim_.wait_to_fire(alert, false); });
    }
    const Millis fires = name == "SlowBurn" ? when + lasts / 2 : when;
    sim_.clock.after(fires, [this, alert, webhook] { sim_.fire(alert, webhook); });
  }
  sim_.clock.after(when + lasts, [this, name] { sim_.resolve(name); });
  if (name != "FlakyBackup" || rules_random_() % 3 == 0) return;
  sim_.clock.after(when + lasts / 4, [this] { sim_.fire({{"alertname", "Maintenance"}}, false); });
  sim_.clock.after(when + lasts / 2, [this] { sim_.resolve("Maintenance"); });
}

/// The replica and Alertmanager go away now and then; where there is none, nobody notices.
void RandomWorld::plan_sources() {
  const auto within = [this](Millis most) {
    return Millis(std::uniform_int_distribution<Millis::rep>(0, most.count())(sources_random_));
  };
  for (bool* up : {&sim_.model.replica_up, &sim_.model.alertmanager_up}) {
    for (auto times = sources_random_() % 3; times > 0; --times) {
      const Millis when = within(minutes(100));
      sim_.clock.after(when, [up] { *up = false; });
      sim_.clock.after(when + within(minutes(50)), [up] { *up = true; });
    }
  }
}

void RandomWorld::plan_operator() {
  if (!chance(0.5)) return;
  sim_.clock.after(span(minutes(1), hours(3)), [this] { sim_.order("pause because"); });
  sim_.clock.after(span(minutes(1), hours(4)), [this] { sim_.order_surely("resume"); });
  if (chance(0.2)) {
    sim_.clock.after(span(minutes(1), hours(3)), [this] { sim_.order_surely("abort enough"); });
  }
  if (chance(0.3)) {
    sim_.clock.after(span(minutes(1), hours(3)),
                     [this] { sim_.write_rule("written", "KnownByNow", RuleAction::ignore); });
    sim_.clock.after(span(minutes(1), hours(3)), [this] {
      sim_.reread(std::unexpected(std::vector<std::string>{"sim.ini:1: a slip"}), true);
    });
  }
}

void RandomWorld::end_trouble() {
  sim_.faults.stop();
  sim_.model.firing.clear();
  sim_.model.pending_alerts.clear();
  sim_.oracle.alerts_changed();
  sim_.prometheus(true);
  sim_.model.replica_up = sim_.model.alertmanager_up = true;
  for (auto& [name, node] : sim_.model.nodes) {
    node.reachable = true;
    node.budget_blocks = false;
  }
  for (auto& [id, job] : sim_.model.jobs)
    job.ends_well = true;
  help_out();
}

/// What an operator does who is asked: resume what waits for a person.
void RandomWorld::help_out() {
  const auto open = sim_.journal.open_run();
  if (*open) sim_.order_surely("resume");
  sim_.clock.after(minutes(10), [this] { help_out(); });
}

/// People who do not agree at once, or not at all: this start may come to nothing.
void RandomWorld::dither(const std::string& digest) {
  switch (people_random_() % 6) {
    case 0:
      sim_.order("approve " + digest);
      return;
    case 1:
      sim_.order("decline " + digest + " not today", "console:eva");
      return;
    case 2:
      sim_.order("withdraw " + digest);
      return;
    case 3:
      sim_.clock.pass(minutes(people_random_() % 300));
      return;
    case 4:
      sim_.order("approve " + digest, "http:ci");
      return;
    default:
      return;
  }
}

void RandomWorld::start(const std::string& order, bool early) {
  if (sim_.settings.authority.approvals == 0) {
    sim_.order_surely(order);
    return;
  }
  const auto shown = sim_.order(order);
  if (shown.confirm.empty()) return;
  sim_.order(order + " --confirm " + shown.confirm);
  if (early) dither(shown.confirm);
  sim_.order("approve " + shown.confirm, "console:ben");
  if (early) sim_.order("approve " + shown.confirm, "console:eva");
}

SeedReport RandomWorld::play() {
  set_up();
  SeedReport report{seed_, {}, 0, 0};
  const auto order = fmt::format("start {}", to_string(target_));
  const auto done = [&] {
    return std::ranges::all_of(sim_.model.nodes, [&](const auto& entry) {
      return entry.second.kubelet == target_ && entry.second.cordoned_by.empty();
    });
  };
  while (!done() && report.runs < kStartsMax && report.trouble.empty()) {
    ++report.runs;
    start(order, report.runs <= 3);
    if (!sim_.run_to_end()) report.trouble = "a run was not closed within three days";
    if (report.trouble.empty()) report.trouble = report_trouble(sim_.journal, sim_.clock.now());
    sim_.clock.pass(hours(26));  // beyond the quiet baseline
  }
  if (!done() && report.trouble.empty()) report.trouble = "the cluster never got to its target";
  const auto stands = [&](const OwnSilence& silence) {
    return silence.ends_at > sim_.clock.cluster_now();
  };
  if (report.trouble.empty() && std::ranges::any_of(sim_.model.silences, stands)) {
    report.trouble = "a silence stands for ever";
  }
  if (!sim_.oracle.violations().empty()) report.trouble = sim_.oracle.violations().front();
  report.lives = sim_.lives();
  return report;
}

}  // namespace

SeedReport play_seed(std::uint64_t seed, bool say) {
  return RandomWorld(seed, say).play();
}

}  // namespace lockkeeper::sim
