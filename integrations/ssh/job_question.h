// SPDX-License-Identifier: Apache-2.0
#pragma once

// One question to a node about a job, by job.sh: how is it, or start it if nobody has. Used by the
// thread that owns the host.

#include <cstddef>
#include <expected>
#include <string>

#include "integrations/ssh/host.h"
#include "integrations/ssh/job_answer.h"
#include "integrations/ssh/remote_job.h"

namespace lockkeeper::ssh {

/// Why there is no answer.
struct NoAnswer {
  std::string what;      // one line that names the node
  bool lasting = false;  // asking again is pointless
  bool asked = false;    // the question may have been carried out all the same
};

/// How the job is, with its log from `log_offset` on (16 KiB at most, the newest).
std::expected<JobAnswer, NoAnswer> look(Host& host, const std::string& job, std::size_t log_offset,
                                        Millis limit, const Cancelled& cancelled);

/// Starts the job unless it was started before, and says how it is. Asking twice starts it once.
std::expected<JobAnswer, NoAnswer> launch(Host& host, const JobOrder& order, Millis limit,
                                          const Cancelled& cancelled);

/// The limit of one question: short, because a silent connection is noticed by it, and a question
/// can be repeated.
Millis question_limit(const SshSettings& settings);

}  // namespace lockkeeper::ssh
