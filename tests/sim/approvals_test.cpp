// SPDX-License-Identifier: Apache-2.0

// Starts that need another person: who may, what comes of each decision, and the bot's death in
// between. The oracle looks at every record meanwhile.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>

#include "tests/sim/simulation.h"

namespace lockkeeper::sim {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

const std::string kBen = "console:ben";
const std::string kEva = "console:eva";

struct Two : Simulation {
  Two() : Simulation(make_model(1, 2, {1, 34, 2, {}}), with_approvals()) {}
  ~Two() override {
    for (const auto& violation : oracle.violations())
      FAIL_CHECK(violation);
  }

  /// Asks for the patch; the plan's digest.
  std::string asked(const Actor& actor = "console:ana") {
    const auto shown = order("start 1.34.7", actor);
    REQUIRE_MESSAGE(!shown.confirm.empty(), shown.text);
    const auto reply = order("start 1.34.7 --confirm " + shown.confirm, actor);
    CHECK_MESSAGE(reply.ok(), reply.text);
    return shown.confirm;
  }

  bool open() { return (*journal.open_run()).has_value(); }

  template <typename Kind>
  int count() const {
    return static_cast<int>(std::ranges::count_if(journal.records(), [](const Record& record) {
      return std::holds_alternative<Kind>(record.body);
    }));
  }

  std::vector<Ruling> rulings() const {
    std::vector<Ruling> all;
    for (const auto& record : journal.records())
      if (const auto* decided = std::get_if<Decided>(&record.body)) all.push_back(decided->ruling);
    return all;
  }

