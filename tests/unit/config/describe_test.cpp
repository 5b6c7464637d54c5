// SPDX-License-Identifier: Apache-2.0
#include "config/describe.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "config/findings.h"
#include "config/load.h"
#include "config/reference.h"
#include "config/sections.h"
#include "tests/unit/config/temporary_folder.h"

namespace lockkeeper {
namespace {

using testing::ScopedVariable;
using testing::TemporaryFolder;

/// A folder in which everything that a configuration names is there and private.
struct Workshop {
  TemporaryFolder folder;
  std::string base =
      "[rule disks]\nmatch = alertname=\"DiskFull\"\naction = abort\n"
      "[cluster]\nname = west\n[kubernetes]\nkubeconfig = kc\n[ssh]\nuser = ops\nkey_file = id\n"
      "[prometheus]\nurl = http://127.0.0.1:9090\nbearer_token_file = token\n"
      "[authority]\nadmin = console:*\n[journal]\nfile = j.db\n[gate]\ndefault_action = pause\n";

  Workshop() {
    folder.write("kc", "apiVersion: v1\n");
    folder.write("id", "key\n");
    folder.write("token", "hunter2\n");
  }

  Settings loaded(const std::string& more = {}) const {
    auto settings = load(folder.write("l.ini", base + more));
    if (!settings) FAIL(to_string(settings.error().front()));
    return *settings;
  }

