// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/simulation.h"

#include <fmt/format.h>

#include <algorithm>

namespace lockkeeper::sim {
namespace {

constexpr Millis kRestart{5'000};  // systemd's, or the kubelet's

Rule rule(std::string name, std::string_view matcher, RuleAction action) {
  Rule made;
  made.name = std::move(name);
  made.file = "sim.ini";
  made.line = 1;
  if (!matcher.empty()) made.match.push_back(parse_matchers(matcher).value());
  made.action = action;
  made.resume_after = std::chrono::minutes(1);
  return made;
}

/// A rule whose pause is told in the mildest way as long as it does not hold.
void add_with_notice(RuleBook& book, Rule made) {
  auto notice = rule(made.name + "-notice", "", RuleAction::notify);
  notice.match = made.match;
  book.rules.push_back(std::move(made));
  book.rules.push_back(std::move(notice));
}

/// The wider language, one alert for each key; the oracle knows them by name.
void add_wider_rules(RuleBook& book) {
  auto slow = rule("slow", "alertname=\"SlowDisk\"", RuleAction::pause);
  slow.hold_for = kSlowDiskHoldFor;
  add_with_notice(book, std::move(slow));
  auto crowd = rule("crowd", "alertname=\"PodCrash\"", RuleAction::pause);
  crowd.min_alerts = kPodCrashMin;
  add_with_notice(book, std::move(crowd));
  auto office = rule("office", "alertname=\"OfficeOnly\"", RuleAction::pause);
  Window hours;
  hours.days.fill(true);
  hours.from = kOfficeFrom;
  hours.to = kOfficeTo;
  office.active = {hours};
  add_with_notice(book, std::move(office));
  auto burning = rule("burning", "alertname=\"SlowBurn\"", RuleAction::pause);
  burning.state = StateScope::any;
  book.rules.push_back(std::move(burning));
  auto eyes = rule("eyes", "alertname=\"NeedsEyes\"", RuleAction::pause);
  eyes.sticky = true;
  eyes.reason = "somebody must look at ${labels.volume}";
  book.rules.push_back(std::move(eyes));
  auto twitch = rule("twitch", "alertname=\"Twitch\"", RuleAction::pause);
  twitch.min_pause = std::chrono::minutes(6);
  book.rules.push_back(std::move(twitch));
  auto old = rule("old", "alertname=\"OldTrouble\"", RuleAction::pause);
  old.preexisting = Preexisting::ignore;
  book.rules.push_back(std::move(old));
  book.rules.push_back(rule("backup", "alertname=\"FlakyBackup\"", RuleAction::pause));
  auto maintenance = rule("maintenance", "alertname=\"Maintenance\"", RuleAction::resume);
  maintenance.resumes = {"backup"};
  book.rules.push_back(std::move(maintenance));
}

RuleBook sim_rules() {
  RuleBook book;
  book.rules = builtin_rules();
  auto abort = rule("fatal", "alertname=~\"Abort.*\"", RuleAction::abort);
  abort.phases = {Phase::precheck, Phase::between, Phase::drain, Phase::upgrade, Phase::soak};
  book.rules.push_back(std::move(abort));
  book.rules.push_back(rule("expected", "alertname=~\"Ignore.*\"", RuleAction::ignore));
  auto reboot = rule("own-reboot", "alertname=\"RecentNodeReboot\"", RuleAction::pause);
  reboot.node = parse_node_template("${labels.node}").value();
  reboot.standings = {NodeStanding::active, NodeStanding::done};
  reboot.max_pause = std::chrono::minutes(30);
  reboot.on_timeout = OnTimeout::abort;
  book.rules.push_back(std::move(reboot));
  add_wider_rules(book);
  book.fallback = rule("default_action", "alertname=~\".*\"", RuleAction::pause);
  book.watchdog = parse_matchers("alertname=\"Watchdog\"").value();
  return book;
}

}  // namespace

Settings sim_settings() {
  Settings settings;
  settings.cluster.name = "sim";
  settings.upgrade.soak = std::chrono::minutes(2);
  settings.upgrade.poll_interval = std::chrono::seconds(15);
  settings.gate.resume_after = std::chrono::minutes(1);
  settings.authority.admin = {"console:*"};
  settings.rules = sim_rules();
  return settings;
}

Settings with_replica(Settings settings) {
  auto& replica = settings.more_prometheus.emplace_back();
  replica.name = "replica";
  return settings;
}

Settings with_silences(Settings settings) {
  settings.alertmanager.urls = {"http://am:9093"};
  settings.alertmanager.silence_node = true;
  settings.alertmanager.silence_alerts = {"KubeNodeNotReady", "TargetDown"};
  return settings;
}

Settings with_approvals(Settings settings) {
  auto& authority = settings.authority;
  authority.admin.clear();
  authority.operators = {"console:*", "http:ci"};
  authority.approver = {"console:ana", "console:ben", "console:eva", "http:ci"};
  authority.people = {"ana=console:ana", "ben=console:ben", "eva=console:eva"};
  authority.approvals = 1;
  return settings;
}

Simulation::Life::Life(Simulation& sim)
    : gate(sim.settings.rules, sim.settings.gate),
      lookout(lookout_settings(sim.settings)),
      desk(sim.world, sim.clock, sim.journal, gate, inbox, activity, sim.settings,
           [&sim] { sim.clock.stir(); }),
      runner(sim.world, sim.clock, sim.journal, sim, gate, inbox, activity, sim.settings),
      reload(sim.settings, gate, sim.journal, sim.clock, sim),
      silences(sim.silences, sim.clock, sim, sim.settings.alertmanager) {
  desk.speak_through(sim);
  if (sim.settings.alertmanager.silence_node) runner.silence_with(silences);
}

Simulation::Simulation(SimModel initial, Settings the_settings)
    : model(std::move(initial)),
      settings(std::move(the_settings)),
      journal(faults),
      world(model, clock, faults, times),
      silences(model, clock, faults),
      oracle(model, clock, settings),
      file_(settings.rules) {
  world.on_act = [this](const StepContext& context) { oracle.acts(context); };
  journal.on_append = [this](const Record& record) { oracle.appended(record); };
  boot();
}

void Simulation::boot() {
  ++lives_;
  oracle.booted();
  settings.rules = file_;
  life_ = std::make_unique<Life>(*this);
  life_->reload.begin();
  poll();
  schedule_poll(lives_);
  if (settings.alertmanager.silence_node) schedule_tend(lives_);
}

void Simulation::schedule_tend(int life) {
  clock.after(settings.alertmanager.silence_lease / 4, [this, life] {
    if (life != lives_) return;
    if (walking_) life_->silences.tend();
    schedule_tend(life);
  });
}

void Simulation::schedule_poll(int life) {
  clock.after(settings.gate.poll_interval, [this, life] {
    if (life != lives_) return;
    poll();
    schedule_poll(life);
    if (settings.authority.approvals > 0) tend_requests();
  });
}

void Simulation::tend_requests() {
  try {
    life_->desk.tend();
  } catch (const Crash&) {
    if (walking_) throw;
    clock.pass(kRestart);
    boot();
  }
}

void Simulation::poll() {
  auto& gate = life_->gate;
  auto& lookout = life_->lookout;
  const Moment now = clock.moment();
  if (settings.alertmanager.given()) {
    gate.saw(lookout.alertmanager(look_at_alertmanager(), now), now);
  }
  bool good = model.prometheus_up && model.watchdog;
  gate.saw(lookout.prometheus(0, look(model.prometheus_up, "connection refused"), now), now);
  for (std::size_t i = 1; i <= settings.more_prometheus.size(); ++i) {
    gate.saw(lookout.prometheus(i, look(model.replica_up, "Prometheus replica: connection refused"),
                                now),
             now);
    good = good && model.replica_up;
  }
  oracle.polled(good);
}

Sighting Simulation::look(bool up, std::string why_not) const {
  Sighting sighting{.good = up, .why_not = std::move(why_not), .firing = {}, .watchdog = false};
  sighting.at = clock.now();
  if (!up) return sighting;
  sighting.firing = model.firing;
  sighting.pending = model.pending_alerts;
  sighting.watchdog = model.watchdog;
  return sighting;
}

/// Our own silences are not told: the real one leaves them out as well.
Sighting Simulation::look_at_alertmanager() const {
  Sighting sighting{.good = model.alertmanager_up,
                    .why_not = "Alertmanager: connection refused",
                    .firing = {},
                    .watchdog = false};
  for (const auto& alert : model.firing) {
    if (model.silenced_by_people.contains(std::string(alert.get("alertname")))) {
      sighting.suppressed.push_back({alert, "silenced by 7d4c (ana)"});
    } else {
      sighting.alertmanager.push_back(alert);
    }
  }
  return sighting;
}

void Simulation::say(Message message) noexcept {
  oracle.said(message);
  if (on_line) on_line(message.text);
  messages.push_back(std::move(message));
}

Reply Simulation::order(const std::string& line, const Actor& actor) {
  try {
    return life_->desk.handle(actor, line);
  } catch (const Crash&) {
    // In the middle of a walk the runner dies, too: run_to_end() starts the next life.
    if (walking_) throw;
    clock.pass(kRestart);
    boot();
    return {Reply::Code::failed, "the bot died", {}};
  }
}

Reply Simulation::order_surely(const std::string& line, const Actor& actor) {
  auto reply = order(line, actor);
  if (reply.confirm.empty()) return reply;
  return order(line + " --confirm " + reply.confirm, actor);
}

Reply Simulation::order_approved(const std::string& line) {
  const auto shown = order(line);
  if (shown.confirm.empty()) return shown;
  order(line + " --confirm " + shown.confirm);
  return order("approve " + shown.confirm, "console:ben");
}

bool Simulation::run_to_end(Millis limit) {
  const Moment until = clock.moment() + limit;
  // Time goes on in waits; a walk that is past its limit is told to leave, a later one is not.
  const int walk = ++walks_;
  clock.at(until, [this, walk] {
    if (walk != walks_) return;
    life_->inbox.leave();
    clock.stir();
  });
  const bool closed = walk_until(until);
  ++walks_;
  return closed;
}

bool Simulation::walk_until(Moment until) {
  bool fresh = true;
  while (clock.moment() < until) {
    const auto open = journal.open_run();
    if (!*open) return true;
    const std::string run = **open;
    try {
      walking_ = true;
      const Walk walk = life_->runner.walk(run, std::exchange(fresh, false));
      walking_ = false;
      if (walk == Walk::closed) {
        oracle.run_ended(run);
        return true;
      }
      if (walk == Walk::leaving) return false;
      while (journal.disk_full && clock.moment() < until)
        clock.pass(kRestart);
    } catch (const Crash&) {
      walking_ = false;
      clock.pass(kRestart);
      boot();
    }
  }
  return false;
}

void Simulation::fire(const Labels& alert, bool webhook) {
  model.firing.push_back(alert);
  oracle.alerts_changed();
  if (!webhook) return;
  if (life_->gate.suspect(std::vector{alert}, 0, clock.moment())) poll();
  clock.stir();
}

void Simulation::resolve(std::string_view alertname) {
  std::erase_if(model.firing,
                [&](const Labels& alert) { return alert.get("alertname") == alertname; });
  oracle.alerts_changed();
}

void Simulation::resolved_message() {
  if (life_->gate.suspect({}, 0, clock.moment())) poll();
  clock.stir();
}

void Simulation::wait_to_fire(const Labels& alert, bool pending) {
  if (pending) model.pending_alerts.push_back(alert);
  if (!pending) std::erase(model.pending_alerts, alert);
  oracle.alerts_changed();
}

void Simulation::prometheus(bool up) {
  model.prometheus_up = up;
}

void Simulation::flap(const std::string& name, Millis down) {
  auto& node = model.at(name);
  node.ready = false;
  node.ready_since = clock.moment();
  clock.after(down, [this, name] {
    auto& back = model.at(name);
    back.ready = true;
    back.ready_since = clock.moment();
  });
}

void Simulation::write_rule(std::string name, std::string_view alertname, RuleAction action) {
  file_.rules.insert(file_.rules.begin(),
                     rule(std::move(name), fmt::format("alertname=\"{}\"", alertname), action));
  if (!blocks(action)) oracle.forgive(alertname);
  read_file_again();
}

void Simulation::read_file_again() {
  auto read = settings;
  read.rules = file_;
  reread(read);
}

void Simulation::reread(const std::expected<Settings, std::vector<std::string>>& read, bool asked) {
  try {
    std::ignore = life_->reload.take(read, asked);
    clock.stir();
  } catch (const Crash&) {
    if (walking_) throw;
    clock.pass(kRestart);
    boot();
  }
}

Ending Simulation::ending() const {
  for (auto at = journal.records().rbegin(); at != journal.records().rend(); ++at) {
    if (const auto* closed = std::get_if<Closed>(&at->body)) return closed->ending;
  }
  return Ending::failed;
}

bool Simulation::all_on(const Version& target) const {
  return std::ranges::all_of(model.nodes, [&](const auto& entry) {
    return entry.second.kubelet == target && !entry.second.unschedulable;
  });
}

}  // namespace lockkeeper::sim
