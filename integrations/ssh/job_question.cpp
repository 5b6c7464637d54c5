// SPDX-License-Identifier: Apache-2.0
#include "integrations/ssh/job_question.h"

#include <algorithm>
#include <map>

#include "integrations/ssh/job_scripts.h"
#include "integrations/ssh/shell.h"

namespace lockkeeper::ssh {
namespace {

constexpr Millis kQuestionLimit{20'000};
constexpr std::size_t kLogBytesMax = 16U << 10U;
constexpr std::size_t kAnswerBytesMax = 3 * kLogBytesMax;  // with up to 16 KiB of notes

std::string job_program(std::map<std::string, std::string> values, std::size_t log_offset) {
  values["log_offset"] = std::to_string(log_offset);
  values["bytes_max"] = std::to_string(kLogBytesMax);
  return assignments(values) + std::string(job_sh);
}

std::expected<JobAnswer, NoAnswer> ask(Host& host, const std::string& program, Millis limit,
                                       const Cancelled& cancelled) {
  auto result = host.run_as_root(program, {limit, kAnswerBytesMax, cancelled});
  if (!result)
    return std::unexpected(NoAnswer{std::move(result.error().what), result.error().lasting, false});
  if (result->status != 0) {
    host.hang_up();
    const bool refused = is_sudo_refusal(*result);
    return std::unexpected(NoAnswer{explain(host, *result), refused, !refused});
  }
  auto answer = parse_job_answer(result->out);
  if (!answer)
    return std::unexpected(NoAnswer{host.peer().node + ": " + answer.error().what, false, true});
  return std::move(*answer);
}

}  // namespace

std::expected<JobAnswer, NoAnswer> look(Host& host, const std::string& job, std::size_t log_offset,
                                        Millis limit, const Cancelled& cancelled) {
  return ask(host, job_program({{"job", job}, {"action", "look"}}, log_offset), limit, cancelled);
}

std::expected<JobAnswer, NoAnswer> launch(Host& host, const JobOrder& order, Millis limit,
                                          const Cancelled& cancelled) {
  const std::string program = printing_function("script_text", order.script) +
                              printing_function("afterwards_text", order.afterwards) +
                              printing_function("runner_text", runner_sh) +
                              job_program({{"job", order.name},
                                           {"action", "launch"},
                                           {"fence", std::to_string(order.fence)},
                                           {"anew", order.anew ? "yes" : "no"}},
                                          0);
  return ask(host, program, limit, cancelled);
}

Millis question_limit(const SshSettings& settings) {
  return std::min(kQuestionLimit, settings.command_timeout);
}

}  // namespace lockkeeper::ssh
