// SPDX-License-Identifier: Apache-2.0
#include "config/load.h"

#include <doctest/doctest.h>

#include "tests/unit/config/loading.h"

namespace lockkeeper {
namespace {

using testing::loaded;
using testing::refusal;
using testing::ScopedVariable;
using testing::TemporaryFolder;

/// Seven lines.
const std::string kBase = testing::kRequired + "[gate]\ndefault_action = pause\n";

}  // namespace

TEST_CASE("what is not written has its default") {
  const auto settings = loaded(kBase);
  const Settings defaults;
  CHECK(settings.ssh.user == "ops");
  CHECK(settings.upgrade.soak == defaults.upgrade.soak);
  CHECK(settings.preflight.free_bytes_min == defaults.preflight.free_bytes_min);
  CHECK(settings.http.port == 8099);
  CHECK(settings.authority.admin.empty());
  CHECK(settings.rules.fallback.action == RuleAction::pause);
  CHECK(settings.rules.fallback.resume_after == 2min);
  CHECK(settings.rules.fallback.line == 7);
  CHECK(to_string(settings.rules.watchdog) == "{alertname=\"Watchdog\"}");
}

TEST_CASE("each kind of value lands in its place") {
  const auto settings = loaded(
      kBase +
      "poll_interval = 1s\nblind_after = 2500ms\non_blind = continue\nbuiltin_ignores = no\n"
      "external_labels = cluster=\"prod\"\nignore_labels = replica, v\nrule_health_every = 7\n"
      "[upgrade]\nworker_order = name-asc\nfirst = a, b\nlast = z\nsoak = 0s\n"
      "on_hook_failure = stop\nafter_node = test -f \"/x y\" && true\n"
      "[preflight]\nfree_min = 512MiB\non_blocking_budget = warn\n[postflight]\npod_ready_ratio = "
      "0.5\n"
      "[http]\nport = 0\n[log]\nlevel = debug\n");
  CHECK(settings.gate.poll_interval == Millis(1000));
  CHECK(settings.gate.blind_after == Millis(2500));
  CHECK(settings.gate.on_blind == GateSettings::OnBlind::proceed);
  CHECK(settings.gate.rule_health_every == 7);
  CHECK(settings.rules.rules.empty());
  CHECK(settings.rules.external_labels == Labels{{"cluster", "prod"}});
  CHECK(settings.rules.ignore_labels == std::vector<std::string>{"replica", "v"});
  CHECK(settings.upgrade.worker_order == UpgradeSettings::Order::name_ascending);
  CHECK(settings.upgrade.first == std::vector<std::string>{"a", "b"});
  CHECK(settings.upgrade.soak == 0s);
  CHECK(settings.upgrade.hook_failure_stops);
  CHECK(settings.upgrade.after_node == "test -f \"/x y\" && true");
  CHECK(settings.preflight.free_bytes_min == 512LL << 20);
  CHECK_FALSE(settings.preflight.blocking_budget_blocks);
  CHECK(settings.postflight.pod_ready_ratio == doctest::Approx(0.5));
  CHECK(settings.http.port == 0);
  CHECK(settings.log.level == "debug");
}

TEST_CASE("a relative path starts at the file's folder, wherever the process stands") {
  const TemporaryFolder folder;
  const auto settings = loaded(folder, kBase +
                                           "[http]\nwebhook_token_file = ../t/./hook\n"
                                           "[journal]\nfile = state/j.db\n");
  CHECK(settings.ssh.key_file == folder.path() / "id");
  CHECK(settings.http.webhook_tokens.at(0).file == folder.path().parent_path() / "t/hook");
  CHECK(settings.journal.file == folder.path() / "state/j.db");
  CHECK(settings.ssh.known_hosts == folder.path() / "state/known_hosts");
}

TEST_CASE("an unknown key names the nearest one") {
  CHECK(refusal("[ssh]\nuzer = ops\n") ==
        "l.ini:2: unknown key \"uzer\" in [ssh] (did you mean \"user\"?)\n");
  CHECK(refusal("[ssh]\nslektor = ops\n") == "l.ini:2: unknown key \"slektor\" in [ssh]\n");
  CHECK(refusal("[gate]\nSoak = 1s\n") == "l.ini:2: unknown key \"Soak\" in [gate]\n");
  CHECK(refusal("[gate]\nwatch_dog = a=\"b\"\n") ==
        "l.ini:2: unknown key \"watch_dog\" in [gate] (did you mean \"watchdog\"?)\n");
}

TEST_CASE("an unknown section names the nearest one") {
  CHECK(refusal("[promethius]\nurl = x\n") ==
        "l.ini:1: unknown section [promethius] (did you mean \"prometheus\"?)\n");
  CHECK(refusal("[rules storage]\n") ==
        "l.ini:1: unknown section [rules storage] (did you mean \"rule\"?)\n");
  CHECK(refusal("[SSH]\n") == "l.ini:1: unknown section [SSH]\n");
  CHECK(refusal("[ssh extra]\n") ==
        "l.ini:1: unknown section [ssh extra] (did you mean \"ssh\"?)\n");
}

TEST_CASE("a bad value names its key") {
  CHECK(refusal("[ssh]\nport = 70000\n") ==
        "l.ini:2: port: '70000' is not a port from 1 to 65535\n");
  CHECK(refusal("[upgrade]\nsoak = 10\n") ==
        "l.ini:2: soak: '10' is not a duration: the unit is missing (did you mean 10s?)\n");
  CHECK(refusal("[upgrade]\nsoak =\n") == "l.ini:2: soak needs a value\n");
  CHECK(refusal("[gate]\non_blind = proceed\n") ==
        "l.ini:2: on_blind: 'proceed' is none of pause, abort, continue\n");
  CHECK(refusal("[upgrade]\nworker_order = name-dec\n") ==
        "l.ini:2: worker_order: 'name-dec' is none of name-desc, name-asc (did you mean "
        "\"name-desc\"?)\n");
  CHECK(refusal("[preflight]\nsnapshot_target = backups\n") ==
        "l.ini:2: snapshot_target: write the path on the node in full, beginning with /\n");
  CHECK(refusal("[ssh]\nuser = ops@node\n") == "l.ini:2: user: a login is one word\n");
}

TEST_CASE("a key that may be empty is as if it were not there") {
  const auto settings = loaded(kBase +
                               "[kubernetes]\ncontext =\nown_node =\nown_node_env =\n"
                               "[http]\nwebhook_token_file =\nwebhook_token_env =\n");
  CHECK(settings.kubernetes.context.empty());
  CHECK(settings.http.webhook_tokens.empty());
}

TEST_CASE("ini errors and key errors come together, in line order") {
  CHECK(refusal("[ssh]\nuzer = ops\nword\nport = x\n") ==
        "l.ini:2: unknown key \"uzer\" in [ssh] (did you mean \"user\"?)\n"
        "l.ini:3: write key = value; there is no '=' in this line\n"
        "l.ini:4: port: 'x' is not a port from 1 to 65535\n");
}

TEST_CASE("what a run needs is asked for once all values are good") {
  CHECK(refusal("[gate]\ndefault_action = pause\n") ==
        "l.ini: [ssh] user is required for a run\n"
        "l.ini: [ssh] key_file is required for a run\n"
        "l.ini: [prometheus] url is required for a run\n");
  CHECK(
      refusal("[gate]\ndefault_action = pause\n[prometheus]\nurl = http://p\n[ssh]\nuser = x\n") ==
      "l.ini:5: [ssh] key_file is required for a run\n");
}

TEST_CASE("a secret is never written into the file, and not repeated in the refusal") {
  CHECK(refusal("[prometheus]\nbearer_token = hunter2\n") ==
        "l.ini:2: bearer_token holds a secret and is never written here; use bearer_token_file, "
        "bearer_token_env, bearer_token_credential or bearer_token_secret\n");
  CHECK(refusal("[client ops]\ntoken = hunter2\n") ==
        "l.ini:2: token holds a secret and is never written here; use token_file, token_env, "
        "token_credential or token_secret\n");
  for (const auto* line :
       {"[http]\nwebhook_tokn = hunter2\n", "[http]\nwebhook_token_env = hunter-2\n",
        "[prometheus]\nurl = http://u:hunter2@p/\n", "[client ops]\ntoken_secret = hunter2\n",
        "[client ops]\ntoken_credential = /hunter2\n", "[http]\nhunter2\n",
        "[http]\n hunter2 = x\n", "[http]\nport = 1\nport = hunter2\n",
        "[client ops]\ntoken_file = ~hunter2\n"}) {
    CAPTURE(line);
    const auto told = refusal(line);
    CHECK(told != "accepted");
    CHECK(told.find("hunter") == std::string::npos);
  }
}

TEST_CASE("of the four sources of a secret only one is given") {
  CHECK(refusal("[prometheus]\nbearer_token_file = a\nbearer_token_env = B\n") ==
        "l.ini:3: bearer_token_file and bearer_token_env are both given; keep one of them\n");
  const auto settings = loaded(kBase +
                               "[http]\nwebhook_token2_secret = ops/hook/token\n[client c]\n"
                               "token_credential = cred\n[client d]\ntoken_env = D_TOKEN\n");
  REQUIRE(settings.http.webhook_tokens.size() == 1);
  CHECK(settings.http.webhook_tokens[0].described() == "Kubernetes Secret ops/hook/token");
  REQUIRE(settings.clients.size() == 2);
  CHECK(settings.clients[0].name == "c");
  CHECK(settings.clients[0].token.described() == "systemd credential cred");
  CHECK(settings.clients[1].token.described() == "environment variable D_TOKEN");
}

TEST_CASE("the own node and pod may come from the environment") {
  const ScopedVariable node("LOCKKEEPER_TEST_NODE", "worker-1");
  const ScopedVariable pod("LOCKKEEPER_TEST_POD", "lockkeeper-0");
  const std::string text =
      "[kubernetes]\nnamespace = ops\nown_node_env = LOCKKEEPER_TEST_NODE\n"
      "own_pod_env = LOCKKEEPER_TEST_POD\n";
  const auto settings = loaded(kBase + text);
  CHECK(settings.kubernetes.own_node == "worker-1");
  CHECK(settings.kubernetes.own_pod == "ops/lockkeeper-0");
  CHECK(loaded(kBase + "[kubernetes]\nown_pod = x/y\n").kubernetes.own_pod == "x/y");
  CHECK(refusal("[kubernetes]\nown_node = a\nown_node_env = LOCKKEEPER_TEST_NODE\n") ==
        "l.ini:3: own_node and own_node_env are both given; keep one of them\n");
  CHECK(refusal("[kubernetes]\nown_node_env = LOCKKEEPER_TEST_ABSENT\n") ==
        "l.ini:2: own_node_env: the environment variable LOCKKEEPER_TEST_ABSENT is not set\n");
}

TEST_CASE("a file that is not one is refused") {
  const TemporaryFolder folder;
  const auto told = [](const std::filesystem::path& path) { return load(path).error().at(0).what; };
  CHECK(told(folder.path() / "absent.ini") == "no such file or directory");
  CHECK(told(folder.path()) == "is a directory, not a file");
  CHECK(told("/dev/zero") == "is a device, not a file");
}

}  // namespace lockkeeper