  /// The findings as check prints them, the folder cut off.
  std::vector<std::string> found(const std::string& more = {}) const {
    std::vector<std::string> lines;
    for (const auto& finding : findings(loaded(more))) {
      std::string line = (finding.blocking ? "ERROR " : "warning ") + finding.what;
      const std::string prefix = folder.path().string() + "/";
      for (std::size_t at = 0; (at = line.find(prefix, at)) != std::string::npos;)
        line.erase(at, prefix.size());
      lines.push_back(line);
    }
    return lines;
  }
};

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("the description shows each value, where it comes from, and no secret") {
  const Workshop workshop;
  const auto settings = workshop.loaded(
      "[http]\nwebhook_token_env = LOCKKEEPER_TEST_HOOK\n[client ops]\ntoken_secret = a/b/c\n");
  const ScopedVariable hook("LOCKKEEPER_TEST_HOOK", "hunter3");
  const auto text = describe(settings);
  const auto says = [&](const std::string& line) {
    CAPTURE(line);
    CHECK(text.find(line + "\n") != std::string::npos);
  };
  const auto folder = workshop.folder.path().string();
  says("Configuration " + folder + "/l.ini");
  says("[cluster]\n  name = west");
  says("  port = 22  (default)");
  says("  context = (its current-context)");
  says("  key_file = " + folder + "/id");
  says("  known_hosts = " + folder + "/known_hosts");
  says("  bearer_token: file " + folder + "/token (readable, 7 bytes, mode 0600)");
  says("  webhook_token: environment variable LOCKKEEPER_TEST_HOOK (readable, 7 bytes)");
  says("  webhook_token2: not given");
  says("[client ops]\n  token: Kubernetes Secret a/b/c (read from the cluster when needed)");
  says("  (confirm_within is then 1m)");
  CHECK(text.find("hunter") == std::string::npos);
  CHECK(text.find("own_node_env") == std::string::npos);
}

TEST_CASE("the rules are numbered in the order in which they are tried") {
  const Workshop workshop;
  const auto settings = workshop.loaded(
      "[rule storage]\nmatch = alertname=~\"Ceph.*\"\nmatch = a=\"b\"\naction = pause\n"
      "node = ${labels.node}\nnode_state = done\nnode_within = 15m\nmax_pause = 4h\n"
      "on_timeout = abort\nreason = heals slowly\n");
  const auto text = describe(settings);
  const auto file = workshop.folder.path().string() + "/l.ini";
  CHECK(text.find("   1. builtin-expected (built in): ignore; in every phase\n") !=
        std::string::npos);
  CHECK(text.find("   4. storage (" + file +
                  ":20): pause until quiet for 2m, at most 4h, then abort; in precheck, between, "
                  "soak\n"
                  "       {alertname=~\"Ceph.*\"}\n"
                  "       or {a=\"b\"}\n"
                  "       node ${labels.node}, state done, within 15m\n"
                  "       reason: heals slowly\n") != std::string::npos);
  CHECK(text.find("   otherwise (" + file +
                  ":19): pause until quiet for 2m; in precheck, between, "
                  "soak\n") != std::string::npos);
}

TEST_CASE("a configuration in order has nothing to be said against") {
  const Workshop workshop;
  CHECK(workshop.found().empty());
  CHECK(describe(workshop.loaded()).ends_with("\nNothing to object to.\n"));
}

TEST_CASE("files that are named and missing block a run") {
  const Workshop workshop;
  std::filesystem::remove(workshop.folder.path() / "id");
  std::filesystem::remove(workshop.folder.path() / "token");
  workshop.folder.write("kc", "");
  CHECK(workshop.found("[http]\ntls_cert_file = c\ntls_key_file = k\n") ==
        Lines{"ERROR [ssh] key_file: id: no such file or directory",
              "ERROR [kubernetes] kubeconfig: kc is empty",
              "ERROR [http] tls_cert_file: c: no such file or directory",
              "ERROR [http] tls_key_file: k: no such file or directory",
              "ERROR [prometheus] bearer_token: file token: no such file or directory"});
  CHECK(describe(workshop.loaded()).find("  ERROR: [ssh] key_file: ") != std::string::npos);
}

TEST_CASE("what everybody may read blocks, what our group may is a warning where it is ours") {
  const Workshop workshop;
  workshop.folder.write("id", "key", 0640);
  workshop.folder.write("token", "hunter2", 0644);
  CHECK(workshop.found() ==
        Lines{"ERROR [prometheus] bearer_token: file token: everybody may read it (mode 0644); "
              "chmod o-r it, or mount the Kubernetes volume with defaultMode 0440",
              "warning [ssh] key_file: id (mode 0640): others of its group may use it; chmod 600 "
              "it, or defaultMode 0400 where a Kubernetes volume's files are our own"});
  workshop.folder.write("token", "hunter2", 0600);
  workshop.folder.write("id", "key", 0604);
  workshop.folder.write("kc", "kubeconfig", 0644);
  CHECK(workshop.found() ==
        Lines{"ERROR [ssh] key_file: id (mode 0604): everybody may read it; chmod 600 it, or "
              "mount the Kubernetes volume with defaultMode 0440",
              "warning [kubernetes] kubeconfig: kc (mode 0644): everybody may read it; chmod 600 "
              "it, or mount the Kubernetes volume with defaultMode 0440"});
}

TEST_CASE("a Secret as Kubernetes mounts it for a pod's fsGroup is in order") {
  const Workshop workshop;
  workshop.folder.write("id", "key", 0440);
  if (::geteuid() != 0) return;  // only root can give a file away
  constexpr uid_t kSomebodyElse = 65'534;
  REQUIRE(::chown((workshop.folder.path() / "id").c_str(), kSomebodyElse, ::getegid()) == 0);
  CHECK(workshop.found().empty());
  workshop.folder.write("id", "key", 0460);
  REQUIRE(::chown((workshop.folder.path() / "id").c_str(), kSomebodyElse, ::getegid()) == 0);
  CHECK(workshop.found().size() == 1);
}

TEST_CASE("without a kubeconfig there must be a pod or $KUBECONFIG") {
  Workshop workshop;
  workshop.base.erase(workshop.base.find("kubeconfig = kc\n"), 16);
  const ScopedVariable no_pod("KUBERNETES_SERVICE_HOST", nullptr);
  {
    const ScopedVariable no_variable("KUBECONFIG", nullptr);
    CHECK(workshop.found() == Lines{"ERROR [kubernetes] kubeconfig: not given, this is not a pod, "
                                    "and $KUBECONFIG is not set"});
  }
  const ScopedVariable variable("KUBECONFIG", "/some/where");
  CHECK(workshop.found().empty());
}

TEST_CASE("the journal needs a folder that can be written to") {
  const Workshop workshop;
  auto settings = workshop.loaded();
  settings.journal.file = workshop.folder.path() / "absent" / "j.db";
  CHECK(findings(settings) ==
        std::vector<ConfigFinding>{{true, "[journal] file: the folder " +
                                              (workshop.folder.path() / "absent").string() +
                                              " does not exist"}});
  settings.journal.file = workshop.folder.path() / "j.db";
  std::filesystem::create_directory(settings.journal.file);
  CHECK(findings(settings) ==
        std::vector<ConfigFinding>{{true, "[journal] file: " + settings.journal.file.string() +
                                              " is not a writable file"}});
}

TEST_CASE("what is allowed and dangerous is a warning") {
  Workshop workshop;
  workshop.base.replace(workshop.base.find("default_action = pause"), 22,
                        "default_action = ignore");
  CHECK(workshop.found("on_blind = continue\nbuiltin_ignores = no\n"
                       "[http]\naddress = 0.0.0.0\nwebhook_token_file = token\n"
                       "[client ops]\ntoken_file = id\n"
                       "[rule x]\nmatch = a=\"b\"\naction = pause\nmax_pause = 1h\n") ==
        Lines{"warning [gate] default_action = ignore: an alert that no rule names does not hold "
              "the run",
              "warning [gate] on_blind = continue: the run goes on while nobody can see whether "
              "alerts fire",
              "warning [gate] builtin_ignores = no: alerts that fire by design now need rules of "
              "their own",
              "warning [http] address 0.0.0.0 without tls_cert_file: tokens travel in clear text",
              "warning rule x: max_pause without on_timeout = abort or continue changes nothing",
              "warning [client ops]: http:ops stands in no role of [authority]"});
  workshop.base.replace(workshop.base.find("default_action = ignore"), 23,
                        "default_action = notify");
  CHECK(workshop.found() == Lines{"warning [gate] default_action = notify: an alert that no rule "
                                  "names does not hold the run"});
}

TEST_CASE("a configuration without a rule of its own is a warning") {
  Workshop workshop;
  workshop.base.erase(0, workshop.base.find("[cluster]"));
  CHECK(workshop.found() == Lines{"warning no [rule NAME] is given, here or in rules.ini: "
                                  "default_action = pause decides about every alert that is not "
                                  "built in"});
}

TEST_CASE("a configuration in which nobody may do anything is a warning") {
  Workshop workshop;
  workshop.base.erase(workshop.base.find("admin = console:*\n"), 18);
  CHECK(workshop.found() == Lines{"warning [authority]: nobody may do anything; name somebody"});
}

TEST_CASE("the reference names every section and every key with its default") {
  const auto text = reference_markdown();
  const auto says = [&](const std::string& line) {
    CAPTURE(line);
    CHECK(text.find(line + "\n") != std::string::npos);
  };
  for (const auto& table : settings_tables()) {
    says("## [" + table.name + "]");
    for (const auto& key : table.keys)
      CHECK(text.find("| `" + key.name + "` | ") != std::string::npos);
  }
  says(
      "| `soak` | a duration from 0s to 24h | `10m` | good health without a break after each "
      "node; any flap starts it again |");
  says(
      "| `user` | a login | required | the login on every node; it needs sudo without a password "
      "|");
  says(
      "| `match` | matchers, separated by commas | required | several lines are alternatives, the "
      "matchers of one line must all hold; may stand several times |");
  says(
      "| `phase` | any, or a list of: precheck, between, drain, upgrade, soak | `precheck, "
      "between, soak` | where in a run the rule counts |");
  says(
      "| `resume_after` | a duration from 0s to 8784h | resume_after of [gate] | quiet time before "
      "the pause is lifted |");
  says("## [client NAME]");
}

TEST_CASE("every row of the reference has four cells") {
  const auto text = reference_markdown();
  std::size_t rows = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    const auto line = text.substr(at, end - at);
    at = end + 1;
    if (!line.starts_with('|')) continue;
    ++rows;
    CAPTURE(line);
    CHECK(std::ranges::count(line, '|') == 5);
  }
  CHECK(rows > 100);
}

}  // namespace lockkeeper
