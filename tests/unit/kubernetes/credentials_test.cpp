// SPDX-License-Identifier: Apache-2.0
#include "integrations/kubernetes/credentials.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "fake_api.h"
#include "integrations/kubernetes/exec_plugin.h"
#include "scratch_folder.h"

using namespace lockkeeper;
using namespace lockkeeper::kubernetes;
using namespace lockkeeper::kubernetes::test;
using namespace std::chrono_literals;

namespace {

namespace fs = std::filesystem;

/// Really waits and really passes, for tests with real processes.
class SteadyClock : public FakeClock {
 public:
  [[nodiscard]] Moment moment() const override {
    return {std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now() - begun_)};
  }

 private:
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

std::string config(const std::string& user, const std::string& server = "https://10.0.0.1:6443") {
  return fmt::format(R"(current-context: lab
clusters: [{{name: lab, cluster: {{server: "{}"}}}}]
contexts: [{{name: lab, context: {{cluster: lab, user: me}}}}]
users:
- name: me
  user:
{})",
                     server, user);
}

/// Credentials from a kubeconfig with that user.
struct UserScene {
  ScratchFolder folder;
  FakeClock clock;
  KubernetesSettings settings;
  std::unique_ptr<Credentials> credentials;

  explicit UserScene(const std::string& user) {
    folder.write("crt", "ONE");
    settings.kubeconfig = folder.write("config", config(user));
    auto opened = Credentials::open(settings, clock, real_surroundings());
    REQUIRE(opened.has_value());
    credentials = std::move(*opened);
  }
  std::string authorization() {
    const auto identity = credentials->identity();
    return identity ? std::string(identity->headers.get("Authorization")) : identity.error().what;
  }
};

/// A plugin as a shell script that counts its runs and prints what it is told.
ExecPlugin plugin(const ScratchFolder& folder, const std::string& script) {
  const auto file = folder.write("plugin", "#!/bin/sh\n" + script);
  fs::permissions(file, fs::perms::owner_all);
  ExecPlugin made;
  made.command = file.string();
  made.api_version = "client.authentication.k8s.io/v1";
  return made;
}

const std::string kPrintToken =
    R"(echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential",'
echo '"status":{"token":"t0ken"}}'
)";

}  // namespace

TEST_CASE("a fixed token and a password become a header") {
  CHECK(UserScene("    token: t0ken").authorization() == "Bearer t0ken");
  CHECK(UserScene("    {username: ana, password: pw}").authorization() == "Basic YW5hOnB3");
  CHECK(UserScene("    {}").authorization().empty());
}

TEST_CASE("a token file is read again after a minute, and at once when the server refuses us") {
  UserScene scene("    tokenFile: token");
  CHECK(scene.authorization().ends_with("/token: no such file or directory"));
  scene.folder.write("token", "  first \n");
  CHECK(scene.authorization() == "Bearer first");
  scene.folder.write("token", "second");
  scene.clock.wait_until({59s});
  CHECK(scene.authorization() == "Bearer first");
  scene.clock.wait_until({61s});
  CHECK(scene.authorization() == "Bearer second");
  scene.folder.write("token", "third");
  scene.credentials->distrust();
  CHECK(scene.authorization() == "Bearer third");
}

TEST_CASE("a token file that is empty or gone for a moment leaves the token that worked") {
  UserScene scene("    tokenFile: token");
  scene.folder.write("token", "good");
  CHECK(scene.authorization() == "Bearer good");
  scene.folder.write("token", " \n");
  scene.credentials->distrust();
  CHECK(scene.authorization() == "Bearer good");
  fs::remove(scene.folder.path() / "token");
  scene.credentials->distrust();
  CHECK(scene.authorization() == "Bearer good");
}

TEST_CASE("a kubeconfig that is renewed under a living bot is noticed") {
  UserScene scene("    token: old");
  CHECK(scene.authorization() == "Bearer old");
  scene.folder.write("config", config("    token: new", "https://10.0.0.2:6443"));
  CHECK(scene.authorization() == "Bearer old");
  scene.clock.wait_until({61s});
  CHECK(scene.authorization() == "Bearer new");
  CHECK(scene.credentials->identity()->server == "https://10.0.0.2:6443");
  scene.folder.write("config", "half written");
  scene.credentials->distrust();
  CHECK(scene.authorization() == "Bearer new");
}

TEST_CASE("a renewed certificate is a new identity, an unchanged one is the same") {
  UserScene scene("    {client-certificate: crt, client-key-data: LS0=, token: x}");
  const auto first = scene.credentials->identity()->tls;
  CHECK(first->certificate_pem == "ONE");
  scene.credentials->distrust();
  CHECK(scene.credentials->identity()->tls == first);
  scene.folder.write("crt", "TWO");
  scene.credentials->distrust();
  CHECK(scene.credentials->identity()->tls->certificate_pem == "TWO");
  CHECK(first->certificate_pem == "ONE");  // calls under way keep theirs
}

