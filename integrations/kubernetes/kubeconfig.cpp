// SPDX-License-Identifier: Apache-2.0
#include "integrations/kubernetes/kubeconfig.h"

#include <fmt/format.h>

#include <cstdlib>

#include "config/bounded_file.h"
#include "integrations/http/client_url.h"
#include "integrations/kubernetes/kubeconfig_user.h"
#include "integrations/kubernetes/kubeconfig_yaml.h"
#include "rules/text.h"

namespace lockkeeper::kubernetes {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFileMaxBytes = 4U << 20U;

/// "/root/.kube/config: context lab: ..." as a failure.
std::unexpected<Failure> wrong(const fs::path& file, std::string_view what) {
  return fail(fmt::format("kubeconfig {}: {}", file.string(), what));
}

Result<std::vector<YamlFile>> load_files(const std::vector<fs::path>& files, bool must_exist) {
  std::vector<YamlFile> loaded;
  for (const auto& file : files) {
    std::error_code error;
    if (!must_exist && !fs::exists(file, error)) continue;
    const auto text = read_bounded_file(file, kFileMaxBytes);
    if (!text) return wrong(file, text.error().what);
    auto yaml = parse_yaml(file, text->text);
    if (!yaml) return std::unexpected(yaml.error());
    loaded.push_back(std::move(*yaml));
  }
  return loaded;
}

// Scalars merge differently from maps: the first that is not empty counts.
std::string current_context(const std::vector<YamlFile>& files) {
  for (const auto& file : files)
    if (auto name = file.text({"current-context"}); !name.empty()) return name;
  return {};
}

Status take_authority(const NamedBody& cluster, http::ClientTls& tls, Access& access) {
  auto pem = cluster.data_or_file("certificate-authority", access.files);
  if (!pem) return std::unexpected(pem.error());
  tls.ca_pem = std::move(*pem);
  tls.server_name = cluster.text("tls-server-name");
  tls.insecure = cluster.text("insecure-skip-tls-verify") == "true";
  if (tls.insecure && !tls.ca_pem.empty())
    return wrong(cluster.file,
                 fmt::format("{}: insecure-skip-tls-verify and a certificate authority "
                             "exclude each other",
                             cluster.name));
  return {};
}

// A path behind the address is kept: some front doors serve many clusters below one.
Status take_cluster(const NamedBody& cluster, Access& access) {
  access.server = cluster.text("server");
  const auto parts = http::url_parts(access.server);
  if (!parts || (parts->scheme != "https" && parts->scheme != "http"))
    return wrong(cluster.file, fmt::format("{}: server '{}' is no https address", cluster.name,
                                           clipped(access.server, 80)));
  while (access.server.ends_with('/'))
    access.server.pop_back();
  if (auto proxy = cluster.text("proxy-url"); !proxy.empty()) {
    if (!proxy.starts_with("http://") && !proxy.starts_with("https://") &&
        !proxy.starts_with("socks5://"))
      return wrong(cluster.file, fmt::format("{}: proxy-url must begin with http://, "
                                             "https:// or socks5://",
                                             cluster.name));
    access.proxy = std::move(proxy);
  }
  return take_authority(cluster, access.tls, access);
}

/// The named entry of one of the three lists, from the first file that has it.
Result<NamedBody> entry(const std::vector<YamlFile>& files, const char* list, const char* body,
                        const std::string& name, const std::string& wanted_by) {
  std::vector<std::string> known;
  for (const auto& file : files) {
    if (auto found = file.named(list, body, name)) return std::move(*found);
    for (auto& each : file.names(list))
      known.push_back(std::move(each));
  }
  const std::vector<std::string_view> views(known.begin(), known.end());
  return wrong(files.front().path,
               fmt::format("{}{} '{}' does not exist{}", wanted_by, body, name,
                           known.empty() ? fmt::format(": there are no {}", list)
                                         : suggestion(name, views)));
}

}  // namespace

Surroundings real_surroundings() {
  Surroundings around;
  around.variable = [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
  return around;
}

Result<Access> read_kubeconfig(const std::vector<fs::path>& paths, bool must_exist,
                               const std::string& wanted) {
  const auto files = load_files(paths, must_exist);
  if (!files) return std::unexpected(files.error());
  if (files->empty()) return wrong(paths.front(), "no such file");
  const std::string name = wanted.empty() ? current_context(*files) : wanted;
  if (name.empty())
    return wrong(files->front().path,
                 "no current-context; name one with `context` in [kubernetes]");
  const auto context = entry(*files, "contexts", "context", name, "");
  if (!context) return std::unexpected(context.error());
  const std::string by = fmt::format("context {}: ", name);
  const auto cluster = entry(*files, "clusters", "cluster", context->text("cluster"), by);
  if (!cluster) return std::unexpected(cluster.error());
  const auto user = entry(*files, "users", "user", context->text("user"), by);
  if (!user) return std::unexpected(user.error());

  Access access;
  for (const auto& file : *files)
    access.files.push_back(file.path);
  access.described = fmt::format("kubeconfig {}, context {}", context->file.string(), name);
  if (auto taken = take_cluster(*cluster, access); !taken) return std::unexpected(taken.error());
  if (auto taken = take_user(*user, access); !taken) return std::unexpected(taken.error());
  if (access.exec && access.exec->wants_cluster) access.exec->cluster_json = cluster_info(access);
  return access;
}

// The token is not read here: it changes every hour, and credentials.h reads it when it is used.
Result<Access> read_service_account(const Surroundings& around) {
  Access access;
  access.described = "the pod's service account";
  auto host = around.variable("KUBERNETES_SERVICE_HOST").value_or("");
  const auto port = around.variable("KUBERNETES_SERVICE_PORT").value_or("");
  if (host.empty() || port.empty())
    return fail("not in a pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set");
  if (host.find(':') != std::string::npos) host = "[" + host + "]";
  access.server = fmt::format("https://{}:{}", host, port);
  access.token_file = around.service_account / "token";
  const fs::path authority = around.service_account / "ca.crt";
  const auto pem = read_bounded_file(authority, kFileMaxBytes);
  if (!pem)
    return fail(fmt::format("service account: {}: {}", authority.string(), pem.error().what));
  access.tls.ca_pem = pem->text;
  access.files.push_back(authority);
  return access;
}

Result<Access> find_access(const KubernetesSettings& settings, const Surroundings& around) {
  const auto variable = around.variable("KUBECONFIG").value_or("");
  const bool in_pod = around.variable("KUBERNETES_SERVICE_HOST").has_value();
  Result<Access> access = fail(
      "no way to a cluster: set `kubeconfig` in [kubernetes], or $KUBECONFIG, or run in a pod with "
      "a service account");
  if (!settings.kubeconfig.empty()) {
    access = read_kubeconfig({settings.kubeconfig}, true, settings.context);
  } else if (in_pod) {
    access = read_service_account(around);
  } else if (!variable.empty()) {
    std::vector<fs::path> files;
    for (const auto piece : split(variable, ':'))
      if (!piece.empty()) files.emplace_back(piece);
    if (!files.empty()) access = read_kubeconfig(files, false, settings.context);
  }
  if (access && !settings.server.empty()) {
    access->server = settings.server;
    while (access->server.ends_with('/'))
      access->server.pop_back();
  }
  return access;
}

}  // namespace lockkeeper::kubernetes
