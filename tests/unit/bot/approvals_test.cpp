// SPDX-License-Identifier: Apache-2.0
#include "bot/approvals.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/unit/bot/small_cluster.h"

namespace lockkeeper::test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

/// A journal in memory whose next append may be lost, or fail although it has happened.
class ListedJournal : public Journal {
 public:
  Result<Record> append(Time at, const std::string& run, const Body& body) override {
    records.push_back({std::ssize(records) + 1, at, run, body});
    if (std::exchange(fails, false)) return fail("disk I/O error");
    return records.back();
  }
  Result<std::vector<Record>> read(const std::string& run) override {
    ++reads;
    std::vector<Record> found;
    for (const auto& record : records)
      if (record.run == run) found.push_back(record);
    return found;
  }
  Result<std::optional<std::string>> open_run() override { return std::nullopt; }
  Result<std::vector<std::string>> runs(int) override { return std::vector<std::string>(); }

  std::vector<Record> records;
  bool fails = false;
  int reads = 0;
};

Requested requested(std::string digest = "4be1c2d3") {
  return {std::move(digest), "slack:U0ANA", "CVE", "{}", "1.34.2 -> 1.34.7", {}, kNoon + hours(4)};
}

}  // namespace

TEST_CASE("a request waits until it is decided, and a restarted bot knows the same") {
  ListedJournal journal;
  Approvals book(journal);
  const auto asked = book.ask(kNoon, requested());
  REQUIRE(asked);
  CHECK(asked->seq == 1);
  CHECK(book.waiting()->size() == 1);
  CHECK(Approvals(journal).waiting()->size() == 1);
  CHECK(book.decide(kNoon, {1, Ruling::refused, "slack:U0ANA", "asked", {}}));
  CHECK(book.waiting()->front().refused == std::vector<Actor>{"slack:U0ANA"});
  CHECK(book.decide(kNoon + minutes(1), {1, Ruling::declined, "slack:U0BOB", "not today", {}}));
  CHECK(book.waiting()->empty());
  const auto late = Approvals(journal).all();
  CHECK(decided_line(late->front()) ==
        "plan 4be1c2d3 was declined by slack:U0BOB at 2026-11-20T12:01:00Z: not today");
}

TEST_CASE("the journal is read once, and again when it is not certain what it has") {
  ListedJournal journal;
  Approvals book(journal);
  CHECK(book.ask(kNoon, requested()));
  CHECK(book.waiting()->size() == 1);
  CHECK(journal.reads == 1);
  journal.fails = true;
  CHECK_FALSE(book.decide(kNoon, {1, Ruling::withdrawn, "slack:U0ANA", {}, {}}));
  CHECK(book.waiting()->empty());
  CHECK(journal.reads == 2);
}

TEST_CASE("an approval without its run has no effect, with another's neither") {
  ListedJournal journal;
  Approvals book(journal);
  auto plan = small_plan();
  CHECK(book.ask(kNoon, requested(digest(plan))));
  CHECK(book.decide(kNoon, {1, Ruling::approved, "slack:U0BOB", {}, plan.run}));
  CHECK(Approvals(journal).waiting()->size() == 1);
  std::ignore = journal.append(kNoon, plan.run, Opened{plan, "slack:U0ANA", "CVE"});
  CHECK(Approvals(journal).waiting()->size() == 1);
  journal.records.pop_back();
  std::ignore = journal.append(kNoon, plan.run,
                               Opened{plan, "slack:U0ANA", "CVE", {}, Approval{"slack:U0BOB", 1}});
  CHECK(Approvals(journal).waiting()->empty());
}

TEST_CASE("of those that wait no more, the newest are kept") {
  ListedJournal journal;
  Approvals book(journal);
  for (std::int64_t i = 0; i < 30; ++i) {
    CHECK(book.ask(kNoon, requested(fmt::format("{:08}", i))));
    CHECK(book.decide(kNoon, {2 * i + 1, Ruling::expired, {}, {}, {}}));
  }
  const auto all = book.all();
  CHECK(all->size() == 20);
  CHECK(all->front().what.digest == "00000010");
}

TEST_CASE("the difference of two plans names what changed, and is never empty") {
  const auto before = small_plan();
  CHECK(differences(outline(before), outline(before)) ==
        std::vector<std::string>{"its steps or their limits"});
  auto now = before;
  now.nodes.back().kubelet = {1, 34, 5, {}};
  now.nodes.front().name = "cp-9";
  now.steps.pop_back();
  const auto lines = differences(outline(before), outline(now));
  REQUIRE(lines.size() == 5);
  const auto& last = before.nodes.back().name;
  CHECK(lines[0].starts_with("node " + before.nodes.front().name + " is gone (was kubelet 1.34.2"));
  CHECK(lines[1].starts_with("node " + last + ": kubelet 1.34.5"));
  CHECK(lines[2].starts_with("order: cp-9"));
  CHECK(lines[3] == fmt::format("steps: {}, was {}", now.steps.size(), before.steps.size()));
  CHECK(lines[4].starts_with("node cp-9 is new (kubelet 1.34.2"));
}

}  // namespace lockkeeper::test
