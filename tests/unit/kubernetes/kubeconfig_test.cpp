// SPDX-License-Identifier: Apache-2.0
#include "integrations/kubernetes/kubeconfig.h"

#include <doctest/doctest.h>

#include "integrations/kubernetes/kubeconfig_yaml.h"
#include "scratch_folder.h"

using namespace lockkeeper;
using namespace lockkeeper::kubernetes;
using namespace lockkeeper::kubernetes::test;

namespace {

namespace fs = std::filesystem;

// "LS0=" is "--": content does not matter here, only that it is decoded.
const std::string kPlain = R"(apiVersion: v1
kind: Config
preferences: {}
current-context: lab
clusters:
- name: lab
  cluster:
    server: https://10.0.0.1:6443/
    certificate-authority-data: LS0=
users:
- name: admin
  user:
    token: s3cret
contexts:
- name: lab
  context: {cluster: lab, user: admin, namespace: shop, extensions: []}
)";

/// kPlain with one thing changed.
std::string with(const std::string& from, const std::string& to) {
  std::string text = kPlain;
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

Result<Access> read(const ScratchFolder& folder, const std::string& text,
                    const std::string& context = "") {
  return read_kubeconfig({folder.write("config", text)}, true, context);
}

/// The failure's words without the folder, which differs from run to run.
std::string words(const ScratchFolder& folder, const Result<Access>& access) {
  REQUIRE_FALSE(access.has_value());
  std::string text = access.error().what;
  CHECK(text.find("s3cret") == std::string::npos);
  CHECK(text.find('\n') == std::string::npos);
  const auto path = folder.path().string();
  for (auto at = text.find(path); at != std::string::npos; at = text.find(path))
    text.replace(at, path.size(), "~");
  return text;
}

std::string user_words(const std::string& user) {
  const ScratchFolder folder;
  return words(folder, read(folder, with("    token: s3cret\n", user)));
}

}  // namespace

TEST_CASE("an ordinary kubeconfig gives server, authority and token") {
  const ScratchFolder folder;
  const auto access = read(folder, kPlain);
  REQUIRE(access.has_value());
  CHECK(access->server == "https://10.0.0.1:6443");
  CHECK(access->tls.ca_pem == "--");
  CHECK(access->token == "s3cret");
  CHECK(access->described == "kubeconfig " + folder.path().string() + "/config, context lab");
  CHECK_FALSE(access->proxy.has_value());
}

TEST_CASE("TLS and proxy settings are taken as kubectl takes them") {
  const ScratchFolder folder;
  const auto tls = read(folder, with("    certificate-authority-data: LS0=",
                                     "    insecure-skip-tls-verify: true\n"
                                     "    tls-server-name: api.internal\n"
                                     "    proxy-url: socks5://127.0.0.1:1080"));
  REQUIRE(tls.has_value());
  CHECK(tls->tls.insecure);
  CHECK(tls->tls.server_name == "api.internal");
  CHECK(tls->proxy == "socks5://127.0.0.1:1080");
}

TEST_CASE("relative paths start at the file's folder, data wins over a path") {
  const ScratchFolder folder;
  folder.write("pki/ca.crt", "CA");
  folder.write("pki/me.crt", "CERT");
  folder.write("pki/me.key", "KEY");
  auto text = with("certificate-authority-data: LS0=", "certificate-authority: pki/ca.crt");
  text.replace(text.find("    token: s3cret"), 17,
               "    client-certificate: pki/me.crt\n    client-key: pki/me.key\n"
               "    client-key-data: LS0=\n    tokenFile: run/token");
  const auto access = read(folder, text);
  REQUIRE(access.has_value());
  CHECK(access->tls.ca_pem == "CA");
  CHECK(access->tls.certificate_pem == "CERT");
  CHECK(access->tls.key_pem == "--");
  CHECK(access->token_file == folder.path() / "run/token");
  CHECK(access->files.size() == 3);  // the kubeconfig, the authority, the certificate
}

