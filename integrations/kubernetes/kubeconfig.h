// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which server, whom to trust and who we are, as a kubeconfig or a pod's service account says it.
// Reading only: what has to be renewed while the bot lives (token files, exec plugins) is named
// here and fetched by credentials.h. The rules are those of client-go's clientcmd, so that the file
// which works for kubectl works here. Functions for any thread.

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/settings.h"
#include "integrations/http/client.h"
#include "rules/result.h"

namespace lockkeeper::kubernetes {

/// A program that prints credentials (client.authentication.k8s.io).
struct ExecPlugin {
  std::string command;
  std::vector<std::string> args;
  std::vector<std::pair<std::string, std::string>> env;
  std::string api_version;  // .../v1 or .../v1beta1
  std::string install_hint;
  bool wants_cluster = false;  // provideClusterInfo
  std::string cluster_json;    // what it is then given in KUBERNETES_EXEC_INFO
};

/// Everything about the way to one API server. Holds secrets: never printed as a whole.
struct Access {
  std::string described;  // "kubeconfig /root/.kube/config, context lab": safe to print
  std::string server;     // "https://10.0.0.1:6443", perhaps with a path
  http::ClientTls tls;
  std::optional<std::string> proxy;  // nothing: the environment's
  std::string token;
  std::filesystem::path token_file;  // wins over token; read again and again
  std::string username;
  std::string password;
  std::optional<ExecPlugin> exec;
  http::Headers impersonation;
  std::vector<std::filesystem::path> files;  // all that was read, to notice when one changes
};

/// What surrounds the process; tests give their own.
struct Surroundings {
  std::function<std::optional<std::string>(const std::string&)> variable;
  std::filesystem::path service_account = "/var/run/secrets/kubernetes.io/serviceaccount";
};

/// The real environment variables.
Surroundings real_surroundings();

/// The access that the settings mean: their kubeconfig; else a pod's service account where there is
/// one; else the files of $KUBECONFIG. The failure names the file and what is wrong with it.
Result<Access> find_access(const KubernetesSettings& settings, const Surroundings& around);

/// Merges the files as kubectl does: for each name the first file that has it wins entirely, the
/// first current-context that is not empty counts. `must_exist` false: missing files are skipped.
Result<Access> read_kubeconfig(const std::vector<std::filesystem::path>& files, bool must_exist,
                               const std::string& context);

/// A pod's: $KUBERNETES_SERVICE_HOST and _PORT, and the files of its service account.
Result<Access> read_service_account(const Surroundings& around);

}  // namespace lockkeeper::kubernetes
