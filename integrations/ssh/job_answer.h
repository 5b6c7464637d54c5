// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a node answers about a job: the text that job.sh prints, read strictly. Values only.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "bot/record.h"
#include "rules/result.h"

namespace lockkeeper::ssh {

enum class JobState {
  absent,    ///< no trace of it
  prepared,  ///< its files are there, nothing has run
  running,
  finished,  ///< with an exit status
  vanished,  ///< it began, lives no more, and left no exit status
};

struct JobAnswer {
  JobState state = JobState::absent;
  std::string refused;       // why a start was refused, or empty
  std::optional<int> exit;   // of a finished one
  bool rebooted = false;     // the node has been started anew since the job began
  Notes notes;               // what the script wanted remembered
  std::size_t log_from = 0;  // where `log` begins in the whole log, in bytes
  std::string log;
};

/// Reads an answer. A text that is not one, or not all of one, is a failure.
Result<JobAnswer> parse_job_answer(std::string_view text);

}  // namespace lockkeeper::ssh
