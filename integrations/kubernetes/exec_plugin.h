// SPDX-License-Identifier: Apache-2.0
#pragma once

// Runs a credential plugin of a kubeconfig: a program that prints an ExecCredential. It gets no
// terminal and no input, a limit on time and on output, and is killed with everything that it
// started when the limit passes (client-go has no limit: a hanging plugin hangs kubectl for ever).
// Neither its output nor its errors are ever shown, because they may hold what it is there to keep.

#include <optional>
#include <string>

#include "bot/ports.h"
#include "integrations/kubernetes/kubeconfig.h"
#include "rules/result.h"

namespace lockkeeper::kubernetes {

/// What a plugin gave: a token, a certificate with its key, or both.
struct ExecCredential {
  std::string token;
  std::string certificate_pem;
  std::string key_pem;
  std::optional<Time> expires;  // nothing: until the server refuses it
};

/// Runs the plugin and reads what it prints. Blocks for at most `limit`. The failure names the
/// command, and quotes the kubeconfig's installHint when it is not installed.
Result<ExecCredential> run_plugin(const ExecPlugin& plugin, Clock& clock, Millis limit);

/// Reads an ExecCredential of the plugin's own version.
Result<ExecCredential> read_credential(const ExecPlugin& plugin, const std::string& output);

}  // namespace lockkeeper::kubernetes
