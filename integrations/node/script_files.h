// SPDX-License-Identifier: Apache-2.0
#pragma once

// The shell scripts that run on nodes, embedded from the files beside this header when the project
// is built. What each does stands at its head. Constants for any thread.

#include <string_view>

namespace lockkeeper::node {

extern const std::string_view common_sh;   // in front of every other
extern const std::string_view sources_sh;  // apt's sources of Kubernetes; second where it is needed
extern const std::string_view probe_sh;
extern const std::string_view upgrade_sh;
extern const std::string_view containerd_sh;
extern const std::string_view repository_sh;
extern const std::string_view prune_sh;
extern const std::string_view hook_sh;
extern const std::string_view survey_sh;
extern const std::string_view feed_sh;
extern const std::string_view checkup_sh;

}  // namespace lockkeeper::node
