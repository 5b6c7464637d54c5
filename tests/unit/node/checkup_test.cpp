// SPDX-License-Identifier: Apache-2.0
#include "integrations/node/checkup.h"

#include <doctest/doctest.h>

#include "integrations/node/script_files.h"
#include "tests/unit/node/script_world.h"

namespace lockkeeper::node {
namespace {

NodeExam checked(ScriptWorld& world) {
  const auto run = world.run_text(std::string(common_sh) + std::string(checkup_sh) + "main\n");
  INFO(run.output);
  REQUIRE(run.status == 0);
  NodeExam exam;
  const auto read = parse_checkup(run.output, exam);
  REQUIRE_MESSAGE(read.has_value(), (read ? "" : read.error().what));
  return exam;
}

}  // namespace

TEST_CASE("the checkup tells free space and whether a reboot is waited for") {
  ScriptWorld world;
  world.put("var/lib/x", "");
  auto exam = checked(world);
  CHECK(exam.free_bytes > 0);
  CHECK_FALSE(exam.reboot_required);
  world.put("var/run/reboot-required", "*** System restart required ***\n");
  CHECK(checked(world).reboot_required);
}

TEST_CASE("an answer that is not whole is none") {
  NodeExam exam;
  CHECK_FALSE(parse_checkup("lockkeeper-checkup 1\nmissing=flock\n", exam));
  CHECK_FALSE(parse_checkup("hello\nend=yes\n", exam));
  REQUIRE(
      parse_checkup("lockkeeper-checkup 1\nmissing=flock\nmissing=awk\nunheld=kubelet\n"
                    "dpkg=interrupted\nend=yes\n",
                    exam));
  CHECK(exam.missing_programs == std::vector<std::string>{"flock", "awk"});
  CHECK(exam.unheld == std::vector<std::string>{"kubelet"});
  CHECK(exam.dpkg_complaint == "interrupted");
  CHECK(exam.free_bytes == -1);
}

TEST_CASE("another clock is known to half of the time that the question took") {
  const Time asked{Millis(1'000'000)};
  const auto told = parse_clock("1005020\n", asked, asked + Millis(40));
  REQUIRE(told);
  CHECK(told->offset == Millis(5'000));
  CHECK(told->uncertainty == Millis(21));
  CHECK(told->at_least() == Millis(4'979));
  for (const auto* odd : {"", "1005020N", "soon", "1e9"})
    CHECK_FALSE(parse_clock(odd, asked, asked));
  CHECK_FALSE(parse_clock("1000000", asked, asked - Millis(1)));
}

}  // namespace lockkeeper::node
