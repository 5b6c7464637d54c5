// SPDX-License-Identifier: Apache-2.0
#include "integrations/kubernetes/kubeconfig_user.h"

#include <fmt/format.h>

#include "integrations/kubernetes/json.h"
#include "rules/text.h"

namespace lockkeeper::kubernetes {
namespace {

constexpr std::string_view kExecV1 = "client.authentication.k8s.io/v1";
constexpr std::string_view kExecV1Beta1 = "client.authentication.k8s.io/v1beta1";

std::unexpected<Failure> wrong(const NamedBody& user, std::string_view what) {
  return fail(fmt::format("kubeconfig {}: {}: {}", user.file.string(), user.name, what));
}

// Half a pair would fail in the handshake with words that help nobody.
Status take_certificate(const NamedBody& user, Access& access) {
  auto certificate = user.data_or_file("client-certificate", access.files);
  if (!certificate) return std::unexpected(certificate.error());
  auto key = user.data_or_file("client-key", access.files);
  if (!key) return std::unexpected(key.error());
  if (certificate->empty() != key->empty())
    return wrong(user, certificate->empty() ? "client-key without client-certificate"
                                            : "client-certificate without client-key");
  access.tls.certificate_pem = std::move(*certificate);
  access.tls.key_pem = std::move(*key);
  return {};
}

Status take_impersonation(const NamedBody& user, Access& access) {
  const auto add = [&](std::string_view header, const std::string& value) {
    if (!value.empty()) access.impersonation.add(header, value);
  };
  add("Impersonate-User", user.text("as"));
  add("Impersonate-Uid", user.text("as-uid"));
  for (const auto& group : user.texts("as-groups"))
    add("Impersonate-Group", group);
  if (const auto extra = user.child("as-user-extra"))
    for (const auto& key : extra->keys())
      for (const auto& value : extra->texts(key))
        add("Impersonate-Extra-" + key, value);
  if (!access.impersonation.fields().empty() && user.text("as").empty())
    return wrong(user, "as-uid, as-groups and as-user-extra need `as`");
  return {};
}

// interactiveMode is mandatory in v1 and optional in v1beta1.
Status take_exec(const NamedBody& user, const NamedBody& body, Access& access) {
  ExecPlugin plugin;
  plugin.command = body.text("command");
  plugin.args = body.texts("args");
  plugin.api_version = body.text("apiVersion");
  plugin.install_hint = clipped(body.text("installHint"), 300);
  if (plugin.command.empty()) return wrong(user, "exec names no command");
  if (plugin.api_version != kExecV1 && plugin.api_version != kExecV1Beta1)
    return wrong(user, fmt::format("exec speaks '{}'; known are {} and {}", plugin.api_version,
                                   kExecV1, kExecV1Beta1));
  const auto mode = body.text("interactiveMode");
  if (mode == "Always")
    return wrong(user, "exec wants a terminal (interactiveMode: Always), which a daemon has not");
  if (mode.empty() ? plugin.api_version == kExecV1 : mode != "Never" && mode != "IfAvailable")
    return wrong(user, "exec needs interactiveMode: Never or IfAvailable");
  // A bare name is looked up in $PATH; anything with a slash belongs to the file's folder.
  if (plugin.command.find('/') != std::string::npos)
    plugin.command = body.path(plugin.command).string();
  for (const auto& each : body.bodies("env"))
    plugin.env.emplace_back(each.text("name"), each.text("value"));
  plugin.wants_cluster = body.text("provideClusterInfo") == "true";
  access.exec = std::move(plugin);
  return {};
}

}  // namespace

Status take_user(const NamedBody& user, Access& access) {
  if (const auto provider = user.child("auth-provider"))
    return wrong(user, fmt::format("auth-provider {} was removed from Kubernetes; use an exec "
                                   "plugin or a token",
                                   provider->text("name")));
  if (auto taken = take_certificate(user, access); !taken) return taken;
  if (auto taken = take_impersonation(user, access); !taken) return taken;
  access.token = user.text("token");
  if (const auto file = user.text("tokenFile"); !file.empty()) access.token_file = user.path(file);
  access.username = user.text("username");
  access.password = user.text("password");
  const auto exec = user.child("exec");
  if (!exec) return {};
  if (!access.token.empty() || !access.token_file.empty() || !access.username.empty())
    return wrong(user, "exec and another credential exclude each other");
  return take_exec(user, *exec, access);
}

std::string cluster_info(const Access& access) {
  Json cluster = {{"server", access.server}};
  if (!access.tls.ca_pem.empty())
    cluster["certificate-authority-data"] = to_base64(access.tls.ca_pem);
  if (!access.tls.server_name.empty()) cluster["tls-server-name"] = access.tls.server_name;
  if (access.tls.insecure) cluster["insecure-skip-tls-verify"] = true;
  if (access.proxy) cluster["proxy-url"] = *access.proxy;
  return dumped(cluster);
}

}  // namespace lockkeeper::kubernetes
