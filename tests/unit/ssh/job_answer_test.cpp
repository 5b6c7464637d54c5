// SPDX-License-Identifier: Apache-2.0
#include "integrations/ssh/job_answer.h"

#include <doctest/doctest.h>

#include "integrations/ssh/remote_job.h"

namespace lockkeeper::ssh {

TEST_CASE("a full answer is read member by member") {
  const auto answer = parse_job_answer(
      "lockkeeper-job 1\nstate=finished\nexit=3\nrebooted=yes\nnote=holds=kubeadm kubelet\n"
      "note=x=a=b\nlog_from=120\n--\nfirst\n--\nlast");
  REQUIRE(answer.has_value());
  CHECK(answer->state == JobState::finished);
  CHECK(answer->exit == 3);
  CHECK(answer->rebooted);
  CHECK(answer->notes == Notes{{"holds", "kubeadm kubelet"}, {"x", "a=b"}});
  CHECK(answer->log_from == 120);
  CHECK(answer->log == "first\n--\nlast");
}

TEST_CASE("an answer without a log is complete too") {
  const auto answer = parse_job_answer("lockkeeper-job 1\nstate=absent\nrefused=the node\n");
  REQUIRE(answer.has_value());
  CHECK(answer->state == JobState::absent);
  CHECK(answer->refused == "the node");
}

TEST_CASE("what is not an answer is refused") {
  for (const char* text :
       {"", "lockkeeper-job 1\n", "lockkeeper-job 2\nstate=absent\n", "state=absent\n",
        "lockkeeper-job 1\nstate=asleep\n", "lockkeeper-job 1\nstate=absent",
        "lockkeeper-job 1\nstate=running\nexit=\n", "lockkeeper-job 1\nstate=finished\n",
        "lockkeeper-job 1\nstate=finished\nexit=-1\n", "lockkeeper-job 1\nstate=running\nfoo=1\n",
        "lockkeeper-job 1\nstate=running\nnote==x\n",
        "lockkeeper-job 1\nstate=running\nlog_from=x\n",
        "Welcome!\nlockkeeper-job 1\nstate=running\n"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_job_answer(text).has_value());
  }
}

TEST_CASE("a job is named after its run and step, and only harmless names are accepted") {
  CHECK(job_name("r-t9xk2a", 12) == "r-t9xk2a-12");
  for (const char* run : {"", "-x", "a/b", "..", "A", "a b", "a;b", "a\nb"}) {
    CAPTURE(run);
    CHECK_FALSE(job_name(run, 1).has_value());
  }
  CHECK_FALSE(job_name("r-1", 0).has_value());
  CHECK_FALSE(job_name(std::string(65, 'a'), 1).has_value());
}

TEST_CASE("a report becomes an outcome that only an exit status of 0 calls done") {
  JobReport report;
  report.end = JobReport::End::finished;
  report.log_end = "installing | broken";
  report.log_line = "broken";
  report.notes = {{"holds", "kubelet"}};
  CHECK(outcome_of(report, "node3", 4) ==
        Outcome{4, StepResult::done, "node3: broken", {{"holds", "kubelet"}}});
  report.exit = 100;
  CHECK(outcome_of(report, "node3", 4).result == StepResult::failed);
  CHECK(outcome_of(report, "node3", 4).detail == "node3: exit status 100: installing | broken");
  report.why = "node3: job r-1-4: it was killed: how far it got is unknown";
  report.exit = 0;
  report.end = JobReport::End::vanished;
  CHECK(outcome_of(report, "node3", 4).result == StepResult::failed);
  CHECK(outcome_of(report, "node3", 4).detail ==
        "node3: job r-1-4: it was killed: how far it got is unknown; its log ends: installing | "
        "broken");
  report.end = JobReport::End::left;
  CHECK(outcome_of(report, "node3", 4).result == StepResult::interrupted);
}

}  // namespace lockkeeper::ssh
