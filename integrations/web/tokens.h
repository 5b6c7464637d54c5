// SPDX-License-Identifier: Apache-2.0
#pragma once

// Who presents a bearer token. Tokens are read again when they are needed, so a rotated one counts
// at once, and two of them may be valid while a rotation is under way.

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/secret.h"

namespace lockkeeper::web {

/// Somebody who is let in with a token.
struct TokenHolder {
  std::string name;
  SecretSource source;
};

/// Every member may be called from any thread.
class Tokens {
 public:
  explicit Tokens(std::vector<TokenHolder> holders, KubernetesSecretReader from_kubernetes = {});

  /// The name of the holder of this token, or nothing. Files, environment and credentials are read
  /// for each call, a few microseconds; what stands in Kubernetes Secrets is as refresh() left it.
  /// Takes the same time for every wrong token. A token that cannot be read lets nobody in, and is
  /// said once in the log.
  std::optional<std::string> holder_of(std::string_view presented);

  /// Reads those in Kubernetes Secrets again. Blocks for as long as the API server takes, so it is
  /// not for the web server's thread. Where one cannot be read, the value before stays valid.
  void refresh();

  [[nodiscard]] bool empty() const { return holders_.empty(); }

 private:
  std::optional<std::string> secret_of(const TokenHolder& holder);
  void said(const TokenHolder& holder, const std::string& trouble);

  const std::vector<TokenHolder> holders_;
  const KubernetesSecretReader from_kubernetes_;
  std::mutex mutex_;
  std::map<std::string, std::string> remote_;    // by source: what refresh() found
  std::map<std::string, std::string> troubles_;  // by holder: what was said last
};

}  // namespace lockkeeper::web
