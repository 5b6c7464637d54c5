// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <random>
#include <vector>

#include "scratch.h"

using namespace lockkeeper;
using namespace lockkeeper::sqlite;

namespace {

constexpr int kCrashes = 200;

/// Appends for ever in this process, which is to be killed; each acknowledged number goes down the
/// pipe after append() has returned, as a step's action would.
[[noreturn]] void write_until_killed(const Scratch& scratch, int pipe) {
  ::alarm(30);
  auto journal = SqliteJournal::open(scratch.settings);
  if (!journal) ::_exit(1);
  for (int i = 0;; ++i) {
    const auto record = (*journal)->append(kNoon, "r-1", Intent{i});
    if (!record || ::write(pipe, &record->seq, sizeof(record->seq)) < 0) ::_exit(1);
  }
}

/// What came down the pipe: numbers, until there are `wanted` or the writer has ended.
std::vector<std::int64_t> numbers_from(int pipe, std::size_t wanted) {
  std::vector<std::int64_t> numbers;
  std::int64_t next = 0;
  while (numbers.size() < wanted && ::read(pipe, &next, sizeof(next)) == sizeof(next))
    numbers.push_back(next);
  return numbers;
}

/// When a writer is killed: after so many acknowledged records, and then a little later.
struct Blow {
  std::size_t after = 0;
  std::chrono::microseconds later{};
};

/// Starts a writer, kills it, and gives the last number that it acknowledged, or `before`.
std::int64_t crash_one(const Scratch& scratch, const Blow& blow, std::int64_t before) {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) write_until_killed(scratch, ends[1]);
  ::close(ends[1]);
  auto acknowledged = numbers_from(ends[0], blow.after);
  const timespec limit{.tv_sec = 0, .tv_nsec = blow.later.count() * 1000};
  ::ppoll(nullptr, 0, &limit, nullptr);
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(WIFSIGNALED(status));
  const auto rest = numbers_from(ends[0], SIZE_MAX);
  acknowledged.insert(acknowledged.end(), rest.begin(), rest.end());
  ::close(ends[0]);
  return acknowledged.empty() ? before : acknowledged.back();
}

}  // namespace

TEST_CASE("a writer killed at any moment has lost nothing that it acknowledged") {
  const Scratch scratch;
  std::mt19937 random(20'261'121);  // the same blows every time, as far as a scheduler allows
  std::uniform_int_distribution<std::size_t> after(0, 5);
  std::uniform_int_distribution<int> later_us(0, 12'000);
  std::int64_t stored = 0;
  int in_doubt = 0;
  for (int crash = 0; crash < kCrashes; ++crash) {
    const Blow blow{.after = after(random), .later = std::chrono::microseconds(later_us(random))};
    const auto acknowledged = crash_one(scratch, blow, stored);
    const auto records = scratch.open()->read("r-1").value();
    const auto found = static_cast<std::int64_t>(records.size());
    // At most one record was durable whose append had not returned yet.
    CHECK(found >= acknowledged);
    CHECK(found <= acknowledged + 1);
    // As many as the last one's number: none in between is missing.
    REQUIRE((records.empty() || records.back().seq == found));
    in_doubt += found > acknowledged ? 1 : 0;
    stored = found;
  }
  CHECK(stored > kCrashes);
  MESSAGE(stored << " records over " << kCrashes << " crashes, " << in_doubt << " in doubt");
}
