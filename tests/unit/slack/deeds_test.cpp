// SPDX-License-Identifier: Apache-2.0
#include "integrations/slack/deeds.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <vector>

namespace lockkeeper::slack {
namespace {

constexpr auto kPatience = std::chrono::seconds(10);

/// What is waiting from before, and what has been dealt with.
class MemoryStore : public Store {
 public:
  Result<Kept> keep(const Interaction&, Time) override { return Kept::fresh; }
  Status done(const std::string& envelope) override {
    const std::lock_guard lock(mutex_);
    finished.insert(envelope);
    return {};
  }
  Status forget(const std::string&) override { return {}; }
  Result<std::vector<Interaction>> waiting() override { return left; }
  Status remember(const std::string&, const MessageRef&, Time) override { return {}; }
  Result<std::map<std::string, MessageRef>> messages() override {
    return std::map<std::string, MessageRef>();
  }

  std::vector<Interaction> left;
  std::set<std::string> finished;

 private:
  std::mutex mutex_;
};

Interaction typed_deed(const std::string& text) {
  Interaction deed;
  deed.deed = Deed::slash;
  deed.envelope = text;
  deed.text = text;
  return deed;
}

Interaction press(const std::string& action, const std::string& value = {}) {
  Interaction deed;
  deed.deed = Deed::press;
  deed.envelope = action;
  deed.action = action;
  deed.value = value;
  return deed;
}

/// A bot that takes as long as the test likes for what it is told to be slow about.
class SlowBot {
 public:
  explicit SlowBot(std::string slow) : slow_(std::move(slow)) {}

  void take(const Interaction& deed) {
    std::unique_lock lock(mutex_);
    begun_.push_back(deed.envelope);
    changed_.notify_all();
    if (deed.envelope == slow_) changed_.wait_for(lock, kPatience, [this] { return free_; });
  }
  void let_go() {
    const std::lock_guard lock(mutex_);
    free_ = true;
    changed_.notify_all();
  }
  /// What has begun, once there are so many.
  std::vector<std::string> begun(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kPatience, [&] { return begun_.size() >= count; });
    return begun_;
  }

 private:
  std::string slow_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> begun_;
  bool free_ = false;
};

void put(Deeds& deeds, Interaction deed) {
  deeds.put(std::move(deed), std::make_shared<Slip>(nullptr));
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("orders are told from questions, typed or pressed") {
  for (const auto* text : {"plan 1.34.7", "status", "start 1.34.7", "nonsense", ""})
    CHECK(haste_of(typed_deed(text)) == Haste::talk);
  CHECK(haste_of(typed_deed("pause lunch")) == Haste::order);
  CHECK(haste_of(typed_deed("resume")) == Haste::order);
  CHECK(haste_of(typed_deed(" abort now")) == Haste::abort);
  CHECK(haste_of(press("run.why")) == Haste::talk);
  CHECK(haste_of(press("card.plan")) == Haste::talk);
  CHECK(haste_of(press("run.pause", "r-1:3")) == Haste::order);
  CHECK(haste_of(press("card.start", "{}")) == Haste::order);
  CHECK(haste_of(press("request.approve", "17:4be1c2d3")) == Haste::order);
  CHECK(haste_of(typed_deed("approve 4be1c2d3")) == Haste::order);
  CHECK(haste_of(press("run.abort", "r-1:3")) == Haste::abort);
  CHECK(haste_of(press("card.confirm", R"({"verb":"resume","digest":"d"})")) == Haste::order);
  CHECK(haste_of(press("card.confirm", R"({"verb":"abort","digest":"d"})")) == Haste::abort);
  Interaction form;
  form.deed = Deed::submit;
  CHECK(haste_of(form) == Haste::talk);
}

TEST_CASE("a question that takes long holds up the next question and no order") {
  MemoryStore store;
  SlowBot bot("plan 1.34.7");
  Deeds deeds(store, [&](const Interaction& deed, Slip&) { bot.take(deed); });
  deeds.start();
  put(deeds, typed_deed("plan 1.34.7"));
  CHECK(bot.begun(1) == Names{"plan 1.34.7"});
  put(deeds, typed_deed("status"));
  put(deeds, press("run.pause", "r-1:3"));
  CHECK(bot.begun(2) == Names{"plan 1.34.7", "run.pause"});
  bot.let_go();
  CHECK(bot.begun(3) == Names{"plan 1.34.7", "run.pause", "status"});
}

TEST_CASE("an abort overtakes the orders that wait, and nothing else is out of order") {
  MemoryStore store;
  SlowBot bot("run.pause");
  Deeds deeds(store, [&](const Interaction& deed, Slip&) { bot.take(deed); });
  deeds.start();
  put(deeds, press("run.pause", "r-1:3"));
  CHECK(bot.begun(1) == Names{"run.pause"});
  put(deeds, typed_deed("resume"));
  put(deeds, typed_deed("pause again"));
  put(deeds, press("run.abort", "r-1:3"));
  put(deeds, typed_deed("abort"));
  bot.let_go();
  CHECK(bot.begun(5) == Names{"run.pause", "run.abort", "abort", "resume", "pause again"});
}

TEST_CASE("what a crash has left comes first, by the same rule, and a stop leaves the rest") {
  MemoryStore store;
  store.left = {typed_deed("pause"), typed_deed("status"), typed_deed("abort")};
  SlowBot bot("nothing");
  {
    Deeds deeds(store, [&](const Interaction& deed, Slip&) { bot.take(deed); });
    put(deeds, typed_deed("pause later"));
    deeds.start();
    deeds.start();
    CHECK(bot.begun(4).size() == 4);
  }
  CHECK(store.finished == std::set<std::string>{"abort", "pause", "pause later", "status"});
  const auto begun = bot.begun(4);
  const auto at = [&](const char* name) { return std::ranges::find(begun, name); };
  CHECK(at("abort") < at("pause"));
}

}  // namespace lockkeeper::slack
