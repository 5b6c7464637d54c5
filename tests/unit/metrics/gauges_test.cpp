// SPDX-License-Identifier: Apache-2.0

// What the gauges show of a run that goes its way, of the last one, and of what detection found.

#include "bot/gauges.h"

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

#include "tests/unit/bot/story.h"

using namespace lockkeeper;
using namespace lockkeeper::test;

namespace {

/// The runs of a journal, oldest first.
class Runs : public Journal {
 public:
  Result<Record> append(Time, const std::string&, const Body&) override { return fail("no"); }
  Result<std::vector<Record>> read(const std::string& run) override { return runs_.at(run); }
  Result<std::optional<std::string>> open_run() override {
    if (order_.empty() || fold(runs_.at(order_.back()))->closed) return std::nullopt;
    return order_.back();
  }
  Result<std::vector<std::string>> runs(int count) override {
    if (static_cast<int>(order_.size()) <= count)
      return std::vector(order_.rbegin(), order_.rend());
    return std::vector(order_.rbegin(), order_.rbegin() + count);
  }

  /// Adds a run, or what more there is of it.
  void tell(const Story& story) {
    const auto& run = story.plan().run;
    if (!runs_.contains(run)) order_.push_back(run);
    runs_[run] = story.records();
  }

 private:
  std::map<std::string, std::vector<Record>> runs_;
  std::vector<std::string> order_;
};

class Shown {
 public:
  Runs journal;
  Gauges& gauges() { return gauges_; }

  /// Whether the metrics have this line now.
  bool has(const std::string& line) {
    gauges_.look(journal, GateView{}, kNoon + Millis(3h));
    return ("\n" + metrics_.text()).find("\n" + line + "\n") != std::string::npos;
  }
  bool names(const std::string& text) {
    gauges_.look(journal, GateView{}, kNoon + Millis(3h));
    return metrics_.text().find(text) != std::string::npos;
  }

 private:
  metrics::Metrics metrics_;
  Gauges gauges_{metrics_};
};

Plan plan_named(const std::string& run, bool dry = false) {
  auto plan = small_plan();
  plan.run = run;
  plan.dry_run = dry;
  return plan;
}

Story closed(const std::string& run, Ending ending, bool dry = false) {
  Story story(plan_named(run, dry));
  story.add(Closed{ending, {}});
  return story;
}

Check found(std::optional<Version> patch, std::optional<Version> minor = {}) {
  Check check;
  check.found.running = kOld;
  if (patch) check.found.patch = Available{*patch, UpgradeKind::patch};
  if (minor) check.found.minor = Available{*minor, UpgradeKind::minor};
  return check;
}

constexpr const char* kPatchLine =
    "k8s_upgrade_available{kind=\"patch\",running=\"1.34.2\",target=\"1.34.7\"} 1";

}  // namespace

TEST_CASE("a run shows from its start to its end, and then how it ended") {
  Shown shown;
  CHECK(shown.has("k8s_upgrade_in_flight 0"));
  CHECK_FALSE(shown.names("lockkeeper_last_run"));
  Story story(plan_named("r-1"));
  shown.journal.tell(story);
  CHECK(shown.has("k8s_upgrade_in_flight 1"));
  CHECK(shown.has("lockkeeper_run_in_progress 1"));
  CHECK(shown.has("k8s_upgrade_started_timestamp 1795176000"));
  CHECK(shown.has("lockkeeper_nodes{state=\"waiting\"} 3"));
  story.add(Held{Holder::gate, {"X"}, {}});
  shown.journal.tell(story);
  CHECK(shown.has("lockkeeper_run_in_progress 0"));
  story.add(Released{Holder::gate, "quiet"}).add(Closed{Ending::failed, {}});
  shown.journal.tell(story);
  CHECK(shown.has("k8s_upgrade_in_flight 0"));
  CHECK(shown.has("k8s_upgrade_started_timestamp 0"));
  CHECK(shown.has("lockkeeper_last_run_ending{ending=\"failed\"} 1"));
  CHECK(shown.has("lockkeeper_last_run_ending{ending=\"done\"} 0"));
  CHECK(shown.names("lockkeeper_last_run_end_timestamp_seconds 179517"));
  CHECK_FALSE(shown.names("lockkeeper_nodes"));
}

TEST_CASE("a dry run is no upgrade, and hides none") {
  Shown shown;
  shown.journal.tell(closed("r-1", Ending::aborted));
  shown.journal.tell(closed("r-2", Ending::dry, true));
  CHECK(shown.has("lockkeeper_last_run_ending{ending=\"aborted\"} 1"));
  shown.journal.tell(Story(plan_named("r-3", true)));
  CHECK(shown.has("k8s_upgrade_in_flight 0"));
  CHECK(shown.has("lockkeeper_last_run_ending{ending=\"aborted\"} 1"));
}

TEST_CASE("what was found is gone once a run has brought the cluster there") {
  Shown shown;
  shown.gauges().checked(found(kPatch), kNoon - Millis(1h));
  CHECK(shown.has(kPatchLine));
  CHECK(shown.names("k8s_version_check_last_run_timestamp 1795172400"));
  shown.journal.tell(closed("r-1", Ending::failed));
  CHECK(shown.has(kPatchLine));
  shown.journal.tell(closed("r-2", Ending::done));
  CHECK_FALSE(shown.names("k8s_upgrade_available{"));
  shown.gauges().checked(found(kPatch), kNoon + Millis(2h));  // looked at again: it is still there
  CHECK(shown.has(kPatchLine));
}

TEST_CASE("a refused run blocks until the next one, or until the cluster got there otherwise") {
  Shown shown;
  CHECK(shown.has("k8s_upgrade_blocked 0"));
  shown.journal.tell(closed("r-1", Ending::refused));
  CHECK(shown.has("k8s_upgrade_blocked 1"));
  shown.gauges().checked(found({}), kNoon + Millis(1h));
  CHECK(shown.has("k8s_upgrade_blocked 1"));
  SUBCASE("the next run") {
    shown.journal.tell(Story(plan_named("r-2")));
    CHECK(shown.has("k8s_upgrade_blocked 0"));
  }
  SUBCASE("another way") {
    auto check = found({});
    check.found.running = kPatch;
    shown.gauges().checked(check, kNoon + Millis(2h));
    CHECK(shown.has("k8s_upgrade_blocked 0"));
  }
}

TEST_CASE("a blocked minor blocks, one that nobody supports yet does not") {
  Shown shown;
  auto check = found({}, kMinor);
  check.compat.emplace();
  check.compat->minor_jump = true;
  const auto add_row = [&](CompatAnswer answer) {
    CompatRow row;
    row.answer = answer;
    check.compat->rows.insert(check.compat->rows.begin(), row);
  };
  add_row(CompatAnswer::waiting);
  shown.gauges().checked(check, kNoon);
  CHECK(shown.has("k8s_upgrade_blocked 0"));
  add_row(CompatAnswer::blocked);
  check.found.doubts = {"a feed", "another"};
  shown.gauges().checked(check, kNoon);
  CHECK(shown.has("k8s_upgrade_blocked 1"));
  CHECK(shown.has("lockkeeper_detection_doubts 2"));
  check.compat.reset();
  shown.gauges().checked(check, kNoon);
  CHECK(shown.has("k8s_upgrade_blocked 0"));
}
