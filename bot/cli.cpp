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
  cli::ExplainOptions explain;
  cli::RemoteOptions remote;
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
      "commands: plan, start, status, pause, resume, abort, why, nodes, alerts, history, "
      "clear, whoami, help\noptions of upgrade itself stand before the command");
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

void add_rules(CLI::App& app, Words& words) {
  auto* rules = app.add_subcommand("rules", "try matchers and rules");
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
  add_plan(app, words);
  add_upgrade(app, words);
  add_console(app, words);
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