  /// The next append, counted from now, ends the process.
  void die_at_append(int number, Fault fault) {
    faults.decide_with([this, number, fault](std::uint64_t, std::string_view port) mutable {
      if (port != "append" || --number > 0) return Fault::none;
      faults.stop();
      return fault;
    });
  }
};

bool has(const std::string& text, std::string_view words) {
  return text.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("a start waits until another person has approved it, and is one run") {
  Two sim;
  const auto seal = sim.asked();
  CHECK_FALSE(sim.open());
  CHECK(has(sim.messages.back().text, "waits for approval: 1.34.2 -> 1.34.7"));
  CHECK(has(sim.order("status").text, "waits for approval: 1.34.2 -> 1.34.7"));
  const auto reply = sim.order("approve " + seal, kBen);
  CHECK(has(reply.text, "approved: run r-"));
  REQUIRE(sim.open());
  CHECK(has(sim.order("status").text, "by console:ana, approved by console:ben"));
  CHECK(has(sim.order("approve " + seal, kEva).text, "was approved by console:ben"));
  REQUIRE(sim.run_to_end());
  CHECK(sim.ending() == Ending::done);
  CHECK(has(sim.order("approve " + seal, kEva).text, "was approved by console:ben"));
  CHECK(sim.count<Opened>() == 1);
}

TEST_CASE("who asked does not approve, nor who may not, nor who may be the same person") {
  Two sim;
  const auto seal = sim.asked();
  const auto own = sim.order("approve " + seal);
  CHECK(own.code == Reply::Code::denied);
  CHECK(has(own.text, "console:ana asked for plan " + seal + ": another person has to approve it"));
  CHECK(sim.order("approve " + seal).code == Reply::Code::denied);
  CHECK(has(sim.order("approve " + seal, "console:zoe").text, "needs the role approver"));
  const auto token = sim.order("approve " + seal, "http:ci");
  CHECK(token.code == Reply::Code::denied);
  CHECK(has(token.text, "it cannot be told whether http:ci and console:ana"));
  CHECK_FALSE(sim.open());
  // Each of them once, whatever they try.
  CHECK(sim.rulings() == std::vector{Ruling::refused, Ruling::refused});
}

TEST_CASE("a token that is known to be the same person's does not approve either") {
  auto sim = Two();
  sim.settings.authority.people = {"ana=console:ana+http:ci", "ben=console:ben"};
  const auto seal = sim.asked();
  CHECK(has(sim.order("approve " + seal, "http:ci").text, "another person has to approve it"));
  CHECK(sim.order("withdraw " + seal, "http:ci").ok());
  CHECK(sim.rulings() == std::vector{Ruling::refused, Ruling::withdrawn});
}

TEST_CASE("each end of a request is told to whoever comes late") {
  Two sim;
  auto seal = sim.asked();
  CHECK(sim.order("withdraw " + seal, kBen).code == Reply::Code::denied);
  CHECK(sim.order("withdraw " + seal + " too early").ok());
  CHECK(has(sim.order("approve " + seal, kBen).text, "was withdrawn by console:ana"));
  seal = sim.asked();
  CHECK(sim.order("decline " + seal + " not on a friday", kBen).ok());
  CHECK(has(sim.order("approve " + seal, kEva).text, "declined by console:ben"));
  CHECK(has(sim.order("approve " + seal, kEva).text, "not on a friday"));
  seal = sim.asked();
  sim.clock.pass(hours(5));
  CHECK(has(sim.messages.back().text, "nobody approved it"));
  CHECK(has(sim.order("approve " + seal, kBen).text, "expired at"));
  CHECK(has(sim.order("approve 00000000", kBen).text, "no start with plan '00000000'"));
  CHECK(has(sim.order("approve", kBen).text, "its digest is missing"));
  CHECK_FALSE(sim.open());
  CHECK(sim.rulings() == std::vector{Ruling::withdrawn, Ruling::declined, Ruling::expired});
}

TEST_CASE("an approval in the moment of expiry ends the request, and opens nothing") {
  Two sim;
  sim.settings.authority.approval_lifetime = minutes(1);
  const auto seal = sim.asked();
  sim.clock.step_wall(minutes(1));
  CHECK(has(sim.order("approve " + seal, kBen).text, "nobody approved it"));
  CHECK_FALSE(sim.open());
  CHECK(has(sim.order("approve " + seal, kBen).text, "nobody approved it"));
  CHECK(sim.rulings() == std::vector{Ruling::expired});
}

TEST_CASE("a plan that is another one by then is void, and it is said what has changed") {
  Two sim;
  const auto seal = sim.asked();
  sim.model.at("worker-1").containerd = "1.7.28";
  const auto reply = sim.order("approve " + seal, kBen);
  CHECK(reply.code == Reply::Code::conflict);
  CHECK(has(reply.text, "the plan would be another one now"));
  CHECK(has(reply.text, "node worker-1: containerd 1.7.28, was containerd 1.7.27"));
  CHECK_FALSE(sim.open());
  CHECK(has(sim.order("approve " + seal, kBen).text, "is void since"));
  // What was asked for anew may be approved.
  CHECK(has(sim.order("approve " + sim.asked(), kBen).text, "approved: run"));
}

TEST_CASE("when there is nothing left to do by then, the request is void") {
  Two sim;
  const auto seal = sim.asked();
  sim.model.api_server = {1, 34, 7, {}};
  for (auto& [name, node] : sim.model.nodes)
    node.kubelet = {1, 34, 7, {}};
  CHECK(has(sim.order("approve " + seal, kBen).text, "there would be no plan now: nothing to do"));
  CHECK(sim.rulings() == std::vector{Ruling::changed});
}

TEST_CASE("a request outlives what passes: an open run, an API server that is away, blindness") {
  Two sim;
  const auto seal = sim.asked();
  sim.model.api_back = sim.clock.moment() + minutes(1);
  CHECK(sim.order("approve " + seal, kBen).code == Reply::Code::failed);
  sim.clock.pass(minutes(2));
  sim.order("start 1.34.7 --dry-run");
  REQUIRE(sim.open());
  CHECK(has(sim.order("approve " + seal, kBen).text, "one run at a time"));
  REQUIRE(sim.run_to_end());
  CHECK(has(sim.order("approve " + seal, kBen).text, "approved: run"));
}

TEST_CASE("who cannot be told from anybody else is told so at once") {
  Two sim;
  const auto shown = sim.order("start 1.34.7", "http:ci");
  CHECK(has(shown.text, "another person has to approve it"));
  const auto reply = sim.order("start 1.34.7 --confirm " + shown.confirm, "http:ci");
  CHECK(has(reply.text, "nobody could approve it: [authority] people does not say who http:ci is"));
  CHECK(sim.count<Requested>() == 0);
}

TEST_CASE("dry runs, resume and abort need nobody else") {
  Two sim;
  CHECK(sim.order("start 1.34.7 --dry-run").ok());
  REQUIRE(sim.run_to_end());
  CHECK(sim.ending() == Ending::dry);
  sim.clock.pass(hours(1));
  CHECK(sim.order("approve " + sim.asked(), kBen).ok());
  sim.order("pause lunch");
  CHECK(has(sim.order_surely("resume").text, "resume is noted"));
  CHECK(has(sim.order_surely("abort enough").text, "abort is noted"));
  REQUIRE(sim.run_to_end());
  CHECK(sim.ending() == Ending::aborted);
}

TEST_CASE("the same plan asked for twice is one request, and there are only a few") {
  Two sim;
  const auto seal = sim.asked();
  CHECK(sim.asked() == seal);
  CHECK(sim.asked("console:zoe") == seal);
  CHECK(sim.count<Requested>() == 1);
  for (int i = 1; i <= 6; ++i) {
    const auto line = fmt::format("start 1.34.{}", 2 + i);
    const auto shown = sim.order(line);
    const auto reply = sim.order(line + " --confirm " + shown.confirm);
    CHECK(reply.ok() == (i <= 5));
  }
  CHECK(sim.count<Requested>() == 5);
}

TEST_CASE("what detection asks for anybody may approve, and nobody is asked again who said no") {
  Two sim;
  sim.settings.detection.on_available = DetectionSettings::OnAvailable::start;
  const Actor detection = "bot:detection";
  auto seal = sim.asked(detection);
  CHECK_FALSE(sim.open());
  CHECK(sim.order("decline " + seal, kBen).ok());
  CHECK(has(sim.order("start 1.34.7 --confirm " + seal, detection).text, "was declined by"));
  CHECK(sim.order("approve " + sim.asked("console:eva"), kBen).ok());
}

TEST_CASE("the bot dies at each append of an approval: the run is opened once") {
  for (const auto fault :
       {Fault::crash_before, Fault::crash_after, Fault::error_before, Fault::error_after}) {
    for (int append = 1; append <= 2; ++append) {
      Two sim;
      const auto seal = sim.asked();
      sim.die_at_append(append, fault);
      sim.order("approve " + seal, kBen);
      // As a click that Slack's inbox brings again.
      const auto again = sim.order("approve " + seal, kBen);
      CHECK_MESSAGE((has(again.text, "approved: run") || has(again.text, "was approved by")),
                    again.text);
      CHECK(sim.count<Opened>() == 1);
      REQUIRE(sim.run_to_end());
      CHECK(sim.ending() == Ending::done);
      CHECK(has(sim.order("approve " + seal, kEva).text, "was approved by console:ben"));
    }
  }
}

TEST_CASE("the bot dies while somebody asks or declines: it has happened, or it has not") {
  for (const auto fault : {Fault::crash_before, Fault::crash_after, Fault::error_after}) {
    Two sim;
    const auto shown = sim.order("start 1.34.7");
    sim.die_at_append(1, fault);
    sim.order("start 1.34.7 --confirm " + shown.confirm);
    CHECK(sim.asked() == shown.confirm);
    CHECK(sim.count<Requested>() == 1);
    sim.die_at_append(1, fault);
    sim.order("decline " + shown.confirm, kBen);
    sim.order("decline " + shown.confirm, kBen);
    CHECK(sim.rulings() == std::vector{Ruling::declined});
    CHECK(has(sim.order("approve " + shown.confirm, kBen).text, "was declined"));
  }
}

}  // namespace lockkeeper::sim
