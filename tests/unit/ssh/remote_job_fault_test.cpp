// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>
#include <thread>

#include "integrations/ssh/remote_job.h"
#include "tests/unit/ssh/job_world.h"

namespace lockkeeper::ssh {
namespace {

constexpr std::uint32_t kSeed = 20261120;
constexpr int kKills = 40;

void pause_for(int milliseconds) {
  std::this_thread::sleep_for(Millis(milliseconds));
}

/// Another bot: a process that starts or follows the job until it is killed.
pid_t follow_in_child(const SshSettings& settings, const JobOrder& order) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  TestWatch watch;
  system::RealClock clock;
  Host host(settings, Sshd::peer(), clock);
  run_to_end(host, order, Millis(20000), clock, watch);
  ::_exit(0);
}

}  // namespace

TEST_CASE("sessions that keep breaking do not lose the job or double it") {
  SKIP_WITHOUT_SSHD();
  JobWorld world;
  std::jthread breaker([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      world.sshd.kill_sessions();
      pause_for(700);
    }
  });
  const auto report = world.run(world.counting("r-1-1",
                                               "for i in 1 2 3 4 5 6; do echo $i; sleep "
                                               "0.4; done; echo done; exit 9"));
  CHECK(report.end == JobReport::End::finished);
  CHECK(report.exit == 9);
  CHECK(report.log_line == "done");
  CHECK(world.times() == 1);
}

TEST_CASE("an sshd that is away for a while is waited for") {
  SKIP_WITHOUT_SSHD();
  JobWorld world;
  TestWatch watch;
  std::jthread upgrade([&] {
    CHECK(soon([&] { return watch.saw("begun"); }));
    world.sshd.stop();
    CHECK(soon([&] { return watch.saw("trying again"); }));
    pause_for(1200);
    world.sshd.start();
  });
  const auto report = world.run(world.counting("r-1-1", "echo begun; sleep 1; echo done"), watch);
  CHECK(report.exit == 0);
  CHECK(report.log_line == "done");
  CHECK(watch.saw("refuses the connection"));
  CHECK(world.times() == 1);
}

TEST_CASE("a job whose processes were killed is unknown and is never begun again") {
  SKIP_WITHOUT_SSHD();
  JobWorld world;
  TestWatch watch;
  const auto order = world.counting("r-1-1", "echo half; sleep 30");
  std::jthread killer([&] {
    CHECK(soon([&] { return watch.saw("half"); }));
    world.sshd.end_jobs();
  });
  const auto report = world.run(order, watch);
  killer.join();
  CHECK(report.end == JobReport::End::vanished);
  CHECK(report.log_line == "half");
  CHECK(outcome_of(report, "node3", 1).result == StepResult::failed);
  CHECK(outcome_of(report, "node3", 1).detail ==
        "node3: job r-1-1: it was killed: how far it got is unknown; its log ends: half");
  const auto seen = world.observe("r-1-1");
  CHECK(seen.state == Observed::unknown);
  CHECK(seen.detail.contains("half"));
  CHECK(world.run(order).end == JobReport::End::vanished);
  CHECK(world.times() == 1);
  // The node itself is free for the next run.
  CHECK(world.run(world.counting("r-2-1", "true")).exit == 0);
}

TEST_CASE("a reboot during a job is named") {
  SKIP_WITHOUT_SSHD();
  JobWorld world;
  TestWatch watch;
  std::jthread killer([&] {
    CHECK(soon([&] { return watch.saw("half"); }));
    write_text(world.sshd.job("r-1-1") / "boot", "another boot\n");
    world.sshd.end_jobs();
  });
  const auto report = world.run(world.counting("r-1-1", "echo half; sleep 30"), watch);
  CHECK(report.end == JobReport::End::vanished);
  CHECK(report.rebooted);
  CHECK(report.why.contains("restarted while it ran"));
}

