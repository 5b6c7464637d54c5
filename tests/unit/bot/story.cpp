// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/bot/story.h"

#include <doctest/doctest.h>

#include <utility>

namespace lockkeeper::test {

Story::Story(Plan plan) : plan_(std::move(plan)) {
  add(Opened{plan_, "console:ana", "the monthly patch"});
}

Story& Story::add(Body body) {
  const auto seq = static_cast<std::int64_t>(records_.size()) + 1;
  records_.push_back({seq, now_, plan_.run, std::move(body)});
  now_ += std::chrono::minutes(1);
  const auto applied = apply(progress_, records_.back());
  REQUIRE_MESSAGE(applied.has_value(), applied.error().what);
  return *this;
}

Story& Story::begins(Action action, std::string_view node) {
  return add(Intent{step(action, node).number});
}

Story& Story::ends(StepResult result, std::string detail, Notes notes) {
  return add(Outcome{progress_.next()->number, result, std::move(detail), std::move(notes)});
}

Story& Story::does(Action action, std::string_view node, Notes notes) {
  if (!progress_.in_doubt()) begins(action, node);
  return ends(StepResult::done, {}, std::move(notes));
}

Story& Story::comes_to(Action action, std::string_view node) {
  const int number = step(action, node).number;
  while (progress_.next()->number < number)
    carries_out_next();
  return *this;
}

Story& Story::comes_to_its_end() {
  while (progress_.next() != nullptr)
    carries_out_next();
  return *this;
}

Story& Story::carries_out_next() {
  if (!progress_.in_doubt()) add(Intent{progress_.next()->number});
  return ends(StepResult::done);
}

Story& Story::passes(Millis time) {
  now_ += time;
  return *this;
}

}  // namespace lockkeeper::test
