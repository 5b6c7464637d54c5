// SPDX-License-Identifier: Apache-2.0
#include "bot/daemon.h"

#include <fmt/format.h>
#include <unistd.h>

#include <memory>
#include <mutex>
#include <thread>

#include "bot/build_info.h"
#include "bot/cli_commands.h"
#include "bot/config_watch.h"
#include "bot/daemon_answers.h"
#include "bot/daemon_audience.h"
#include "bot/daemon_detection.h"
#include "bot/daemon_report.h"
#include "bot/daemon_slack.h"
#include "bot/desk.h"
#include "bot/gauges.h"
#include "bot/metered_journal.h"
#include "bot/retry.h"
#include "bot/runner.h"
#include "bot/silences.h"
#include "config/difference.h"
#include "config/findings.h"
#include "integrations/alertmanager/silence_list.h"
#include "integrations/alertmanager/webhook.h"
#include "integrations/console/console_chat.h"
#include "integrations/eyes/eyes.h"
#include "integrations/pushgateway/push.h"
#include "integrations/sqlite/journal.h"
#include "integrations/system/log.h"
#include "integrations/system/real_clock.h"
#include "integrations/system/service.h"
#include "integrations/system/signals.h"
#include "integrations/web/site.h"
#include "integrations/world/live_world.h"

namespace lockkeeper {
namespace {

using system::Level;
using system::log;

// How often the main thread looks after gauges, status and watchdog.
constexpr Millis kHousekeeping = std::chrono::seconds(1);
// How long the idle runner sleeps when nobody stirs it.
constexpr Millis kIdle = std::chrono::seconds(30);

/// Everything that lives as long as the process, in the order of dependence.
class Daemon {
 public:
  /// What must be there before anything runs: the settings, the way to the cluster, the journal.
  struct Ground {
    Settings settings;
    system::RealClock clock;
    std::unique_ptr<LiveWorld> world;
    DetectionDuty::Outside outside;
    std::unique_ptr<sqlite::SqliteJournal> journal;
  };

  explicit Daemon(Ground& ground)
      : settings_(ground.settings),
        clock_(ground.clock),
        world_(*ground.world),
        journal_(*ground.journal, metrics_),
        gate_(settings_.rules, settings_.gate),
        board_(clock_),
        audience_(board_),
        eyes_(
            settings_, settings_.rules, clock_,
            [this](const Sighting& sighting, Moment now) { saw(sighting, now); }, secrets()),
        silence_list_(settings_.alertmanager, settings_.cluster.name, secrets()),
        silences_(silence_list_, clock_, audience_, settings_.alertmanager),
        pusher_(settings_.pushgateway, settings_.cluster.name, metrics_),
        desk_(world_, clock_, journal_, gate_, inbox_, activity_, settings_,
              [this] { clock_.stir(); }),
        detection_(
            {world_, journal_, *ground.journal, audience_, metrics_, gauges_,
             [this](const Actor& actor, const std::string& line) { return obey(actor, line); }},
            ground.outside, settings_),
        report_({world_, journal_, *ground.journal, clock_, gate_, audience_}, settings_),
        spoken_(journal_, audience_),
        runner_(world_, clock_, journal_, spoken_, gate_, inbox_, activity_, settings_),
        reload_(settings_, gate_, journal_, clock_, audience_,
                [this](const Settings& now) { adopt(now); }) {
    desk_.speak_through(audience_);
    if (settings_.alertmanager.silence_node) runner_.silence_with(silences_);
    desk_.report_with(report_.reporter());
  }

  int run(system::Signals& signals, bool console);

 private:
  KubernetesSecretReader secrets() {
    return [this](const std::string& path) { return world_.secret(path); };
  }
  Reply obey(const Actor& actor, const std::string& line);
  void saw(const Sighting& sighting, Moment now);
  bool suspect(alertmanager::Notification notification);
  std::vector<std::string> not_ready();
  web::About about();
  web::Sinks sinks();
  void walk_runs();
  void keep_house();
  void attach_terminal(system::Signals& signals);
  Status attach_slack();
  void attach_pushgateway();
  void adopt(const Settings& settings);
  void main_loop(system::Signals& signals);

  const Settings& settings_;
  system::RealClock& clock_;
  LiveWorld& world_;
  metrics::Metrics metrics_;
  Gauges gauges_{metrics_};
  MeteredJournal journal_;
  Gate gate_;
  Inbox inbox_;
  Activity activity_;
  web::Board board_;
  Audience audience_;
  eyes::Eyes eyes_;
  alertmanager::SilenceList silence_list_;
  NodeSilences silences_;
  pushgateway::Pusher pusher_;
  Desk desk_;
  std::mutex reads_mutex_;   // the site's thread, the terminal's and Slack's all type
  std::mutex orders_mutex_;  // a slow look at the cluster must not hold up an abort
  DetectionDuty detection_;
  ReportDuty report_;
  QuietRetries spoken_;  // what the runner says, but for what it says every night
  Runner runner_;
  Reload reload_;
  std::atomic<bool> halted_ = false;
  std::mutex digest_mutex_;
  std::string digest_ = digest(settings_);  // of the configuration in force

