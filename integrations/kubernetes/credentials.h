// SPDX-License-Identifier: Apache-2.0
#pragma once

// Who we are to the API server, kept up to date while the bot lives: a kubelet rotates a pod's
// token, kubeadm renews admin.conf in the middle of the very upgrade that we run, a plugin's token
// expires. Files are looked at again once a minute and whenever the server refuses us; what can not
// be read just then is kept as it was. Owns its secrets; any thread may call.

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "bot/ports.h"
#include "integrations/kubernetes/exec_plugin.h"
#include "integrations/kubernetes/kubeconfig.h"

namespace lockkeeper::kubernetes {

/// Everything that one call needs to be sent. A copy is cheap but for the token.
struct Identity {
  std::string server;
  std::shared_ptr<const http::ClientTls> tls;  // shared with calls under way
  std::optional<std::string> proxy;
  http::Headers headers;  // Authorization and impersonation
};

class Credentials {
 public:
  /// Reads everything once; a wrong kubeconfig is found here.
  static Result<std::unique_ptr<Credentials>> open(KubernetesSettings settings, Clock& clock,
                                                   Surroundings around);

  /// The present identity. May read files, and run a plugin (at most 30 s).
  Result<Identity> identity();

  /// The server refused us, or showed an unknown certificate: everything is read anew for the next
  /// identity(). A plugin is not run again for a token that is younger than a few seconds, so that
  /// a server which refuses everything does not make us run it in a loop.
  void distrust();

  /// "https://10.0.0.1:6443 (kubeconfig /root/.kube/config, context lab)".
  [[nodiscard]] std::string described() const;

 private:
  Credentials(KubernetesSettings settings, Clock& clock, Surroundings around, Access access);
  void refresh_access();
  Result<std::string> bearer();
  Result<std::string> token_from_file();
  Result<std::string> token_from_plugin();
  [[nodiscard]] std::string stamp() const;

  KubernetesSettings settings_;
  Clock& clock_;
  Surroundings around_;
  mutable std::mutex mutex_;  // guards everything below
  Access access_;
  std::shared_ptr<const http::ClientTls> tls_;  // shared with calls under way
  std::string stamp_;                           // sizes and times of access_.files
  Moment looked_{};
  bool distrusted_ = false;
  std::string file_token_;
  std::optional<Moment> file_token_read_;
  std::optional<ExecCredential> plugin_;
  Moment plugin_ran_{};
};

}  // namespace lockkeeper::kubernetes
