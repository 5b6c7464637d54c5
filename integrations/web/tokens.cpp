// SPDX-License-Identifier: Apache-2.0
#include "integrations/web/tokens.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <array>

#include "integrations/system/log.h"

namespace lockkeeper::web {
namespace {

using Digest = std::array<unsigned char, SHA256_DIGEST_LENGTH>;

/// Digests are of equal length, so their comparison tells nothing about how long a token is.
Digest digest_of(std::string_view text) {
  Digest digest{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return digest;
}

}  // namespace

Tokens::Tokens(std::vector<TokenHolder> holders, KubernetesSecretReader from_kubernetes)
    : holders_(std::move(holders)), from_kubernetes_(std::move(from_kubernetes)) {}

std::optional<std::string> Tokens::holder_of(std::string_view presented) {
  if (presented.empty()) return std::nullopt;
  const Digest wanted = digest_of(presented);
  std::optional<std::string> found;
  // All of them, also after a match: how long it takes tells nothing about which one it was.
  for (const TokenHolder& holder : holders_) {
    const auto secret = secret_of(holder);
    if (!secret) continue;
    const Digest known = digest_of(*secret);
    const bool same = CRYPTO_memcmp(known.data(), wanted.data(), wanted.size()) == 0;
    if (same && !found) found = holder.name;
  }
  return found;
}

std::optional<std::string> Tokens::secret_of(const TokenHolder& holder) {
  if (!holder.source.kubernetes.empty()) {
    const std::lock_guard lock(mutex_);
    const auto known = remote_.find(holder.source.kubernetes);
    return known == remote_.end() ? std::nullopt : std::optional(known->second);
  }
  auto secret = read_secret(holder.source);
  said(holder, secret ? "" : secret.error().what);
  return secret ? std::optional(std::move(*secret)) : std::nullopt;
}

void Tokens::refresh() {
  for (const TokenHolder& holder : holders_) {
    if (holder.source.kubernetes.empty()) continue;
    auto secret = read_secret(holder.source, from_kubernetes_);
    said(holder, secret ? "" : secret.error().what);
    if (!secret) continue;
    const std::lock_guard lock(mutex_);
    remote_[holder.source.kubernetes] = std::move(*secret);
  }
}

/// A token is asked for with every request; its trouble is worth a line when it begins.
void Tokens::said(const TokenHolder& holder, const std::string& trouble) {
  const std::lock_guard lock(mutex_);
  std::string& before = troubles_[holder.name];
  if (before != trouble && !trouble.empty()) {
    system::log(system::Level::warn, fmt::format("token of {}: {}", holder.name, trouble));
  }
  before = trouble;
}

}  // namespace lockkeeper::web
