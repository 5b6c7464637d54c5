// SPDX-License-Identifier: Apache-2.0
#include "integrations/ssh/remote_job.h"

#include <fmt/format.h>

#include "integrations/ssh/job_question.h"
#include "integrations/ssh/printable.h"

namespace lockkeeper::ssh {
namespace {

constexpr std::size_t kRunBytesMax = 64;

std::string with_log(const std::string& text, const std::string& log_end) {
  return log_end.empty() ? text : text + "; its log ends: " + log_end;
}

}  // namespace

Result<std::string> job_name(std::string_view run, int step) {
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyz0123456789-";
  if (run.empty() || run.size() > kRunBytesMax || run.front() == '-' ||
      run.find_first_not_of(allowed) != std::string_view::npos || step < 1)
    return fail(fmt::format("'{}' step {} cannot name a job", clipped(printable(run), 80), step));
  return fmt::format("{}-{}", run, step);
}

Observation observe(Host& host, const std::string& name, const Cancelled& cancelled) {
  const auto answer = look(host, name, 0, question_limit(host.settings()), cancelled);
  if (!answer) return {Observed::unknown, answer.error().what, {}};
  const std::string job = fmt::format("{}: job {}", host.peer().node, name);
  const std::string log_end = last_lines(answer->log);
  switch (answer->state) {
    case JobState::absent:
    case JobState::prepared:
      return {Observed::not_started, job + " has not begun", {}};
    case JobState::running:
      return {Observed::underway, with_log(job + " is running", last_line(answer->log)),
              answer->notes};
    case JobState::vanished:
      return {
          Observed::unknown,
          with_log(job + (answer->rebooted ? " ran when the node was restarted" : " was killed") +
                       ", how far it got is unknown",
                   log_end),
          answer->notes};
    case JobState::finished:
      break;
  }
  if (answer->exit == 0) return {Observed::done, job + " is done", answer->notes};
  return {Observed::failed,
          with_log(fmt::format("{} failed with exit status {}", job, *answer->exit), log_end),
          answer->notes};
}

Outcome outcome_of(const JobReport& report, const std::string& node, int step) {
  Outcome outcome{step, StepResult::failed, report.why, report.notes};
  switch (report.end) {
    case JobReport::End::finished:
      outcome.result = report.exit == 0 ? StepResult::done : StepResult::failed;
      outcome.detail = report.exit == 0 ? fmt::format("{}: {}", node, report.log_line)
                                        : fmt::format("{}: exit status {}: {}", node, report.exit,
                                                      report.log_end);
      break;
    case JobReport::End::left:
      outcome.result = StepResult::interrupted;
      break;
    case JobReport::End::vanished:
    case JobReport::End::overdue:
      outcome.detail = with_log(report.why, report.log_end);
      break;
    case JobReport::End::refused:
      break;
  }
  return outcome;
}

}  // namespace lockkeeper::ssh
