// SPDX-License-Identifier: Apache-2.0

// The gate against a model that is written down as the reference says it, one sentence a line, and
// remembers the whole past instead of a state: what the polls showed, when, and what a person said.

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>

#include "tests/unit/bot/gate_world.h"

namespace lockkeeper::test {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr int kAlerts = 3;

/// One poll of the past. All are good.
struct Look {
  Moment at;
  std::array<bool, kAlerts> firing{};
  bool resumes = false;  // the alert of the rule that resumes
  bool person = false;   // a person said resume just before
};

struct Model {
  Millis hold_for;
  int min_alerts = 1;
  Millis resume_after;
  Millis min_pause;
  bool sticky = false;
  std::vector<Look> past;

  [[nodiscard]] Millis seen(std::size_t look, std::size_t alert) const {
    auto first = look;
    while (first > 0 && past[first - 1].firing[alert])
      --first;
    return past[look].at - past[first].at;
  }

  /// Whether the rule decides about any alert at that look.
  [[nodiscard]] bool decides(std::size_t look) const {
    int count = 0;
    for (std::size_t alert = 0; alert < kAlerts; ++alert)
      count += past[look].firing[alert] && seen(look, alert) >= hold_for ? 1 : 0;
    return count >= min_alerts;
  }

  /// Whether the gate is shut after the newest look: it holds now, or it held and has not been let
  /// go since.
  [[nodiscard]] bool shut() const {
    std::optional<std::size_t> began;  // of the hold
    std::optional<std::size_t> last;   // look at which the rule held
    bool stuck = false;
    for (std::size_t look = 0; look < past.size(); ++look) {
      if (past[look].person) stuck = false;
      if (past[look].resumes) {
        began.reset();
        continue;
      }
      if (decides(look)) {
        if (!began) began = look;
        last = look;
        stuck = sticky;
        continue;
      }
      if (!began) continue;
      // Quiet is counted from the first clear look on.
      const bool quiet = past[look].at - past[*last + 1].at >= resume_after;
      const bool lasted = past[look].at - past[*began].at >= min_pause;
      if (quiet && lasted && !stuck) began.reset();
    }
    return began.has_value();
  }
};

}  // namespace

TEST_CASE("the gate is what the model says after every poll") {
  CHECK(rc::check("gate and model", [] {
    Model model;
    model.hold_for = seconds(15 * *rc::gen::inRange(0, 4));
    model.min_alerts = *rc::gen::inRange(1, 4);
    model.resume_after = seconds(15 * *rc::gen::inRange(0, 5));
    model.min_pause = seconds(15 * *rc::gen::inRange(0, 8));
    model.sticky = *rc::gen::weightedElement<bool>({{3, false}, {1, true}});

    auto rule = gate_rule("model", "alertname=\"M\"", RuleAction::pause);
    rule.hold_for = model.hold_for;
    rule.min_alerts = model.min_alerts;
    rule.resume_after = model.resume_after;
    rule.min_pause = model.min_pause;
    rule.sticky = model.sticky;
    auto resuming = gate_rule("resuming", "alertname=\"R\"", RuleAction::resume);
    resuming.resumes = {"model"};
    GateWorld world({rule, resuming});

    const int looks = *rc::gen::inRange(1, 40);
    for (int i = 0; i < looks; ++i) {
      Look look;
      look.at = after(world.now + kPoll);
      look.resumes = *rc::gen::weightedElement<bool>({{12, false}, {1, true}});
      look.person = *rc::gen::weightedElement<bool>({{8, false}, {1, true}});
      std::vector<Labels> firing;
      for (std::size_t alert = 0; alert < kAlerts; ++alert) {
        // Alerts stay what they were more often than not.
        const bool was = !model.past.empty() && model.past.back().firing[alert];
        const bool stays = *rc::gen::weightedElement<bool>({{4, true}, {1, false}});
        look.firing[alert] = stays ? was : !was;
        if (look.firing[alert])
          firing.push_back({{"alertname", "M"}, {"i", std::to_string(alert)}});
      }
      if (look.resumes) firing.push_back({{"alertname", "R"}});
      if (look.person) world.gate.resume();
      world.passes(kPoll, firing);
      model.past.push_back(look);
      RC_ASSERT((world.answer() == Answer::wait) == model.shut());
    }
  }));
}

TEST_CASE("a gate that is restarted at any moment does not open before one that is not") {
  CHECK(rc::check("restart", [] {
    auto rule = gate_rule("held", "alertname=\"M\"", RuleAction::pause);
    rule.resume_after = seconds(15 * *rc::gen::inRange(0, 5));
    rule.min_pause = seconds(15 * *rc::gen::inRange(0, 8));
    rule.sticky = *rc::gen::arbitrary<bool>();
    GateSettings settings;
    settings.resume_after = seconds(30);
    GateWorld living({rule}, settings);
    GateWorld restarted({rule}, settings);
    const int looks = *rc::gen::inRange(1, 30);
    const int dies_at = *rc::gen::inRange(0, looks);
    std::optional<Gate> second_life;
    for (int i = 0; i < looks; ++i) {
      std::vector<Labels> firing;
      // Behind the restart nothing fires: what began anew in one stretch and not in the other
      // would be held for different times, and rightly so.
      if (i < dies_at && *rc::gen::weightedElement<bool>({{2, false}, {1, true}}))
        firing.push_back({{"alertname", "M"}});
      if (i == dies_at) {
        const auto memory = restarted.gate.memory(kNoon, after(restarted.now));
        second_life.emplace(GateWorld::book({rule}), settings);
        second_life->arm(memory, kNoon, after(restarted.now));
      }
      living.passes(kPoll, firing);
      restarted.now += kPoll;
      Gate& gate = second_life ? *second_life : restarted.gate;
      gate.saw(GateWorld::sighting(firing), after(restarted.now));
      Situation situation;
      situation.phase = Phase::between;
      const auto open = gate.ask(situation, after(restarted.now)).answer == Answer::go;
      RC_ASSERT(!open || living.answer() == Answer::go);
    }
  }));
}

}  // namespace lockkeeper::test
