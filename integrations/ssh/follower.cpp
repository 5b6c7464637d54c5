// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "integrations/ssh/job_question.h"
#include "integrations/ssh/printable.h"
#include "integrations/ssh/remote_job.h"

namespace lockkeeper::ssh {
namespace {

// Looks begin close together, so that a short job is not waited for longer than it takes, and
// settle at one a second: a look costs the node some 20 ms.
constexpr Millis kFirstPause{100};
constexpr Millis kLongestPause{1000};
// A lost node is tried again after half a second, then ever more rarely.
constexpr Millis kFirstRetry{500};
constexpr Millis kLongestRetry{5000};
// How long a node may stay out of reach before the job has begun; afterwards only the step's limit
// counts.
constexpr Millis kStartPatience{60'000};
// A start that fails, or shows nothing for this long, is tried again, so often in all.
constexpr Millis kStartShows{15'000};
constexpr int kStartsMax = 3;
constexpr std::size_t kLogEndBytes = 4U << 10U;

/// Follows one job. The members are what is known so far.
class Follower {
 public:
  Follower(Host& host, const JobOrder& order, Millis limit, Clock& clock, Watch& watch)
      : host_(host),
        order_(order),
        limit_(limit),
        clock_(clock),
        watch_(watch),
        began_(clock.moment()),
        last_start_(began_) {}

  JobReport follow() {
    while (true) {
      if (watch_.leaving()) {
        return ended(JobReport::End::left, begun_ ? "left running; it can be attached to again"
                                                  : "left before it was seen running");
      }
      // Orders are read in here. A detached script is left to finish whatever the answer.
      static_cast<void>(watch_.stop_wanted());
      if (left() <= Millis(0)) return overdue();
      const auto answer = ask();
      if (watch_.leaving()) continue;
      auto report = answer ? weigh(*answer) : weigh_silence(answer.error());
      if (report) return std::move(*report);
      rest();
    }
  }

 private:
  [[nodiscard]] Millis left() const { return began_ + limit_ - clock_.moment(); }

  std::expected<JobAnswer, NoAnswer> ask() {
    const Millis limit = std::clamp(left(), Millis(1), question_limit(host_.settings()));
    const auto leaving = [this] { return watch_.leaving(); };
    if (starting_) return launch(host_, order_, limit, leaving);
    return look(host_, order_.name, log_offset_, limit, leaving);
  }

  JobReport ended(JobReport::End end, std::string_view why) {
    report_.end = end;
    report_.log_end = last_lines(log_end_);
    report_.log_line = last_line(log_end_);
    report_.why = fmt::format("{}: job {}: {}", host_.peer().node, order_.name, why);
    return report_;
  }

  JobReport overdue() {
    const std::string silent = silence_.empty() ? "" : ", and now " + silence_;
    if (!begun_ && !asked_)
      return ended(JobReport::End::refused,
                   fmt::format("not begun within {}{}", to_string(limit_), silent));
    return ended(JobReport::End::overdue,
                 fmt::format("no end within {}{}; it may still be running and is not killed: look "
                             "there with `sudo systemctl status lockkeeper-{}`",
                             to_string(limit_), silent, order_.name));
  }

  std::optional<JobReport> weigh(const JobAnswer& answer) {
    silence_.clear();
    retry_ = kFirstRetry;
    keep(answer);
    switch (answer.state) {
      case JobState::finished:
        report_.exit = *answer.exit;
        return ended(JobReport::End::finished, "finished");
      case JobState::vanished:
        report_.rebooted = answer.rebooted;
        return ended(JobReport::End::vanished,
                     answer.rebooted ? "the node was restarted while it ran: how far it got is "
                                       "unknown"
                                     : "it was killed: how far it got is unknown");
      case JobState::running:
        begun_ = true;
        starting_ = false;
        return std::nullopt;
      case JobState::absent:
      case JobState::prepared:
        return weigh_start(answer);
    }
    return std::nullopt;
  }

  std::optional<JobReport> weigh_start(const JobAnswer& answer) {
    // Seen running before, and now its folder is empty or gone: that was not us.
    if (begun_)
      return ended(JobReport::End::vanished, "its folder is gone: how far it got is unknown");
    if (!answer.refused.empty()) return ended(JobReport::End::refused, answer.refused);
    const bool waited = clock_.moment() - last_start_ >= kStartShows;
    if (starting_) {
      note_start("");
    } else if (waited || !start_words_.empty()) {
      if (starts_ >= kStartsMax)
        return ended(JobReport::End::refused, "it does not start: " + start_words_);
      starting_ = true;
    }
    return std::nullopt;
  }

  /// A start was sent; what came of it is told by the next look.
  void note_start(const std::string& words) {
    ++starts_;
    last_start_ = clock_.moment();
    start_words_ = words;
    starting_ = false;
  }

  /// Of a log that grew by more than one look brings, the newest part counts.
  void keep(const JobAnswer& answer) {
    for (const auto& [name, value] : answer.notes)
      report_.notes[name] = value;
    if (answer.log.empty()) return;
    log_offset_ = answer.log_from + answer.log.size();
    log_end_ += answer.log;
    if (log_end_.size() > kLogEndBytes) log_end_.erase(0, log_end_.size() - kLogEndBytes);
    pause_ = kFirstPause;
    if (const auto line = last_line(log_end_); !line.empty())
      watch_.progress(host_.peer().node + ": " + line);
  }

  std::optional<JobReport> weigh_silence(const NoAnswer& silence) {
    silence_ = silence.what;
    if (starting_ && silence.asked) {
      asked_ = true;
      note_start(silence.what);
    }
    const bool pointless = silence.lasting || clock_.moment() - began_ >= kStartPatience;
    if (!begun_ && !asked_ && pointless) {
      report_.end = JobReport::End::refused;
      report_.why = silence.what;
      return report_;
    }
    watch_.progress(silence.what + "; trying again");
    return std::nullopt;
  }

  void rest() {
    Millis& pause = silence_.empty() ? pause_ : retry_;
    const Moment until = clock_.moment() + pause;
    pause = silence_.empty() ? std::min(pause * 3 / 2, kLongestPause)
                             : std::min(pause * 2, kLongestRetry);
    // Woken early, it reads its orders and goes on waiting.
    while (clock_.moment() < until && !watch_.leaving()) {
      clock_.wait_until(until);
      static_cast<void>(watch_.stop_wanted());
    }
  }

  Host& host_;
  const JobOrder& order_;
  Millis limit_;
  Clock& clock_;
  Watch& watch_;
  Moment began_;
  Moment last_start_;
  JobReport report_;
  bool starting_ = true;  // the next question starts the job, if nobody has
  bool asked_ = false;    // a start was sent and not answered: it may have begun
  bool begun_ = false;    // it was seen running
  int starts_ = 0;
  std::string start_words_;  // why the last start was not answered
  std::string silence_;      // why the last question had no answer
  std::string log_end_;
  std::size_t log_offset_ = 0;
  Millis pause_ = kFirstPause;
  Millis retry_ = kFirstRetry;
};

}  // namespace

JobReport run_to_end(Host& host, const JobOrder& order, Millis limit, Clock& clock, Watch& watch) {
  return Follower(host, order, limit, clock, watch).follow();
}

}  // namespace lockkeeper::ssh