TEST_CASE("several files merge: the first that has a name wins entirely") {
  const ScratchFolder folder;
  const auto first = folder.write("first", R"(
clusters: [{name: lab, cluster: {server: "https://first:6443"}}]
)");
  const auto second = folder.write("second", kPlain);
  const auto access = read_kubeconfig({folder.path() / "missing", first, second}, false, "");
  REQUIRE(access.has_value());
  CHECK(access->server == "https://first:6443");
  CHECK(access->tls.ca_pem.empty());  // not merged member by member
  CHECK(access->token == "s3cret");
}

TEST_CASE("impersonation becomes headers") {
  const ScratchFolder folder;
  const auto access = read(folder, with("    token: s3cret",
                                        "    as: ana\n    as-uid: '7'\n    as-groups: [a, b]\n"
                                        "    as-user-extra: {scope: [x]}"));
  REQUIRE(access.has_value());
  CHECK(access->impersonation.get("Impersonate-User") == "ana");
  CHECK(access->impersonation.get("Impersonate-Uid") == "7");
  CHECK(access->impersonation.count("Impersonate-Group") == 2);
  CHECK(access->impersonation.get("Impersonate-Extra-scope") == "x");
}

TEST_CASE("an exec plugin is understood, its path too") {
  const ScratchFolder folder;
  const auto access = read(folder, with("    token: s3cret", R"(    exec:
      apiVersion: client.authentication.k8s.io/v1
      command: bin/login
      args: [--cluster, lab]
      env: [{name: REGION, value: north}]
      interactiveMode: IfAvailable
      provideClusterInfo: true
      installHint: install it from example.com)"));
  REQUIRE(access.has_value());
  REQUIRE(access->exec.has_value());
  CHECK(access->exec->command == (folder.path() / "bin/login").string());
  CHECK(access->exec->args == std::vector<std::string>{"--cluster", "lab"});
  CHECK(access->exec->env.at(0).second == "north");
  CHECK(access->exec->cluster_json ==
        R"({"certificate-authority-data":"LS0=","server":"https://10.0.0.1:6443"})");
}

TEST_CASE("what cannot work is said in plain words, one line, without secrets") {
  const ScratchFolder folder;
  CHECK(words(folder, read_kubeconfig({folder.path() / "none"}, true, "")) ==
        "kubeconfig ~/none: no such file or directory");
  CHECK(words(folder, read(folder, "a: [s3cret")) == "kubeconfig ~/config:1: this is not YAML");
  CHECK(words(folder, read(folder, "just text")) ==
        "kubeconfig ~/config: this is not a kubeconfig");
  CHECK(words(folder, read(folder, "")) == "kubeconfig ~/config: this is not a kubeconfig");
  CHECK(words(folder, read(folder, with("current-context: lab", ""))) ==
        "kubeconfig ~/config: no current-context; name one with `context` in [kubernetes]");
  CHECK(words(folder, read(folder, kPlain, "labb")) ==
        "kubeconfig ~/config: context 'labb' does not exist (did you mean \"lab\"?)");
  CHECK(words(folder, read(folder, with("cluster: lab, user", "cluster: far, user"))) ==
        "kubeconfig ~/config: context lab: cluster 'far' does not exist");
  CHECK(words(folder, read(folder, with("https://10.0.0.1:6443/", "10.0.0.1"))) ==
        "kubeconfig ~/config: cluster lab: server '10.0.0.1' is no https address");
  CHECK(words(folder, read(folder, with("LS0=", "s3cret!"))) ==
        "kubeconfig ~/config: cluster lab: certificate-authority-data is not base64");
  CHECK(words(folder, read(folder, with("certificate-authority-data: LS0=",
                                        "certificate-authority: ca.crt"))) ==
        "kubeconfig ~/config: cluster lab: certificate-authority ~/ca.crt: no such file or "
        "directory");
  CHECK(words(folder, read(folder, with("LS0=", "LS0=\n    insecure-skip-tls-verify: true"))) ==
        "kubeconfig ~/config: cluster lab: insecure-skip-tls-verify and a certificate authority "
        "exclude each other");
  CHECK(words(folder, read(folder, with("LS0=", "LS0=\n    proxy-url: ftp://u:s3cret@x"))) ==
        "kubeconfig ~/config: cluster lab: proxy-url must begin with http://, https:// or "
        "socks5://");
}

TEST_CASE("a user that cannot work is said in plain words, too") {
  CHECK(user_words("    auth-provider: {name: gcp}\n") ==
        "kubeconfig ~/config: user admin: auth-provider gcp was removed from Kubernetes; use an "
        "exec plugin or a token");
  CHECK(user_words("    client-certificate-data: LS0=\n") ==
        "kubeconfig ~/config: user admin: client-certificate without client-key");
  CHECK(user_words("    as-groups: [a]\n") ==
        "kubeconfig ~/config: user admin: as-uid, as-groups and as-user-extra need `as`");
  CHECK(user_words("    exec: {command: x, apiVersion: client.authentication.k8s.io/v1alpha1}\n") ==
        "kubeconfig ~/config: user admin: exec speaks 'client.authentication.k8s.io/v1alpha1'; "
        "known are client.authentication.k8s.io/v1 and client.authentication.k8s.io/v1beta1");
  CHECK(user_words("    exec: {command: x, apiVersion: client.authentication.k8s.io/v1}\n") ==
        "kubeconfig ~/config: user admin: exec needs interactiveMode: Never or IfAvailable");
  CHECK(user_words("    exec: {command: x, apiVersion: client.authentication.k8s.io/v1,\n"
                   "           interactiveMode: Always}\n") ==
        "kubeconfig ~/config: user admin: exec wants a terminal (interactiveMode: Always), which a "
        "daemon has not");
  CHECK(user_words("    exec: {apiVersion: client.authentication.k8s.io/v1beta1}\n") ==
        "kubeconfig ~/config: user admin: exec names no command");
  CHECK(user_words("    token: s3cret\n    exec: {command: x,\n"
                   "           apiVersion: client.authentication.k8s.io/v1beta1}\n") ==
        "kubeconfig ~/config: user admin: exec and another credential exclude each other");
}

TEST_CASE("a user without credentials is a user without credentials") {
  const ScratchFolder folder;
  const auto access = read(folder, with("  user:\n    token: s3cret\n", "  user: {}\n"));
  REQUIRE(access.has_value());
  CHECK(access->token.empty());
}

TEST_CASE("the way to the cluster: settings, then the pod's account, then $KUBECONFIG") {
  const ScratchFolder folder;
  const auto config = folder.write("config", kPlain);
  folder.write("sa/ca.crt", "POD CA");
  std::map<std::string, std::string> environment;
  Surroundings around{[&](const std::string& name) -> std::optional<std::string> {
                        const auto found = environment.find(name);
                        if (found == environment.end()) return std::nullopt;
                        return found->second;
                      },
                      folder.path() / "sa"};
  KubernetesSettings settings;
  CHECK(words(folder, find_access(settings, around)) ==
        "no way to a cluster: set `kubeconfig` in [kubernetes], or $KUBECONFIG, or run in a pod "
        "with a service account");

  environment["KUBECONFIG"] = folder.path().string() + "/none::" + config.string();
  CHECK(find_access(settings, around)->token == "s3cret");

  environment["KUBERNETES_SERVICE_HOST"] = "fd00::1";
  environment["KUBERNETES_SERVICE_PORT"] = "443";
  const auto pod = find_access(settings, around);
  REQUIRE(pod.has_value());
  CHECK(pod->server == "https://[fd00::1]:443");
  CHECK(pod->tls.ca_pem == "POD CA");
  CHECK(pod->token_file == folder.path() / "sa/token");

  settings.kubeconfig = config;
  settings.server = "https://192.0.2.9:6443/";
  CHECK(find_access(settings, around)->server == "https://192.0.2.9:6443");
  CHECK(find_access(settings, around)->token == "s3cret");
}

TEST_CASE("base64 is read strictly and written back") {
  CHECK(from_base64("aGVsbG8=") == "hello");
  CHECK(from_base64("aGVs\n bG8=\r\n") == "hello");
  CHECK(from_base64("") == "");
  for (const auto* bad : {"aGVsbG8", "aGV$", "=aGV", "a===", "aG=V"})
    CHECK_FALSE(from_base64(bad).has_value());
  for (const std::string text : {"", "a", "ab", "abc", "abcd", "\xff\x00\x10"})
    CHECK(from_base64(to_base64(text)) == text);
}