TEST_CASE("a killed follower leaves a job that goes on, and the next follower finds it") {
  SKIP_WITHOUT_SSHD();
  JobWorld world;
  const auto order = world.counting("r-1-1", "sleep 1.5; echo done");
  const pid_t bot = follow_in_child(world.settings, order);
  CHECK(soon([&] { return world.begun("r-1-1"); }));
  ::kill(bot, SIGKILL);
  ::waitpid(bot, nullptr, 0);
  CHECK(world.run(order).log_line == "done");
  CHECK(world.times() == 1);
}

TEST_CASE("whenever the bot or its connection is killed, the job is carried out exactly once") {
  SKIP_WITHOUT_SSHD();
  JobWorld world;
  std::mt19937 random(kSeed);
  // How long a start takes here and now. Half of the kills fall somewhere in it, the other half
  // shortly after the job has begun.
  const Moment before = world.clock.moment();
  CHECK(world.run({"r-0-1", 1, "true", ""}).exit == 0);
  const auto usual_ms = static_cast<int>((world.clock.moment() - before).count());
  std::uniform_int_distribution<int> moment_ms(0, usual_ms);
  int kills_before_begin = 0;
  for (int i = 1; i <= kKills; ++i) {
    CAPTURE(i);
    const std::string name = fmt::format("r-1-{}", i);
    const auto order = world.counting(name, "sleep 0.1; echo done");
    const pid_t bot = follow_in_child(world.settings, order);
    if (i % 4 < 2) CHECK(soon([&] { return world.begun(name); }));
    pause_for(i % 4 < 2 ? moment_ms(random) / 4 : moment_ms(random));
    kills_before_begin += world.begun(name) ? 0 : 1;
    if (i % 2 == 0) {
      ::kill(bot, SIGKILL);
    } else {
      world.sshd.kill_sessions();
    }
    const auto report = world.run(order);
    ::kill(bot, SIGKILL);
    ::waitpid(bot, nullptr, 0);
    CHECK(report.end == JobReport::End::finished);
    CHECK(report.exit == 0);
    REQUIRE(world.times() == i);
  }
  // The kills must have hit both sides of the moment that counts, or this has shown nothing.
  MESSAGE("killed before the job had begun: ", kills_before_begin, " of ", kKills);
  CHECK(kills_before_begin >= 5);
  CHECK(kills_before_begin <= kKills - 5);
}

TEST_CASE("a node that is out of reach refuses the job within the limit") {
  SKIP_WITHOUT_SSHD();
  JobWorld world;
  world.sshd.stop();
  TestWatch watch;
  const auto report = world.run(world.counting("r-1-1", "true"), watch, Millis(1500));
  CHECK(report.end == JobReport::End::refused);
  CHECK(report.why.contains("not begun within 1s"));
  CHECK(report.why.contains("refuses the connection"));
}

TEST_CASE("what will not change by waiting is not waited for") {
  SKIP_WITHOUT_SSHD();
  JobWorld world;
  world.settings.key_file = "/nonexistent";
  const Moment before = world.clock.moment();
  CHECK(world.run(world.counting("r-1-1", "true")).why.contains("key file /nonexistent"));
  world.settings = world.sshd.settings();
  world.sshd.stand_in("id", "echo 1000");
  world.sshd.stand_in("sudo", "echo 'sudo: a password is required' >&2; exit 1");
  const auto report = world.run(world.counting("r-1-1", "true"));
  CHECK(report.end == JobReport::End::refused);
  CHECK(report.why.contains("sudo refuses user"));
  CHECK(world.clock.moment() - before < Millis(3000));
}

TEST_CASE("a full disk is an answer that names itself") {
  SKIP_WITHOUT_SSHD();
  JobWorld world;
  world.sshd.stand_in("sync", "echo 'sync: No space left on device' >&2; exit 1");
  const auto report = world.run(world.counting("r-1-1", "true"));
  CHECK(report.end == JobReport::End::refused);
  CHECK(report.why.contains("it does not start: node3: sync: No space left on device"));
  CHECK(world.observe("r-1-1").state == Observed::not_started);
  CHECK(world.times() == 0);
}

}  // namespace lockkeeper::ssh
