// SPDX-License-Identifier: Apache-2.0
#pragma once

// Our own known_hosts file: the host key of each node, pinned at the first meeting and compared at
// every later one. The lines are OpenSSH's, so `ssh -o UserKnownHostsFile=...` reads them too, and
// a person may add lines from an inventory, hashed names included. Writers take a lock beside the
// file and replace it by renaming; any thread and any process may call at the same time.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "rules/result.h"

namespace lockkeeper::ssh {

/// One line that speaks of a host.
struct PinnedKey {
  int line = 0;             // from 1
  std::string type;         // "ssh-ed25519"
  std::string key;          // base64, as in the file
  std::string fingerprint;  // "SHA256:..."
};

/// How a host is named in the file: the address itself for port 22, "[address]:port" otherwise.
std::string host_pattern(std::string_view address, std::uint16_t port);

/// All keys pinned for `host` (a host_pattern), in the order of the file; none when there is no
/// file yet. A line that cannot be read is a failure with file:line: it might be the one that
/// matters. Markers (@revoked, @cert-authority) are refused for the same reason.
Result<std::vector<PinnedKey>> pinned_keys(const std::filesystem::path& file,
                                           const std::string& host);

/// Adds a line for a host that has none. When another process has just pinned the same key, that is
/// fine; when it pinned a different one, it is a failure. Durable on return.
Status pin_key(const std::filesystem::path& file, const std::string& host, const std::string& type,
               const std::string& key);

/// Removes every line that speaks of `host`: an address forgets itself and every port of it, an
/// "[address]:port" only that one. Returns how many lines went; 0 is not a failure.
Result<int> forget_host(const std::filesystem::path& file, const std::string& host);

}  // namespace lockkeeper::ssh
