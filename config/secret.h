// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where a secret comes from. The ini file never holds one: it names a file, an environment
// variable, a systemd credential or a Kubernetes Secret, and the value is read when it is needed,
// so a rotated one is picked up without a restart.

#include <functional>
#include <optional>
#include <string>

#include "rules/result.h"

namespace lockkeeper {

/// A pointer to a secret, never the secret itself. At most one of the members is set.
struct SecretSource {
  std::string file;        // `*_file`: a path; a relative one starts at the ini file's folder
  std::string env;         // `*_env`: the name of an environment variable
  std::string credential;  // `*_credential`: a name below systemd's $CREDENTIALS_DIRECTORY
  std::string kubernetes;  // `*_secret`: namespace/name/key of a Kubernetes Secret

  [[nodiscard]] bool given() const;

  /// "file /etc/lockkeeper/token": what may be printed about it.
  [[nodiscard]] std::string described() const;
};

/// Reads `namespace/name/key` from the cluster; given by the composition root, because only
/// integrations/ may talk to an API server.
using KubernetesSecretReader = std::function<Result<std::string>(const std::string& path)>;

/// The secret's present value without the blanks and newlines at its ends. Called from any thread.
/// Fails when it is missing, unreadable, empty, longer than 64 KiB, or (for a file) readable by
/// everybody; no text of a failure ever holds the value.
Result<std::string> read_secret(const SecretSource& source,
                                const KubernetesSecretReader& from_kubernetes = {});

}  // namespace lockkeeper
