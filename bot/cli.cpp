// SPDX-License-Identifier: Apache-2.0
#include "bot/cli.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>

#include "bot/build_info.h"
#include "bot/cli_commands.h"
#include "bot/daemon.h"
#include "config/reference.h"
#include "rules/text.h"

namespace lockkeeper {
namespace {

constexpr const char* kDefaultConfig = "/etc/lockkeeper/lockkeeper.ini";

std::string default_config() {
  const char* from_environment = std::getenv("LOCKKEEPER_CONFIG");
  return from_environment == nullptr ? kDefaultConfig : from_environment;
}

/// Everything that options can set, with the code of the chosen subcommand.
struct Words {
  std::string config = default_config();
  bool console = false;
  std::vector<std::string> rest;
  std::string matchers;
  std::string host;
  bool strict = false;
  bool json = false;
  bool dry_run = false;
  std::string version;
  cli::DoctorWords doctor;
  std::vector<std::filesystem::path> files;
  cli::BacktestWords backtest;
  cli::ExplainOptions explain;
  cli::RemoteOptions remote;
  cli::ReportWords report;
  int code = cli::kFine;
};

void add_config(CLI::App& app, Words& words) {
  app.add_option("-c,--config", words.config, "the configuration; also $LOCKKEEPER_CONFIG")
      ->capture_default_str();
}

void add_serve(CLI::App& app, Words& words) {
  auto* command = app.add_subcommand("serve", "run the daemon");
  add_config(*command, words);
  command->add_flag("--console", words.console,
                    "read /upgrade commands from this terminal and print the bot's messages");
  command->callback([&] { words.code = serve({words.config, words.console}); });
}

void add_check(CLI::App& app, Words& words) {
  auto* command = app.add_subcommand("check", "validate the configuration and print what it means");
  add_config(*command, words);
  command->callback([&] { words.code = cli::check(words.config); });
}

void add_doctor(CLI::App& app, Words& words) {
  auto* command =
      app.add_subcommand("doctor", "look at the whole installation: what is broken, what mends it");
  auto& own = words.doctor;
  add_config(*command, words);
  command->add_flag("--json", own.json, "print the report as JSON");
  command->add_flag("--send-test-alert", own.send_test_alert,
                    "send an alert through Alertmanager and wait for it at the daemon");
  command->add_option("--only", own.only, "these areas only, such as slack,nodes")->delimiter(',');
  command->footer(
      "Nothing is changed, and no secret shown. The test alert is called LockkeeperTest; the "
      "built-in\nrules ignore it, and it is ended when it has arrived, after 90 s at the latest.\n"
      "Exit code: 0 nothing is broken, 1 something is, 2 wrong words.");
  command->callback([&] {
    words.doctor.file = words.config;
    words.code = cli::doctor(words.doctor);
  });
}

void add_plan(CLI::App& app, Words& words) {
  auto* command =
      app.add_subcommand("plan", "print the numbered plan to a version, change nothing");
  add_config(*command, words);
  command->add_option("VERSION", words.rest, "X.Y.Z [--stages LIST] [--kind patch|minor]")
      ->required();
  command->allow_extras();
  command->prefix_command();
  command->callback([&, command] {
    auto all = words.rest;
    for (const auto& extra : command->remaining())
      all.push_back(extra);
    words.code = cli::plan(words.config, all);
  });
}

void add_upgrade(CLI::App& app, Words& words) {
  auto* command = app.add_subcommand("upgrade", "send a command to the running daemon");
  add_config(*command, words);
  command->add_option("--url", words.remote.url, "of the daemon; default: [http] address and port");
  command->add_option("--as", words.remote.client, "whose token to use: [client NAME]");
  command->add_flag("-y,--yes", words.remote.yes, "confirm without asking");
  command->add_flag("-f,--follow", words.remote.follow, "print the run's messages until it ends");
  command->prefix_command();
  command->footer(
      "commands: plan, start, status, pause, resume, abort, approve, decline, withdraw, why,\n"
      "nodes, alerts, history, report, check, clear, whoami, help\n"
      "options of upgrade itself stand before the command");
  command->callback([&, command] {
    words.remote.file = words.config;
    words.code = cli::upgrade(words.remote, command->remaining());
  });
}

void add_console(CLI::App& app, Words& words) {
  auto* command = app.add_subcommand("console", "a terminal attached to the running daemon");
  add_config(*command, words);
  command->add_option("--url", words.remote.url, "of the daemon; default: [http] address and port");
  command->add_option("--as", words.remote.client, "whose token to use: [client NAME]");
  command->callback([&] {
    words.remote.file = words.config;
    words.code = cli::console(words.remote);
  });
}

void add_compat(CLI::App& app, Words& words) {
  auto* command =
      app.add_subcommand("compat", "what stands in the way of a minor version of Kubernetes");
  add_config(*command, words);
  command->add_option("VERSION", words.version, "X.Y or X.Y.Z; default: the next minor");
  command->add_flag("--json", words.json, "print the table as JSON");
  command->footer("Exit code: 0 nothing blocks, 1 something does, 2 wrong words.");
  command->callback([&] { words.code = cli::compat(words.config, words.version, words.json); });
}

void add_detection(CLI::App& app, Words& words) {
  auto* command = app.add_subcommand("detection", "look for new versions now");
  add_config(*command, words);
  command->add_flag("--dry-run", words.dry_run, "look from here, say it here, remember nothing")
      ->required();
  command->footer(
      "The running bot looks by its schedule; `lockkeeper upgrade check` makes it look now.\n"
      "Exit code: 0, or 1 when a feed was not believed or the cluster cannot be read.");
  command->callback([&] { words.code = cli::detection(words.config); });
}

void add_report(CLI::App& app, Words& words) {
  auto* command =
      app.add_subcommand("report", "what is running, what is next, how the last runs went");
  add_config(*command, words);
  command->add_option("RUN", words.report.run, "only this run, with its timeline");
  command->add_option("--runs", words.report.runs, "how many runs, the newest first")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  command->add_flag("--json", words.report.json, "print it as JSON");
  command->add_option("--svg", words.report.svg,
                      "write the picture to this file, too: the durations, or a RUN's timeline");
  command->footer(
      "The running bot is asked; without it the report is from the journal alone, and says what\n"
      "was not seen.\nExit code: 0, or 1 when neither the bot nor its journal can be read.");
  command->callback([&] {
    words.report.file = words.config;
    words.code = cli::report(words.report);
  });
}

void add_rules_check(CLI::App& rules, Words& words) {
  auto* check = rules.add_subcommand("check", "errors and warnings about the rules alone");
  add_config(*check, words);
  check->add_flag("--strict", words.strict, "warnings are errors");
  check->footer(
      "The file may be a whole configuration or have rules only. Warned of is what cannot be "
      "meant:\na rule that never decides because earlier ones cover it, a copy, matchers that "
      "exclude each other.\nExit code: 0 fine, 1 errors.");
  check->callback([&] { words.code = cli::rules_check(words.config, words.strict); });
}

void add_rules_test(CLI::App& rules, Words& words) {
  auto* test = rules.add_subcommand("test", "run unit tests of rules on virtual time");
  add_config(*test, words);
  test->add_option("FILE", words.files, "YAML files with tests; config/rules_test.yml is one")
      ->required();
  test->footer(
      "Alerts over time stand in promtool's notation ('_x4 1x10 stale'), with the run's phase and "
      "nodes,\nwebhooks and blind spells; expected are answers, states and rules.\nExit code: 0 "
      "all "
      "hold, 1 an expectation failed, 2 a file cannot be read.");
  test->callback([&] { words.code = cli::rules_test(words.files, words.config); });
}

void add_rules_backtest(CLI::App& rules, Words& words) {
  auto* backtest = rules.add_subcommand("backtest", "what the rules would have done in the past");
  auto& own = words.backtest;
  add_config(*backtest, words);
  backtest->add_option("--from", own.from, "2026-11-20, 2026-11-20T17:35:00Z, or 30d before --to");
  backtest->add_option("--to", own.to, "likewise; default: now");
  backtest->add_option("--step", own.step, "between two looks; default: poll_interval of [gate]");
  backtest->add_option("--url", own.url, "of Prometheus; default: [prometheus] url");
  backtest->add_option("--file", own.history,
                       "history from a file instead: a query_range answer, or recorded polls");
  backtest->add_option("--nodes", own.nodes, "how many nodes a run has")->capture_default_str();
  backtest->add_option("--node-names", own.node_names, "their names, in the order of upgrade")
      ->delimiter(',');
  backtest->add_option("--node-time", own.node_time, "from cordon to Ready; default: 20m");
  backtest->add_option("--soak", own.soak, "after each node; default: soak of [upgrade]");
  backtest->add_option("--start", own.starts,
                       "of a run: a time, or HH:MM (UTC) for each day; default: 09:00");
  backtest->add_flag("--assume-sight", own.assume_sight,
                     "count looks without the Watchdog as good ones");
  backtest->add_flag("--json", own.json, "print everything as JSON");
  backtest->add_option("--svg", own.svg, "write the picture to this file, too");
  backtest->footer(
      "Runs start one after the other; one that would start while another is open is left out.\n"
      "Recorded polls are lines of JSON: "
      "{\"at\":\"2026-11-20T17:35:00Z\",\"firing\":[{\"alertname\":\"X\"}]}\n"
      "or {\"at\":...,\"failed\":\"connection refused\"}.\n"
      "Exit code: 0, or 2 for wrong words and for a history that cannot be had.");
  backtest->callback([&] {
    words.backtest.file = words.config;
    words.code = cli::rules_backtest(words.backtest);
  });
}

void add_rules(CLI::App& app, Words& words) {
  auto* rules = app.add_subcommand("rules", "try matchers and rules, test them, replay history");
  rules->require_subcommand(1);
  auto* match = rules->add_subcommand("match", "does a matcher list match these labels?");
  match->add_option("matchers", words.matchers, "such as '{severity=\"critical\"}'")->required();
  match->add_option("labels", words.explain.labels_json, "a JSON object")->required();
  match->callback(
      [&] { words.code = cli::rules_match(words.matchers, words.explain.labels_json); });
  auto* explain = rules->add_subcommand("explain", "which rule decides about an alert, and why");
  add_config(*explain, words);
  explain->add_option("labels", words.explain.labels_json, "a JSON object")->required();
  explain->add_option("--phase", words.explain.phase, "precheck, between, drain, upgrade or soak")
      ->capture_default_str();
  explain
      ->add_option("--node-state", words.explain.node_standing,
                   "of the node it names: next, active, done, pending or outside")
      ->capture_default_str();
  explain->add_option("--state", words.explain.state, "of the alert: firing or pending")
      ->capture_default_str();
  explain
      ->add_option("--source", words.explain.source,
                   "who vouches for it: prometheus, webhook or alertmanager")
      ->capture_default_str();
  explain->add_option("--seen", words.explain.seen,
                      "for how long it has been seen, for hold_for; else long enough");
  explain->add_option("--at", words.explain.at,
                      "when, for windows, such as 2026-11-20T17:35:00Z; else now");
  explain->callback([&] {
    words.explain.file = words.config;
    words.code = cli::rules_explain(words.explain);
  });
  add_rules_check(*rules, words);
  add_rules_test(*rules, words);
  add_rules_backtest(*rules, words);
}

void add_ssh(CLI::App& app, Words& words) {
  auto* ssh = app.add_subcommand("ssh", "host keys of nodes");
  ssh->require_subcommand(1);
  auto* forget = ssh->add_subcommand("forget", "forget the pinned key of a host");
  add_config(*forget, words);
  forget->add_option("host", words.host, "ADDRESS or [ADDRESS]:PORT")->required();
  forget->callback([&] { words.code = cli::ssh_forget(words.config, words.host); });
}

/// One line for what CLI11 could not read; it never names a subcommand that it does not know.
std::string misuse(const CLI::App& app, const CLI::ParseError& error, int argc, char** argv) {
  const std::string_view first = argc > 1 ? argv[1] : "";
  std::vector<std::string> names;
  for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(command->get_name());
  const bool known = std::ranges::find(names, first) != names.end();
  if (first.empty() || first.starts_with('-') || known) {
    return fmt::format("{}; lockkeeper --help tells more", error.what());
  }
  const std::vector<std::string_view> views(names.begin(), names.end());
  return fmt::format("unknown command '{}'{}; lockkeeper --help lists them", clipped(first, 40),
                     suggestion(first, views));
}

}  // namespace

int run_cli(int argc, char** argv) {
  Words words;
  CLI::App app(
      "Lockkeeper takes a Kubernetes cluster through a version upgrade one node at a time, "
      "and shuts the gate when an alert fires.",
      "lockkeeper");
  app.set_version_flag("--version", std::string(build_version()));
  app.require_subcommand(1);
  add_serve(app, words);
  add_check(app, words);
  add_doctor(app, words);
  add_plan(app, words);
  add_upgrade(app, words);
  add_console(app, words);
  add_compat(app, words);
  add_detection(app, words);
  add_report(app, words);
  add_rules(app, words);
  add_ssh(app, words);
  app.add_subcommand("reference", "print the reference of all configuration keys (Markdown)")
      ->callback([] { fmt::print("{}", reference_markdown()); });
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    fmt::print(stderr, "{}\n", misuse(app, error, argc, argv));
    return cli::kMisused;
  }
  return words.code;
}

}  // namespace lockkeeper