TEST_CASE("a plugin is run once, again when its token expires, and when the server refuses it") {
  const std::string user = R"(    exec:
      {apiVersion: client.authentication.k8s.io/v1beta1, command: ./login})";
  UserScene scene(user);
  const auto script = [&](const std::string& expiry) {
    const auto file = scene.folder.write(
        "login", "#!/bin/sh\necho x >> " + scene.folder.path().string() + "/runs\n" +
                     R"(echo '{"apiVersion":"client.authentication.k8s.io/v1beta1",)"
                     R"("kind":"ExecCredential","status":{"token":"t0ken")" +
                     expiry + "}}'\n");
    fs::permissions(file, fs::perms::owner_all);
  };
  const auto runs = [&] {
    std::error_code error;
    const auto size = fs::file_size(scene.folder.path() / "runs", error);
    return error ? 0 : size / 2;
  };
  script(R"(,"expirationTimestamp":"2026-11-20T18:50:00Z")");  // in ten minutes
  CHECK(scene.authorization() == "Bearer t0ken");
  CHECK(scene.authorization() == "Bearer t0ken");
  CHECK(runs() == 1);
  scene.clock.wait_until({9min + 40s});
  CHECK(scene.authorization() == "Bearer t0ken");
  CHECK(runs() == 1);
  script("");
  scene.clock.wait_until({9min + 51s});  // ten seconds early
  CHECK(scene.authorization() == "Bearer t0ken");
  CHECK(runs() == 2);
  scene.clock.wait_until({24h});
  CHECK(scene.authorization() == "Bearer t0ken");
  CHECK(runs() == 2);
  for (int i = 0; i < 5; ++i) {
    scene.credentials->distrust();
    CHECK(scene.authorization() == "Bearer t0ken");
  }
  CHECK(runs() == 3);
}

TEST_CASE("a plugin gets its words, its variables and what it has to know") {
  const ScratchFolder folder;
  SteadyClock clock;
  auto made = plugin(folder, "echo \"$1 $2 $REGION $KUBERNETES_EXEC_INFO\" > " +
                                 (folder.path() / "seen").string() + "\n" + kPrintToken);
  made.args = {"one", "two words"};
  made.env = {{"REGION", "north"}};
  made.cluster_json = R"({"server":"https://x"})";
  REQUIRE(run_plugin(made, clock, 20s).has_value());
  std::ifstream in(folder.path() / "seen");
  std::string line;
  std::getline(in, line);
  CHECK(
      line ==
      R"(one two words north {"apiVersion":"client.authentication.k8s.io/v1",)"
      R"("kind":"ExecCredential","spec":{"cluster":{"server":"https://x"},"interactive":false}})");
}

TEST_CASE("a plugin that fails is named with what to do, and its output is never shown") {
  const ScratchFolder folder;
  SteadyClock clock;
  const auto words = [&](const ExecPlugin& made, Millis limit) {
    const auto credential = run_plugin(made, clock, limit);
    REQUIRE_FALSE(credential.has_value());
    CHECK(credential.error().what.find("s3cret") == std::string::npos);
    return credential.error().what.substr(credential.error().what.rfind("plugin:") + 8);
  };
  CHECK(words(plugin(folder, "echo s3cret; echo s3cret >&2; exit 3"), 20s) ==
        "ended with exit code 3; run it by hand to see why");
  CHECK(words(plugin(folder, "kill -9 $$"), 20s) ==
        "ended with signal 9; run it by hand to see why");
  CHECK(words(plugin(folder, "echo s3cret"), 20s) == "printed no ExecCredential");
  CHECK(words(plugin(folder, "sleep 100 & sleep 100"), 300ms) ==
        "did not end within 300ms, or printed too much");
  CHECK(words(plugin(folder, "yes s3cret"), 20s) == "did not end within 20s, or printed too much");
  ExecPlugin missing;
  missing.command = "/nowhere/plugin";
  missing.install_hint = "install it from example.com";
  CHECK(run_plugin(missing, clock, 20s).error().what ==
        "credential plugin /nowhere/plugin: No such file or directory; install it from "
        "example.com");
}

TEST_CASE("an ExecCredential is read strictly") {
  ExecPlugin made;
  made.command = "login";
  made.api_version = "client.authentication.k8s.io/v1";
  const auto read = [&](const std::string& status, const std::string& version = "v1") {
    return read_credential(
        made, R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/)" + version +
                  R"(","status":)" + status + "}");
  };
  CHECK(read(R"({"clientCertificateData":"C","clientKeyData":"K"})")->key_pem == "K");
  CHECK(read(R"({"token":"t"})", "v1beta1").error().what ==
        "credential plugin login: answered in another version than "
        "client.authentication.k8s.io/v1");
  CHECK(read(R"({"clientKeyData":"K"})").error().what ==
        "credential plugin login: gave half a key pair");
  CHECK(read("{}").error().what == "credential plugin login: gave neither token nor certificate");
  CHECK(read(R"({"token":"t","expirationTimestamp":"soon"})").error().what ==
        "credential plugin login: its expirationTimestamp is no time");
}
