// SPDX-License-Identifier: Apache-2.0

// Rules that are changed while a run is open: by people who slip, on disks that fill up, by bots
// that die.

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/sim/simulation.h"

namespace lockkeeper::sim {
namespace {

using std::chrono::minutes;

struct Reloading : Simulation {
  Reloading() : Simulation(make_model(1, 2, {1, 34, 2, {}})) {}
  ~Reloading() override {
    for (const auto& violation : oracle.violations())
      FAIL_CHECK(violation);
  }

  /// A run that an alert holds behind the control plane from its sixth minute on.
  void held_up() {
    REQUIRE(order_surely("start 1.34.7").ok());
    clock.after(minutes(6), [this] { fire({{"alertname", "NewInThisRelease"}}); });
  }

  bool said(std::string_view text) const {
    return std::ranges::any_of(messages, [&](const Message& message) {
      return message.text.find(text) != std::string::npos;
    });
  }

  std::vector<RulesChanged> written() const {
    std::vector<RulesChanged> all;
    for (const auto& record : journal.records())
      if (const auto* changed = std::get_if<RulesChanged>(&record.body)) all.push_back(*changed);
    return all;
  }
};

}  // namespace

TEST_CASE("an alert that holds a run is ignored from the moment in which a rule says so") {
  Reloading sim;
  sim.held_up();
  sim.clock.after(minutes(20), [&] {
    CHECK(sim.model.at("worker-1").kubelet == Version{1, 34, 2, {}});
    sim.write_rule("known", "NewInThisRelease", RuleAction::ignore);
  });
  REQUIRE(sim.run_to_end());
  CHECK(sim.ending() == Ending::done);
  REQUIRE(sim.written().size() == 1);
  CHECK(sim.written()[0].changes == std::vector<std::string>{"rule known added: ignore"});
  CHECK(sim.said("are in force, 1 change:\n  rule known added: ignore"));
}

TEST_CASE("a file with an error changes nothing and is told") {
  Reloading sim;
  sim.held_up();
  sim.clock.after(minutes(20), [&] {
    sim.reread(std::unexpected(std::vector<std::string>{"sim.ini:3: unknown key \"acton\""}));
  });
  CHECK_FALSE(sim.run_to_end(minutes(60)));
  CHECK(sim.written().empty());
  CHECK(sim.said("was not taken over, 1 error; rules "));
  CHECK(sim.said("sim.ini:3: unknown key"));
  CHECK(sim.model.at("worker-1").kubelet == Version{1, 34, 2, {}});
}

TEST_CASE("rules that cannot be written down are not in force") {
  Reloading sim;
  sim.journal.disk_full = true;
  auto read = sim.settings;
  read.rules.fallback.action = RuleAction::notify;
  sim.reread(read);
  CHECK(sim.said("was not taken over, 1 error"));
  CHECK(sim.order("rules").text.find("default_action (sim.ini:1): pause") != std::string::npos);
  sim.journal.disk_full = false;
  sim.reread(read);
  CHECK(sim.order("rules").text.find("default_action (sim.ini:1): notify") != std::string::npos);
}

TEST_CASE("while no run is open the change is written down, too, and no run is found in it") {
  Reloading sim;
  sim.write_rule("known", "NewInThisRelease", RuleAction::ignore);
  REQUIRE(sim.journal.records().size() == 1);
  CHECK(sim.journal.records()[0].run.empty());
  CHECK(sim.order("history").text == "no run yet");
  REQUIRE(sim.order_surely("start 1.34.7").ok());
  REQUIRE(sim.run_to_end());
  CHECK(sim.ending() == Ending::done);
}

TEST_CASE("an answer is given to who asks, and to nobody else, when nothing has changed") {
  Reloading sim;
  sim.reread(sim.settings, false);
  CHECK(sim.messages.empty());
  sim.reread(sim.settings, true);
  CHECK(sim.said("read again, nothing has changed; rules "));
  CHECK(sim.written().empty());
}

TEST_CASE("a bot that died at any point of a reload goes by one of the two files") {
  for (const auto fault :
       {Fault::crash_before, Fault::crash_after, Fault::error_before, Fault::error_after}) {
    CAPTURE(static_cast<int>(fault));
    Reloading sim;
    sim.held_up();
    sim.clock.after(minutes(20), [&] {
      sim.faults.decide_with([&](std::uint64_t, std::string_view port) {
        if (port != "append") return Fault::none;
        sim.faults.stop();
        return fault;
      });
      sim.write_rule("known", "NewInThisRelease", RuleAction::ignore);
      // A refused change is there when the file is read the next time.
      if (sim.lives() == 1) sim.clock.after(minutes(5), [&] { sim.read_file_again(); });
    });
    REQUIRE(sim.run_to_end());
    CHECK(sim.ending() == Ending::done);
    const auto written = sim.written();
    REQUIRE_FALSE(written.empty());
    CHECK(std::ranges::all_of(
        written, [&](const RulesChanged& one) { return one.digest == written[0].digest; }));
  }
}

TEST_CASE("a run that goes on under other rules after a restart says so") {
  Reloading sim;
  REQUIRE(sim.order_surely("start 1.34.7").ok());
  sim.clock.after(minutes(10), [&] {
    sim.edit_file([](RuleBook& book) { book.fallback.action = RuleAction::notify; });
    sim.faults.decide_with([&](std::uint64_t, std::string_view) {
      sim.faults.stop();
      return Fault::crash_before;
    });
  });
  REQUIRE(sim.run_to_end());
  CHECK(sim.lives() == 2);
  REQUIRE(sim.written().size() == 1);
  CHECK(sim.written()[0].changes[0].find("were in force before this start") != std::string::npos);
  CHECK(sim.order("history r-torxc0").text.find("were in force before this start") !=
        std::string::npos);
}

}  // namespace lockkeeper::sim
