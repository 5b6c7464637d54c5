// SPDX-License-Identifier: Apache-2.0
#include "integrations/kubernetes/exec_plugin.h"

#include <fmt/format.h>
#include <unistd.h>

#include <vector>

#include "integrations/kubernetes/json.h"
#include "integrations/system/child.h"

namespace lockkeeper::kubernetes {
namespace {

std::string exec_info(const ExecPlugin& plugin) {
  Json spec = {{"interactive", false}};
  if (!plugin.cluster_json.empty()) spec["cluster"] = parse_json(plugin.cluster_json);
  return dumped(
      {{"apiVersion", plugin.api_version}, {"kind", "ExecCredential"}, {"spec", std::move(spec)}});
}

// The kubeconfig's variables win over ours, and KUBERNETES_EXEC_INFO over both.
std::vector<std::string> environment_for(const ExecPlugin& plugin) {
  std::vector<std::string> variables;
  for (char** each = environ; *each != nullptr; ++each)
    variables.emplace_back(*each);
  const auto set = [&](const std::string& name, const std::string& value) {
    std::erase_if(variables, [&](const auto& old) { return old.starts_with(name + "="); });
    variables.push_back(name + "=" + value);
  };
  for (const auto& [name, value] : plugin.env)
    set(name, value);
  set("KUBERNETES_EXEC_INFO", exec_info(plugin));
  return variables;
}

}  // namespace

Result<ExecCredential> run_plugin(const ExecPlugin& plugin, Clock& clock, Millis limit) {
  const auto wrong = [&](const std::string& what) {
    return fail(fmt::format("credential plugin {}: {}", plugin.command, what));
  };
  std::vector<std::string> words = {plugin.command};
  words.insert(words.end(), plugin.args.begin(), plugin.args.end());
  const auto end = system::run_child(std::move(words), environment_for(plugin), clock, limit);
  if (!end) {
    const bool hint = !end.error().started && !plugin.install_hint.empty();
    return wrong(end.error().what + (hint ? "; " + plugin.install_hint : ""));
  }
  if (end->status != 0)
    return wrong(fmt::format("ended with {}; run it by hand to see why",
                             end->signal == 0 ? fmt::format("exit code {}", end->status)
                                              : fmt::format("signal {}", end->signal)));
  return read_credential(plugin, end->output);
}

Result<ExecCredential> read_credential(const ExecPlugin& plugin, const std::string& output) {
  const auto wrong = [&](const std::string& what) {
    return fail(fmt::format("credential plugin {}: {}", plugin.command, what));
  };
  const Json json = parse_json(output);
  if (text_at(json, {"kind"}) != "ExecCredential") return wrong("printed no ExecCredential");
  if (text_at(json, {"apiVersion"}) != plugin.api_version)
    return wrong(fmt::format("answered in another version than {}", plugin.api_version));
  ExecCredential credential;
  credential.token = text_at(json, {"status", "token"});
  credential.certificate_pem = text_at(json, {"status", "clientCertificateData"});
  credential.key_pem = text_at(json, {"status", "clientKeyData"});
  if (credential.certificate_pem.empty() != credential.key_pem.empty())
    return wrong("gave half a key pair");
  if (credential.token.empty() && credential.certificate_pem.empty())
    return wrong("gave neither token nor certificate");
  if (const auto text = text_at(json, {"status", "expirationTimestamp"}); !text.empty()) {
    const auto time = parse_time(text);
    if (!time) return wrong("its expirationTimestamp is no time");
    credential.expires = *time;
  }
  return credential;
}

}  // namespace lockkeeper::kubernetes
