// SPDX-License-Identifier: Apache-2.0
#pragma once

// The `user` half of a kubeconfig: certificates, tokens, impersonation, and programs that print
// credentials. Internal to the kubeconfig reader; pure functions but for the files they name.

#include <string>

#include "integrations/kubernetes/kubeconfig.h"
#include "integrations/kubernetes/kubeconfig_yaml.h"
#include "rules/result.h"

namespace lockkeeper::kubernetes {

/// Fills the user's part of `access`. Fails in plain words for what cannot work: half a key pair, a
/// removed auth-provider, an exec plugin that wants a terminal or speaks an unknown version.
Status take_user(const NamedBody& user, Access& access);

/// The JSON of spec.cluster that a plugin with provideClusterInfo is given.
std::string cluster_info(const Access& access);

}  // namespace lockkeeper::kubernetes
