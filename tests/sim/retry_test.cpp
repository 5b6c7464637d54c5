// SPDX-License-Identifier: Apache-2.0
#include "bot/retry.h"

#include <doctest/doctest.h>

#include "bot/detector.h"
#include "tests/sim/simulation.h"

namespace lockkeeper::sim {
namespace {

const Version kTarget{1, 34, 7, {}};

class Heard : public Chat {
 public:
  void say(Message message) noexcept override { texts.push_back(std::move(message.text)); }

  std::vector<std::string> texts;
};

Settings starting_settings() {
  auto settings = sim_settings();
  settings.detection.on_available = DetectionSettings::OnAvailable::start;
  return settings;
}

/// A cluster that somebody starts 1.34.7 on every night, and what people hear of it.
struct Nights {
  Simulation sim{make_model(1, 2, {1, 34, 2, {}}), starting_settings()};
  Heard heard;
  QuietRetries quiet{sim.journal, heard};

  /// What was said in this night.
  std::vector<std::string> night(const Actor& by = kDetectionActor) {
    heard.texts.clear();
    REQUIRE(why_not_again(sim.journal, kTarget).empty());
    const auto reply = sim.order_surely("start 1.34.7", by);
    REQUIRE_MESSAGE(reply.ok(), reply.text);
    told_ = sim.messages.size();
    // As the runner speaks: each message is passed on when it is said.
    sim.on_line = [this](const std::string&) { pass_on(); };
    REQUIRE(sim.run_to_end());
    pass_on();
    sim.on_line = nullptr;
    sim.clock.pass(std::chrono::hours(26));
    return heard.texts;
  }
  std::string newest_run() { return sim.journal.runs(1)->front(); }

 private:
  void pass_on() {
    while (told_ < sim.messages.size())
      quiet.say(sim.messages[told_++]);
  }
  std::size_t told_ = 0;
};

}  // namespace

TEST_CASE("a failed preflight is tried again each night, told once, and carried out when it may") {
  Nights nights;
  nights.sim.model.at("worker-1").reachable = false;
  CHECK(nights.night().size() >= 3);
  CHECK(nights.sim.ending() == Ending::refused);
  CHECK(nights.night().empty());
  CHECK(nights.sim.ending() == Ending::refused);
  CHECK(nights.quiet.hides(nights.newest_run()));
  // Another reason is news, once.
  nights.sim.model.at("worker-2").reachable = false;
  CHECK(nights.night().size() >= 3);
  CHECK(nights.night().empty());
  nights.sim.model.at("worker-1").reachable = nights.sim.model.at("worker-2").reachable = true;
  const auto last = nights.night();
  CHECK(nights.sim.ending() == Ending::done);
  CHECK(nights.sim.all_on(kTarget));
  REQUIRE_FALSE(last.empty());
  CHECK(last.front().find("started by bot:detection") != std::string::npos);
  CHECK(last.back().find("complete") != std::string::npos);
  CHECK_FALSE(nights.quiet.hides(nights.newest_run()));
}

TEST_CASE("a number in a finding that is another one each night is no news, another name is") {
  Nights nights;
  const auto was_away = [&](const std::string& node, Millis ago) {
    nights.sim.model.at(node).ready_since = nights.sim.clock.moment() + -ago;
  };
  was_away("worker-1", std::chrono::hours(1));
  CHECK(nights.night().size() >= 3);
  was_away("worker-1", std::chrono::minutes(135));
  CHECK(nights.night().empty());
  was_away("worker-2", std::chrono::minutes(135));
  CHECK(nights.night().size() >= 3);
  CHECK(nights.sim.ending() == Ending::refused);
}

TEST_CASE("a person's own start is told in full, however often preflight refuses it") {
  Nights nights;
  nights.sim.model.at("worker-1").reachable = false;
  const auto first = nights.night();
  CHECK(nights.night("console:ana").size() == first.size());
  CHECK_FALSE(nights.quiet.hides(nights.newest_run()));
}

TEST_CASE("what failed on its way is not started again without a person") {
  Nights nights;
  nights.sim.world.on_change = [&](const std::string& change) {
    if (change != "cordoned worker-2") return;
    for (auto& [name, node] : nights.sim.model.nodes)
      node.budget_blocks = true;
  };
  nights.night();
  CHECK(nights.sim.ending() == Ending::failed);
  CHECK(why_not_again(nights.sim.journal, kTarget).find("ended: failed") != std::string::npos);
  CHECK(why_not_again(nights.sim.journal, {1, 34, 8, {}}).empty());
}

}  // namespace lockkeeper::sim
