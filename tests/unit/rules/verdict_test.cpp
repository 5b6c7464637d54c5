// SPDX-License-Identifier: Apache-2.0
#include "rules/verdict.h"

#include <doctest/doctest.h>

namespace lockkeeper {
namespace {

using std::chrono_literals::operator""s;

const Verdict kGo{};
const Verdict kWait{Answer::wait, {"alert"}, 30s};
const Verdict kWaitLess{Answer::wait, {"person"}, 10s};
const Verdict kStop{Answer::stop, {"abort"}, {}};

}  // namespace

TEST_CASE("the worse answer wins") {
  CHECK(combined(kGo, kGo) == kGo);
  CHECK(combined(kGo, kWait) == kWait);
  CHECK(combined(kWait, kGo) == kWait);
  CHECK(combined(kGo, kStop) == kStop);
  CHECK(combined(kWait, kStop).answer == Answer::stop);
  CHECK(combined(kStop, kWait).answer == Answer::stop);
}

TEST_CASE("every reason is kept, in order") {
  CHECK(combined(kWait, kStop).reasons == std::vector<std::string>{"alert", "abort"});
  CHECK(combined(kStop, kWait).reasons == std::vector<std::string>{"abort", "alert"});
}

TEST_CASE("of two waits the earlier look counts") {
  CHECK(combined(kWait, kWaitLess).next_look == Millis(10s));
  CHECK(combined(kWaitLess, kWait).next_look == Millis(10s));
}

TEST_CASE("answers are written as words") {
  CHECK(to_string(Answer::go) == "go");
  CHECK(to_string(Answer::wait) == "wait");
  CHECK(to_string(Answer::stop) == "stop");
}

}  // namespace lockkeeper
