// SPDX-License-Identifier: Apache-2.0
#pragma once

// The shell programs behind a remote job, embedded from the files beside this header when the
// project is built. Constants for any thread.

#include <string_view>

namespace lockkeeper::ssh {

/// job.sh: runs on the node for a moment, to start a job or to look at one.
extern const std::string_view job_sh;

/// runner.sh: stays on the node for the life of a job.
extern const std::string_view runner_sh;

}  // namespace lockkeeper::ssh
