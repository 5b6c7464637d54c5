// SPDX-License-Identifier: Apache-2.0
#include "integrations/ssh/remote_job.h"

#include <doctest/doctest.h>

#include <thread>

#include "tests/unit/ssh/job_world.h"

namespace lockkeeper::ssh {

TEST_CASE("a job runs to its end and brings its notes, its log and its exit status") {
  SKIP_WITHOUT_SSHD();
  JobWorld world;
  TestWatch watch;
  const JobOrder order{"r-1-1", 7,
                       "echo 'holds=kubeadm kubelet' >>\"$LOCKKEEPER_JOB/notes\"\n"
                       "echo one; sleep 0.4; echo two >&2\n",
                       ""};
  const auto report = world.run(order, watch);
  CHECK(report.end == JobReport::End::finished);
  CHECK(report.exit == 0);
  CHECK(report.notes == Notes{{"holds", "kubeadm kubelet"}});
  CHECK(report.log_end == "one | two");
  CHECK(report.log_line == "two");
  CHECK(watch.saw("node3: one"));
  CHECK(read_text(world.sshd.root() / "var/lib/lockkeeper/fence") == "7\n");
}

TEST_CASE("a failed job tells its exit status and the end of its log, printable and bounded") {
  SKIP_WITHOUT_SSHD();
  JobWorld world;
  const JobOrder order{
      "r-1-1", 1,
      "head -c 300000 /dev/urandom; echo; printf '\\033[31mE: broken\\033[0m \\377\\n'; exit 100\n",
      ""};
  const auto report = world.run(order);
  CHECK(report.exit == 100);
  CHECK(report.log_end.size() < 1000);
  CHECK(report.log_end.ends_with("E: broken ?"));
  const auto outcome = outcome_of(report, "node3", 1);
  CHECK(outcome.result == StepResult::failed);
  CHECK(outcome.detail.starts_with("node3: exit status 100: "));
}

TEST_CASE("observing never changes anything, and tells the states apart") {
  SKIP_WITHOUT_SSHD();
  JobWorld world;
  CHECK(world.observe("r-1-1").state == Observed::not_started);
  CHECK_FALSE(std::filesystem::exists(world.sshd.root() / "var"));
  TestWatch watch;
  std::jthread follower(
      [&] { world.run(world.counting("r-1-1", "echo working; sleep 1.5"), watch); });
  CHECK(soon([&] { return world.observe("r-1-1").state == Observed::underway; }));
  CHECK(world.observe("r-1-1").detail.contains("working"));
  follower.join();
  CHECK(world.observe("r-1-1").state == Observed::done);
  world.run(world.counting("r-1-2", "echo 'it broke'; exit 4"));
  const auto failed = world.observe("r-1-2");
  CHECK(failed.state == Observed::failed);
  CHECK(failed.detail == "node3: job r-1-2 failed with exit status 4; its log ends: it broke");
  world.sshd.stop();
  CHECK(world.observe("r-1-1").state == Observed::unknown);
}

TEST_CASE("a finished job is told again, and not carried out again") {
  SKIP_WITHOUT_SSHD();
  JobWorld world;
  const auto order = world.counting("r-1-1", "echo done; exit 3");
  for (int i = 0; i < 3; ++i) {
    const auto report = world.run(order);
    CHECK(report.end == JobReport::End::finished);
    CHECK(report.exit == 3);
    CHECK(report.log_line == "done");
  }
  CHECK(world.times() == 1);
}

TEST_CASE("whoever leaves leaves the job running, and finds it again") {
  SKIP_WITHOUT_SSHD();
  JobWorld world;
  const auto order = world.counting("r-1-1", "echo begun; sleep 2; echo done");
  TestWatch watch;
  std::jthread leaver([&] {
    CHECK(soon([&] { return watch.saw("begun"); }));
    watch.leave = true;
  });
  const auto left = world.run(order, watch);
  CHECK(left.end == JobReport::End::left);
  CHECK(outcome_of(left, "node3", 1).result == StepResult::interrupted);
  CHECK(world.observe("r-1-1").state == Observed::underway);
  const auto report = world.run(order);
  CHECK(report.end == JobReport::End::finished);
  CHECK(report.log_line == "done");
  CHECK(world.times() == 1);
}

TEST_CASE("an order to stop does not end a script that has begun") {
  SKIP_WITHOUT_SSHD();
  JobWorld world;
  TestWatch watch;
  watch.stop = true;
  const auto report = world.run(world.counting("r-1-1", "sleep 0.5; echo done"), watch);
  CHECK(report.exit == 0);
  CHECK(report.log_line == "done");
}

TEST_CASE("two followers at once see one job") {
  SKIP_WITHOUT_SSHD();
  JobWorld world;
  for (int i = 1; i <= 5; ++i) {
    const auto order = world.counting(fmt::format("r-1-{}", i), "sleep 0.3; echo done");
    std::vector<JobReport> reports(3);
    {
      std::vector<std::jthread> followers;
      for (auto& report : reports)
        followers.emplace_back([&world, &order, &report] { report = world.run(order); });
    }
    for (const auto& report : reports) {
      CHECK(report.end == JobReport::End::finished);
      CHECK(report.exit == 0);
    }
    CHECK(world.times() == i);
  }
}

TEST_CASE("a lower fencing number is refused, an equal or higher one goes on") {
  SKIP_WITHOUT_SSHD();
  JobWorld world;
  auto order = world.counting("r-2-1", "true");
  order.fence = 5;
  CHECK(world.run(order).exit == 0);
  order = world.counting("r-1-9", "true");
  order.fence = 4;
  const auto refused = world.run(order);
  CHECK(refused.end == JobReport::End::refused);
  CHECK(refused.why ==
        "node3: job r-1-9: a newer run has been here: its number is 5, this one's is 4");
  CHECK(world.observe("r-1-9").state == Observed::not_started);
  CHECK(world.times() == 1);
  order = world.counting("r-2-2", "true");
  order.fence = 5;
  CHECK(world.run(order).exit == 0);
  CHECK(world.times() == 2);
}

TEST_CASE("a damaged fence stops everybody") {
  SKIP_WITHOUT_SSHD();
  JobWorld world;
  CHECK(world.run(world.counting("r-1-1", "true")).exit == 0);
  write_text(world.sshd.root() / "var/lib/lockkeeper/fence", "");
  const auto report = world.run(world.counting("r-1-2", "true"));
  CHECK(report.end == JobReport::End::refused);
  CHECK(report.why.contains("is damaged"));
  CHECK(world.times() == 1);
}

TEST_CASE("a node that is busy with one job takes no other") {
  SKIP_WITHOUT_SSHD();
  JobWorld world;
  TestWatch watch;
  std::jthread first([&] { world.run(world.counting("r-1-1", "sleep 1.5"), watch); });
  REQUIRE(soon([&] { return world.begun("r-1-1"); }));
  const auto refused = world.run(world.counting("r-2-1", "true"));
  CHECK(refused.end == JobReport::End::refused);
  CHECK(refused.why == "node3: job r-2-1: job r-1-1 is still running there");
  first.join();
  CHECK(world.run(world.counting("r-2-1", "true")).exit == 0);
  CHECK(world.times() == 2);
}

TEST_CASE("a job over the step's limit is reported as running, and is not killed") {
  SKIP_WITHOUT_SSHD();
  JobWorld world;
  TestWatch watch;
  const auto order = world.counting("r-1-1", "echo working; sleep 2; echo done");
  const auto report = world.run(order, watch, Millis(800));
  CHECK(report.end == JobReport::End::overdue);
  CHECK(report.why.contains("no end within 800ms"));
  CHECK(report.why.contains("may still be running"));
  CHECK(outcome_of(report, "node3", 1).detail.ends_with("; its log ends: working"));
  CHECK(world.run(order).log_line == "done");
  CHECK(world.times() == 1);
}

TEST_CASE("the part afterwards runs after success, failure and a killed script") {
  SKIP_WITHOUT_SSHD();
  JobWorld world;
  int number = 0;
  for (const std::string end : {"true", "exit 5", "kill -9 $$"}) {
    CAPTURE(end);
    ++number;
    auto order = world.counting(fmt::format("r-1-{}", number), end);
    order.afterwards = fmt::format("echo after >>{}/after", world.sshd.folder().native());
    const auto report = world.run(order);
    CHECK(report.end == JobReport::End::finished);
    CHECK((report.exit == 0) == (end == "true"));
    CHECK(line_count(world.sshd.folder() / "after") == number);
  }
}

TEST_CASE("the newest twenty folders are kept") {
  SKIP_WITHOUT_SSHD();
  JobWorld world;
  const auto jobs = world.sshd.job("x").parent_path();
  for (int i = 0; i < 25; ++i)
    std::filesystem::create_directories(jobs / fmt::format("r-0-{}", i));
  CHECK(world.run(world.counting("r-1-1", "true")).exit == 0);
  const std::filesystem::directory_iterator left(jobs);
  CHECK(std::distance(begin(left), end(left)) == 21);
  CHECK(world.observe("r-1-1").state == Observed::done);
}

TEST_CASE("the script has a closed stdin, a file mode for everybody and the login's rights") {
  SKIP_WITHOUT_SSHD();
  JobWorld world;
  const auto report = world.run(world.counting("r-1-1", "cat; umask; id -u"));
  CHECK(report.exit == 0);
  CHECK(report.log_end == fmt::format("0022 | {}", ::getuid()));
  const auto mode = std::filesystem::status(world.sshd.job("r-1-1")).permissions();
  CHECK(mode == std::filesystem::perms(0700));
}

}  // namespace lockkeeper::ssh
