// SPDX-License-Identifier: Apache-2.0
#include "integrations/ssh/job_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "integrations/ssh/printable.h"
#include "rules/text.h"

namespace lockkeeper::ssh {
namespace {

constexpr std::string_view kGreeting = "lockkeeper-job 1";
constexpr std::array kStates = {
    std::pair{std::string_view("absent"), JobState::absent},
    std::pair{std::string_view("prepared"), JobState::prepared},
    std::pair{std::string_view("running"), JobState::running},
    std::pair{std::string_view("finished"), JobState::finished},
    std::pair{std::string_view("vanished"), JobState::vanished},
};

template <typename Number>
bool read_number(std::string_view text, Number& into) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), into);
  return parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size();
}

bool read_line(std::string_view key, std::string_view value, JobAnswer& answer) {
  if (key == "state") {
    const auto at = std::ranges::find(kStates, value, [](const auto& row) { return row.first; });
    if (at != kStates.end()) answer.state = at->second;
    return at != kStates.end();
  }
  if (key == "refused") {
    answer.refused = last_line(value, 400);
    return true;
  }
  if (key == "exit") {
    int status = 0;
    const bool good = read_number(value, status) && status >= 0 && status <= 255;
    if (good) answer.exit = status;
    return good;
  }
  if (key == "rebooted") return answer.rebooted = true;
  if (key == "log_from") return read_number(value, answer.log_from);
  if (key != "note") return false;
  const auto equals = value.find('=');
  if (equals == std::string_view::npos || equals == 0) return false;
  answer.notes[std::string(value.substr(0, equals))] = printable(value.substr(equals + 1));
  return true;
}

}  // namespace

Result<JobAnswer> parse_job_answer(std::string_view text) {
  JobAnswer answer;
  std::string_view rest = text;
  bool greeted = false;
  bool stated = false;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    if (end == std::string_view::npos) return fail("the answer breaks off: " + last_line(line));
    rest.remove_prefix(end + 1);
    if (line == "--") {
      answer.log = std::string(rest);
      rest = {};
    } else if (!greeted) {
      if (line != kGreeting) return fail("not an answer about a job: " + last_line(line));
      greeted = true;
    } else {
      const auto equals = line.find('=');
      if (equals == std::string_view::npos ||
          !read_line(line.substr(0, equals), line.substr(equals + 1), answer))
        return fail("not a line of an answer about a job: " + last_line(line));
      stated = stated || line.starts_with("state=");
    }
  }
  if (!stated) return fail("the answer about the job is empty");
  if (answer.state == JobState::finished && !answer.exit)
    return fail("a finished job without an exit status");
  return answer;
}

}  // namespace lockkeeper::ssh
