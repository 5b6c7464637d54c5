// SPDX-License-Identifier: Apache-2.0
#pragma once

// A run told as its journal would tell it: each sentence adds one record, one minute after the one
// before. What the sentences come to is the real fold. One thread.

#include <string>
#include <string_view>
#include <vector>

#include "bot/progress.h"
#include "tests/unit/bot/small_cluster.h"

namespace lockkeeper::test {

class Story {
 public:
  /// Opens the run at noon, by console:ana, for "the monthly patch".
  explicit Story(Plan plan = small_plan());

  Story& add(Body body);
  Story& begins(Action action, std::string_view node = {});
  /// Ends the next step, whether or not it was begun.
  Story& ends(StepResult result, std::string detail = {}, Notes notes = {});
  /// Begins it, if nobody has, and ends it well.
  Story& does(Action action, std::string_view node = {}, Notes notes = {});
  /// Carries out everything before that step.
  Story& comes_to(Action action, std::string_view node = {});
  /// Carries out everything that is left.
  Story& comes_to_its_end();
  /// Lets more time pass before the next record.
  Story& passes(Millis time);

  [[nodiscard]] const std::vector<Record>& records() const { return records_; }
  [[nodiscard]] const Plan& plan() const { return plan_; }
  [[nodiscard]] const Progress& progress() const { return progress_; }
  [[nodiscard]] const Step& step(Action action, std::string_view node = {}) const {
    return step_of(plan_, action, node);
  }

 private:
  Story& carries_out_next();

  Plan plan_;
  Time now_ = kNoon;
  std::vector<Record> records_;
  Progress progress_;
};

}  // namespace lockkeeper::test
