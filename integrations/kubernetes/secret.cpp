// SPDX-License-Identifier: Apache-2.0
#include "integrations/kubernetes/secret.h"

#include <fmt/format.h>

#include "integrations/kubernetes/kubeconfig_yaml.h"
#include "rules/text.h"

namespace lockkeeper::kubernetes {

Result<std::string> read_secret_value(Client& client, const std::string& path) {
  const auto pieces = split(path, '/');
  if (pieces.size() != 3) return fail(fmt::format("Secret '{}' is not namespace/name/key", path));
  const auto secret = client.get(
      fmt::format("/api/v1/namespaces/{}/secrets/{}", encoded(pieces[0]), encoded(pieces[1])));
  if (!secret) return fail(fmt::format("Secret {}: {}", path, secret.error().what));
  const auto data = secret->find("data");
  const std::string key(pieces[2]);
  if (data == secret->end() || !data->contains(key) || !(*data)[key].is_string()) {
    return fail(fmt::format("Secret {}: it has no key '{}'", path, key));
  }
  auto value = from_base64((*data)[key].get<std::string>());
  if (!value) return fail(fmt::format("Secret {}: its value is not base64", path));
  return std::move(*value);
}

}  // namespace lockkeeper::kubernetes