  std::unique_ptr<system::Periodic> tending_;
  std::unique_ptr<system::Periodic> push_;
  std::unique_ptr<web::Site> site_;
  std::unique_ptr<console::ConsoleChat> terminal_;
  std::unique_ptr<console::LineReader> typed_;
  std::unique_ptr<SlackSide> slack_;
};

Reply Daemon::obey(const Actor& actor, const std::string& line) {
  const std::scoped_lock lock(only_reads(line) ? reads_mutex_ : orders_mutex_);
  auto reply = desk_.handle(actor, line);
  if (!reply.ok()) log(Level::warn, fmt::format("refused {}: {}", actor, reply.text));
  return reply;
}

void Daemon::saw(const Sighting& sighting, Moment now) {
  gate_.saw(sighting, now);
  clock_.stir();
}

/// The gate is shut before the sender gets its answer; the poll that tells the truth follows.
bool Daemon::suspect(alertmanager::Notification notification) {
  const bool resolved = !notification.resolved.empty();
  const int truncated = static_cast<int>(notification.truncated);
  const auto firing = alertmanager::labels_of(std::move(notification));
  const bool news = gate_.suspect(firing, truncated, clock_.moment());
  if (news) clock_.stir();
  if (news || resolved) eyes_.soon();
  return true;
}

std::vector<std::string> Daemon::not_ready() {
  std::vector<std::string> reasons;
  if (halted_) reasons.emplace_back("the journal cannot be written");
  return reasons;
}

/// The runner's thread: whatever run is open is walked; starting one and resuming one after a crash
/// are the same thing.
void Daemon::walk_runs() {
  const auto at_start = journal_.open_run();
  std::string known = at_start && *at_start ? **at_start : std::string();
  while (!inbox_.leaving()) {
    const auto open = journal_.open_run();
    if (open && *open) {
      const bool fresh = known != **open;
      known = **open;
      halted_ = false;
      halted_ = runner_.walk(known, fresh) == Walk::halted;
      // A halted run goes on when an order could be written, which proves that the journal works.
      if (!halted_) continue;
    } else if (settings_.alertmanager.silence_node) {
      // What a process that was killed has left is taken back.
      silences_.cover({});
    }
    clock_.wait_until(clock_.moment() + kIdle);
    while (halted_ && !inbox_.leaving() && inbox_.empty()) {
      clock_.wait_until(clock_.moment() + kIdle);
    }
  }
}

void Daemon::keep_house() {
  gauges_.look(journal_, gate_.view(clock_.moment()), clock_.now());
  system::notify_status(activity_.line());
  system::notify_watchdog();
}

void Daemon::attach_terminal(system::Signals& signals) {
  terminal_ = std::make_unique<console::ConsoleChat>(STDOUT_FILENO);
  audience_.add(*terminal_);
  terminal_->print(
      "type /upgrade help; Ctrl-D ends the bot, a run goes on when it is started again");
  const auto actor = console_actor();
  typed_ = std::make_unique<console::LineReader>(
      STDIN_FILENO,
      console::LineReader::Callbacks{[this, actor](const std::string& line) {
                                       if (!trimmed(line).empty())
                                         terminal_->print(obey(actor, line).text);
                                     },
                                     [this] { terminal_->print("that line is too long"); },
                                     [&signals] { signals.leave(); }});
}

/// Without [slack] there is none. Before anybody asks the desk, which asks it about groups.
Status Daemon::attach_slack() {
  if (!settings_.slack.enabled()) return {};
  auto slack = SlackSide::open(
      {settings_, clock_, journal_, gate_, activity_,
       [this](const Actor& actor, const std::string& line) { return obey(actor, line); }, secrets(),
       [this](const std::string& run) { return spoken_.hides(run); }, metrics_, world_,
       desk_.approvals()});
  if (!slack) return std::unexpected(slack.error());
  slack_ = std::move(*slack);
  audience_.add_slack(slack_->chat());
  desk_.look_up_groups(slack_->groups());
  return {};
}

web::About Daemon::about() {
  const std::scoped_lock lock(digest_mutex_);
  return {settings_.cluster.name, std::string(build_version()), digest_};
}

/// Without [pushgateway] there is none.
void Daemon::attach_pushgateway() {
  if (settings_.pushgateway.url.empty()) return;
  push_ = std::make_unique<system::Periodic>(settings_.pushgateway.interval, [this] {
    if (const auto pushed = pusher_.push(); !pushed) log(Level::debug, pushed.error().what);
  });
}

/// Other rules may ask for other alerts; the gate goes by them next.
void Daemon::adopt(const Settings& settings) {
  {
    const std::scoped_lock lock(digest_mutex_);
    digest_ = digest(settings);
  }
  eyes_.adopt(settings);
  clock_.stir();
}

void Daemon::main_loop(system::Signals& signals) {
  ConfigWatch configuration(reload_, metrics_, clock_);
  while (true) {
    const auto event = signals.next(kHousekeeping);
    if (event == system::Event::leave) return;
    configuration.look(event == system::Event::reload);
    keep_house();
    if (const std::unique_lock free(orders_mutex_, std::try_to_lock); free) desk_.tend();
    if (slack_) slack_->look();
  }
}

web::Sinks Daemon::sinks() {
  return {
      [this](alertmanager::Notification n) { return suspect(std::move(n)); },
      [this](const Actor& actor, const std::string& line) { return answer_of(obey(actor, line)); },
      [this] { return not_ready(); }, [this] { return about(); }};
}

int Daemon::run(system::Signals& signals, bool console) {
  desk_.on_check([this](bool forget) { detection_.ask(forget); });
  eyes_.open();
  if (settings_.alertmanager.silence_node) {
    tending_ = std::make_unique<system::Periodic>(settings_.alertmanager.silence_lease / 4,
                                                  [this] { silences_.tend(); });
  }
  if (auto slack = attach_slack(); !slack) {
    fmt::print(stderr, "{}\n", slack.error().what);
    return cli::kRefused;
  }
  auto site = web::Site::open(settings_.http, settings_.clients, sinks(),
                              {metrics_, board_, clock_, secrets(),
                               web::repeat_window(settings_.gate.confirmation_time())});
  if (!site) {
    fmt::print(stderr, "{}\n", site.error().what);
    return cli::kRefused;
  }
  site_ = std::move(*site);
  attach_pushgateway();
  reload_.begin();
  std::thread runner([this] { walk_runs(); });
  if (console) attach_terminal(signals);
  detection_.start();
  report_.start();
  if (slack_) slack_->listen();
  log(Level::info, fmt::format("lockkeeper {} serves {} on {}:{}", build_version(),
                               settings_.cluster.name, settings_.http.address, site_->port()));
  metrics_.set(metrics::Metric::config_last_reload_successful, 1);
  metrics_.set(metrics::Metric::serving, 1);
  system::notify_ready();
  main_loop(signals);
  system::notify_stopping();
  inbox_.leave();
  eyes_.stop();
  silence_list_.stop();
  clock_.stir();
  runner.join();
  detection_.stop();
  report_.stop();
  typed_.reset();
  site_.reset();
  tending_.reset();
  push_.reset();
  // Behind everybody who asks the desk, which asks it about groups.
  if (slack_) slack_->finish();
  slack_.reset();
  keep_house();
  const auto open = journal_.open_run();
  std::ignore = pusher_.finish(!open || *open);
  return cli::kFine;
}

/// What `check` would find. Said before the start and not when a run needs the file that is not
/// there: with a blocking one nothing is started.
bool fit_to_serve(const Settings& settings, Time now) {
  bool fit = true;
  for (const auto& finding : findings(settings, now)) {
    if (finding.blocking) {
      fmt::print(stderr, "{}\n", finding.what);
      fit = false;
    } else {
      log(Level::warn, finding.what);
    }
  }
  return fit;
}

}  // namespace

int serve(const ServeOptions& options) {
  auto settings = cli::load_or_complain(options.config);
  if (!settings) return cli::kMisused;
  if (const auto level = system::parse_level(settings->log.level)) system::set_log_level(*level);
  if (!fit_to_serve(*settings, system::RealClock().now())) return cli::kRefused;
  const auto complain = [](const Failure& failure) {
    fmt::print(stderr, "{}\n", failure.what);
    return cli::kRefused;
  };
  auto signals = system::Signals::install();
  if (!signals) return complain(signals.error());
  Daemon::Ground ground{std::move(*settings), {}, {}, {}, {}};
  auto world = LiveWorld::open(ground.settings, ground.clock);
  if (!world) return complain(world.error());
  ground.world = std::move(*world);
  if (const auto opened = ground.outside.open(ground.settings); !opened)
    return complain(opened.error());
  auto journal = sqlite::SqliteJournal::open(ground.settings.journal);
  if (!journal) return complain(journal.error());
  ground.journal = std::move(*journal);
  return Daemon(ground).run(**signals, options.console);
}

}  // namespace lockkeeper
