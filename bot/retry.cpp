// SPDX-License-Identifier: Apache-2.0
#include "bot/retry.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "bot/detector.h"
#include "bot/preflight.h"

namespace lockkeeper {
namespace {

// A preflight says a handful of things; more is no repetition.
constexpr std::size_t kHeldBackMax = 50;

Result<Progress> run_of(Journal& journal, const std::string& run) {
  const auto records = journal.read(run);
  if (!records) return std::unexpected(records.error());
  if (records->empty()) return fail("no such run");
  return fold(*records);
}

bool was_refused(const Progress& progress) {
  return progress.closed && progress.closed->ending == Ending::refused;
}

bool letter(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_';
}

/// Why it was refused, without what is another number each night: "3h12m ago", "9.1GiB free". What
/// stands within a name, as in worker-2, stays.
std::string refusal_of(const Progress& progress) {
  const auto findings = progress.note({}, kBlockingNote);
  const auto text = findings.empty() ? joined(progress.closed->reasons, "\n") : findings;
  std::string kept;
  for (std::size_t at = 0; at < text.size();) {
    const bool begins = at == 0 || !letter(text[at - 1]);
    std::size_t end = at + 1;
    if (begins && std::isdigit(static_cast<unsigned char>(text[at])) != 0) {
      while (end < text.size() && (letter(text[end]) || text[end] == '.'))
        ++end;
      kept += '#';
    } else {
      kept += text[at];
    }
    at = end;
  }
  return kept;
}

/// The run before this one, when this one repeats what was refused there.
std::optional<Progress> repeated_by(Journal& journal, const Progress& progress) {
  if (!progress.plan || progress.opened_by != kDetectionActor) return std::nullopt;
  const auto runs = journal.runs(2);
  if (!runs || runs->size() < 2 || runs->front() != progress.run) return std::nullopt;
  auto before = run_of(journal, runs->back());
  const bool same = before && was_refused(*before) && before->plan->target == progress.plan->target;
  return same ? std::optional(std::move(*before)) : std::nullopt;
}

/// Whether the run has come to anything that the one before had not.
bool went_on(const Progress& progress) {
  if (progress.gate_hold || progress.person_hold || progress.doubt || progress.latched) return true;
  return std::ranges::any_of(progress.steps, [](const StepRecord& step) {
    return step.outcome && step.outcome->result == StepResult::done;
  });
}

}  // namespace

std::string why_not_again(Journal& journal, const Version& version) {
  const auto runs = journal.runs(1);
  if (!runs) return runs.error().what;
  if (runs->empty()) return {};
  const auto last = run_of(journal, runs->front());
  if (!last) return last.error().what;
  const auto& closed = last->closed;
  const bool harmless =
      closed && (closed->ending == Ending::refused || closed->ending == Ending::dry);
  if (last->plan->target != version || harmless) return {};
  return fmt::format("run {} to it {}", last->run,
                     closed ? fmt::format("ended: {}", to_string(closed->ending)) : "is open");
}

/// Judged anew while it is undecided; a run's last standing is for good.
QuietRetries::Standing QuietRetries::standing(const std::string& run) {
  if (run == run_ && standing_ != Standing::undecided) return standing_;
  const auto progress = run_of(journal_, run);
  const auto before = progress ? repeated_by(journal_, *progress) : std::nullopt;
  auto standing = Standing::loud;
  if (before && !went_on(*progress)) {
    standing = Standing::undecided;
    if (progress->closed)
      standing = was_refused(*progress) && refusal_of(*progress) == refusal_of(*before)
                     ? Standing::repeats
                     : Standing::loud;
  }
  if (run == run_ || run_.empty() || standing != Standing::loud) {
    if (run != run_) held_back_.clear();
    run_ = run;
    standing_ = standing;
  }
  return standing;
}

bool QuietRetries::hides(const std::string& run) {
  const std::lock_guard lock(mutex_);
  return standing(run) != Standing::loud;
}

void QuietRetries::say(Message message) noexcept {
  try {
    if (message.run.empty()) return next_.say(std::move(message));
    std::deque<Message> now;
    {
      const std::lock_guard lock(mutex_);
      const auto stands = standing(message.run);
      if (stands != Standing::loud && held_back_.size() < kHeldBackMax) {
        held_back_.push_back(std::move(message));
        if (stands == Standing::repeats) held_back_.clear();
        return;
      }
      if (message.run == run_) now = std::exchange(held_back_, {});
      now.push_back(std::move(message));
    }
    for (auto& one : now)
      next_.say(std::move(one));
  } catch (...) {
    // What cannot be said must not stop a run.
  }
}

}  // namespace lockkeeper
