// SPDX-License-Identifier: Apache-2.0
#include "integrations/system/real_clock.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>
#include <vector>

using namespace lockkeeper;
using namespace std::chrono_literals;
using lockkeeper::system::Periodic;
using lockkeeper::system::RealClock;

namespace {

/// Waits until `done` holds, at most for five seconds.
template <typename Done>
bool eventually(Done done) {
  RealClock clock;
  for (const Moment end = clock.moment() + 5s; clock.moment() < end;) {
    if (done()) return true;
    clock.wait_until(clock.moment() + 1ms);
  }
  return done();
}

}  // namespace

TEST_CASE("moments begin near zero and never go backwards") {
  const RealClock clock;
  const Moment first = clock.moment();
  CHECK(first.since_start < 1s);
  CHECK(clock.moment() >= first);
}

TEST_CASE("wall time is this century's") {
  const RealClock clock;
  CHECK(to_string(clock.now()).starts_with("20"));
}

TEST_CASE("a wait for a time that has passed returns at once") {
  RealClock clock;
  const Moment before = clock.moment();
  clock.wait_until(before);
  clock.wait_until(Moment{-10s});
  CHECK(clock.moment() - before < 1s);
}

TEST_CASE("a wait lasts as long as it was asked to") {
  RealClock clock;
  const Moment before = clock.moment();
  clock.wait_until(before + 30ms);
  CHECK(clock.moment() - before >= 29ms);
}

TEST_CASE("a stir ends the wait that is under way") {
  RealClock clock;
  const Moment before = clock.moment();
  std::thread stirrer([&] { clock.stir(); });
  clock.wait_until(Moment{Millis::max()});
  stirrer.join();
  CHECK(clock.moment() - before < 5s);
}

TEST_CASE("a stir that nobody waited for ends the next wait, and only that one") {
  RealClock clock;
  clock.stir();
  clock.stir();
  const Moment before = clock.moment();
  clock.wait_until(before + 1h);
  CHECK(clock.moment() - before < 5s);
  const Moment second = clock.moment();
  clock.wait_until(second + 30ms);
  CHECK(clock.moment() - second >= 29ms);
}

TEST_CASE("one stir wakes every thread that waits") {
  RealClock clock;
  std::atomic<int> woken = 0;
  std::vector<std::thread> waiters;
  for (int i = 0; i < 4; ++i) {
    waiters.emplace_back([&] {
      clock.wait_until(clock.moment() + 1h);
      ++woken;
    });
  }
  // Stirring until all are awake, since no one can see from outside that a thread waits.
  CHECK(eventually([&] {
    clock.stir();
    return woken == 4;
  }));
  for (auto& waiter : waiters)
    waiter.join();
}

TEST_CASE("periodic work is done at once, again after the interval, and not after stop") {
  std::atomic<int> calls = 0;
  Periodic periodic(2ms, [&] { ++calls; });
  CHECK(eventually([&] { return calls >= 3; }));
  periodic.stop();
  const int at_stop = calls;
  RealClock clock;
  clock.wait_until(clock.moment() + 20ms);
  CHECK(calls == at_stop);
  periodic.stop();
}

TEST_CASE("periodic work that is wanted soon does not wait for its interval") {
  std::atomic<int> calls = 0;
  Periodic periodic(1h, [&] { ++calls; });
  CHECK(eventually([&] { return calls == 1; }));
  periodic.soon();
  CHECK(eventually([&] { return calls == 2; }));
}
