// SPDX-License-Identifier: Apache-2.0

// Stories of single troubles, each with the ending that an operator would want.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>

#include "tests/sim/simulation.h"

namespace lockkeeper::sim {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const Version kPatch{1, 34, 7, {}};

struct Five : Simulation {
  Five() : Simulation(make_model(1, 4, {1, 34, 2, {}})) {}
  explicit Five(Settings the_settings)
      : Simulation(make_model(1, 4, {1, 34, 2, {}}), std::move(the_settings)) {}

  ~Five() override {
    for (const auto& violation : oracle.violations())
      FAIL_CHECK(violation);
  }

  void start(const std::string& order = "start 1.34.7") {
    const auto reply = order_surely(order);
    REQUIRE_MESSAGE(reply.ok(), reply.text);
  }

  bool said(std::string_view text) const {
    return std::ranges::any_of(messages, [&](const Message& message) {
      return message.text.find(text) != std::string::npos;
    });
  }

  int upgraded() const {
    return static_cast<int>(std::ranges::count_if(
        model.nodes, [](const auto& entry) { return entry.second.kubelet == kPatch; }));
  }

  /// Runs `then` once the named thing has happened, for example "cordoned worker-3".
  void when(const std::string& what, std::function<void()> then) {
    world.on_change = [this, what, then = std::move(then),
                       fired = false](const std::string& change) mutable {
      if (change != what || fired) return;
      fired = true;
      clock.after(Millis(1), then);
    };
  }
};

const Labels kApiDown{{"alertname", "KubeAPIDown"}, {"severity", "critical"}};

}  // namespace

TEST_CASE("a dry run reads everything, prints WOULD, and changes nothing") {
  Five sim;
  sim.start("start 1.34.7 --dry-run");
  REQUIRE(sim.run_to_end());
  CHECK(sim.ending() == Ending::dry);
  CHECK(sim.upgraded() == 0);
  CHECK(sim.model.snapshots.empty());
  CHECK(sim.said("WOULD: drain worker-4"));
}

TEST_CASE("an alert between two nodes holds the next one, and the current one finishes") {
  Five sim;
  sim.when("upgrade started on worker-4", [&] { sim.fire(kApiDown); });
  sim.clock.after(hours(1), [&] { sim.resolve("KubeAPIDown"); });
  sim.start();
  REQUIRE(sim.run_to_end());
  CHECK(sim.ending() == Ending::done);
  CHECK(sim.said("paused by the gate"));
  CHECK(sim.said("goes on"));
}

TEST_CASE("an abort alert during a drain uncordons the node and ends the run") {
  Five sim;
  sim.when("evicted a pod of worker-3", [&] { sim.fire({{"alertname", "AbortNow"}}); });
  sim.start();
  REQUIRE(sim.run_to_end());
  CHECK(sim.ending() == Ending::aborted);
  CHECK(sim.upgraded() == 2);
  CHECK_FALSE(sim.model.at("worker-3").unschedulable);
  CHECK(sim.model.at("worker-3").pods > 0);
}

TEST_CASE("an abort during a node script lets it finish and the node come back") {
  Five sim;
  sim.when("upgrade started on worker-3", [&] { sim.fire({{"alertname", "AbortNow"}}); });
  sim.start();
  REQUIRE(sim.run_to_end());
  CHECK(sim.ending() == Ending::aborted);
  CHECK(sim.upgraded() == 3);
  CHECK_FALSE(sim.model.at("worker-3").unschedulable);
}

TEST_CASE("an abort survives the death of the bot") {
  Five sim;
  bool died = false;
  sim.when("evicted a pod of worker-3", [&] {
    sim.fire({{"alertname", "AbortNow"}});
    sim.faults.decide_with([&](std::uint64_t, std::string_view port) {
      if (died || port != "uncordon") return Fault::none;
      died = true;
      sim.resolve("AbortNow");
      return Fault::crash_before;
    });
  });
  sim.start();
  REQUIRE(sim.run_to_end());
  CHECK(died);
  CHECK(sim.ending() == Ending::aborted);
  CHECK(sim.upgraded() == 2);
}

TEST_CASE("Prometheus gone in the middle blinds the gate, sight and quiet open it again") {
  Five sim;
  sim.when("upgrade started on worker-4", [&] { sim.prometheus(false); });
  sim.clock.after(hours(2), [&] { sim.prometheus(true); });
  sim.start();
  REQUIRE(sim.run_to_end());
  CHECK(sim.ending() == Ending::done);
  CHECK(sim.said("blind"));
  CHECK(sim.clock.moment().since_start > hours(2));
}

TEST_CASE("a Watchdog that does not fire is blindness, not an empty list of alerts") {
  Five sim;
  sim.model.watchdog = false;
  sim.start();
  CHECK(sim.run_to_end());
  CHECK(sim.ending() == Ending::refused);
  CHECK(sim.said("Watchdog"));
}

TEST_CASE("a person pauses and resumes, nothing new starts in between") {
  Five sim;
  sim.when("upgrade started on worker-4", [&] { CHECK(sim.order("pause lunch").ok()); });
  sim.clock.after(hours(3), [&] { CHECK(sim.order_surely("resume").ok()); });
  sim.start();
  REQUIRE(sim.run_to_end());
  CHECK(sim.ending() == Ending::done);
  CHECK(sim.said("paused by a person before step"));
  CHECK(sim.clock.moment().since_start > hours(3));
}

TEST_CASE("a person aborts, the order needs the plan's digest") {
  Five sim;
  sim.when("cordoned worker-4", [&] {
    CHECK_FALSE(sim.order("abort now").confirm.empty());
    CHECK_FALSE(sim.order("abort now --confirm 00000000").confirm.empty());
    CHECK(sim.order_surely("abort enough").ok());
  });
  sim.start();
  REQUIRE(sim.run_to_end());
  CHECK(sim.ending() == Ending::aborted);
  CHECK(sim.upgraded() == 1);
  CHECK_FALSE(sim.model.at("worker-4").unschedulable);
}

TEST_CASE("a drain that cannot finish uncordons its node, stops, and names the budget") {
  Five sim;
  sim.model.at("worker-3").budget_blocks = true;
  sim.start();
  REQUIRE(sim.run_to_end());
  CHECK(sim.ending() == Ending::failed);
  CHECK(sim.said("budget shop/web allows 0"));
  CHECK_FALSE(sim.model.at("worker-3").unschedulable);
  CHECK(sim.upgraded() == 2);
}

TEST_CASE("a node script that fails leaves its node cordoned and prints the way back") {
  Five sim;
  sim.when("upgrade started on worker-3", [&] {
    for (auto& [id, job] : sim.model.jobs)
      job.ends_well = job.node != "worker-3" || job.finished;
  });
  sim.start();
  REQUIRE(sim.run_to_end());
  CHECK(sim.ending() == Ending::failed);
  CHECK(sim.model.at("worker-3").unschedulable);
  CHECK(sim.said("worker-3 stays cordoned"));
  CHECK(sim.said("etcd snapshot of this run: /backups/"));
  CHECK(sim.upgraded() == 2);
}

TEST_CASE("a node that a failed run left cordoned on the target is finished by the next") {
  Five sim;
  sim.when("upgrade ended on worker-3", [&] {
    // Longer than the wait for a Ready node, and begun after the kubelet came back once.
    sim.clock.after(seconds(9), [&] { sim.flap("worker-3", hours(5)); });
  });
  sim.start();
  REQUIRE(sim.run_to_end());
  CHECK(sim.ending() == Ending::failed);
  CHECK(sim.model.at("worker-3").unschedulable);
  sim.clock.pass(hours(30));
  sim.start();
  REQUIRE(sim.run_to_end());
  CHECK(sim.ending() == Ending::done);
  CHECK(sim.all_on(kPatch));
}

TEST_CASE("a node cordoned by a person is upgraded and stays cordoned") {
  Five sim;
  sim.model.at("worker-2").unschedulable = true;
  sim.model.at("worker-2").person_cordoned = true;
  sim.start();
  REQUIRE(sim.run_to_end());
  CHECK(sim.ending() == Ending::done);
  CHECK(sim.model.at("worker-2").unschedulable);
  CHECK(sim.model.at("worker-2").kubelet == kPatch);
}

TEST_CASE("the kill switch on the namespace ends the run without any chat") {
  Five sim;
  sim.when("cordoned worker-3", [&] {
    sim.model.kill = "stop, says ana";
    sim.oracle.kill_changed();
  });
  sim.start();
  REQUIRE(sim.run_to_end());
  CHECK(sim.ending() == Ending::aborted);
  CHECK(sim.said("the kill switch is set: stop, says ana"));
}

TEST_CASE("a full disk stops the run before its next action, space and resume carry it on") {
  Five sim;
  sim.when("upgrade ended on worker-4", [&] { sim.journal.disk_full = true; });
  sim.clock.after(hours(1), [&] { sim.journal.disk_full = false; });
  sim.start();
  REQUIRE(sim.run_to_end());
  CHECK(sim.said("the journal cannot be written"));
  CHECK(sim.ending() == Ending::done);
}

TEST_CASE("a script that vanished without a status asks a person, who vouches for going on") {
  Five sim;
  sim.when("upgrade started on worker-4", [&] {
    for (auto& [id, job] : sim.model.jobs)
      job.lost = job.lost || job.node == "worker-4";
    sim.faults.decide_with([died = false](std::uint64_t, std::string_view port) mutable {
      if (died || port != "remote_job") return Fault::none;
      died = true;
      return Fault::crash_before;
    });
  });
  sim.clock.after(hours(1), [&] { CHECK(sim.order_surely("resume looked at it").ok()); });
  sim.start();
  REQUIRE(sim.run_to_end());
  CHECK(sim.said("needs a person"));
  CHECK(sim.ending() == Ending::done);
  CHECK(sim.all_on(kPatch));
  for (auto& [id, job] : sim.model.jobs)
    job.starts = 1;  // the second start was vouched for
}

TEST_CASE("the bot steps aside from its own node and carries on elsewhere") {
  auto settings = sim_settings();
  settings.kubernetes.own_node = "worker-2";
  settings.kubernetes.own_pod = "lockkeeper/lockkeeper-0";
  Five sim(settings);
  sim.model.bot_node = "worker-2";
  sim.start();
  REQUIRE(sim.run_to_end());
  // It was driven from worker-2 to the control plane, which is done and stays.
  CHECK(sim.model.bot_node == "cp-1");
  CHECK(sim.lives() == 2);
  CHECK(sim.ending() == Ending::done);
}

TEST_CASE("soak restarts at every flap, and the next node waits for it") {
  Five sim;
  sim.when("uncordoned worker-4", [&] {
    sim.clock.after(seconds(70), [&] { sim.flap("worker-4", seconds(20)); });
    sim.clock.after(seconds(190), [&] { sim.flap("worker-4", seconds(20)); });
  });
  sim.start();
  REQUIRE(sim.run_to_end());
  CHECK(sim.ending() == Ending::done);
  CHECK(sim.said("begun anew 2 times"));
}

TEST_CASE("another node that is not Ready holds the next node") {
  Five sim;
  sim.when("upgrade started on worker-4", [&] { sim.flap("worker-1", hours(1)); });
  sim.start();
  REQUIRE(sim.run_to_end());
  CHECK(sim.ending() == Ending::done);
  CHECK(sim.said("worker-1 is not Ready"));
}

TEST_CASE("a webhook that no poll confirms pauses for its while and is dropped") {
  Five sim;
  sim.when("upgrade ended on worker-4", [&] {
    sim.fire(kApiDown);
    sim.resolve("KubeAPIDown");
  });
  sim.start();
  REQUIRE(sim.run_to_end());
  CHECK(sim.ending() == Ending::done);
}

TEST_CASE("RecentNodeReboot of a node just worked on is waited out, for 30 minutes, then aborts") {
  Five sim;
  const Labels reboot{{"alertname", "RecentNodeReboot"}, {"node", "worker-4"}};
  sim.when("upgrade ended on worker-4", [&] { sim.fire(reboot); });
  sim.start();
  SUBCASE("it clears in time") {
    sim.clock.after(minutes(30), [&] { sim.resolve("RecentNodeReboot"); });
    REQUIRE(sim.run_to_end());
    CHECK(sim.ending() == Ending::done);
  }
  SUBCASE("it stays") {
    REQUIRE(sim.run_to_end());
    CHECK(sim.ending() == Ending::aborted);
    CHECK(sim.said("after max_pause = 30m"));
  }
}

TEST_CASE("a wall clock that jumps moves neither the soak nor the quiet time") {
  Five plain;
  plain.start();
  REQUIRE(plain.run_to_end());
  for (const auto jump : {hours(2), hours(-2)}) {
    Five sim;
    sim.when("uncordoned worker-4", [&, jump] { sim.clock.step_wall(jump); });
    sim.start();
    REQUIRE(sim.run_to_end());
    CHECK(sim.ending() == Ending::done);
    CHECK(sim.clock.moment() == plain.clock.moment());
  }
}

TEST_CASE("a second start while a run is open is refused, and changes nothing") {
  Five sim;
  sim.when("cordoned worker-4", [&] {
    const auto reply = sim.order("start 1.34.7");
    CHECK(reply.code == Reply::Code::conflict);
    CHECK(reply.text.find("one run at a time") != std::string::npos);
  });
  sim.start();
  REQUIRE(sim.run_to_end());
  CHECK(sim.ending() == Ending::done);
}

TEST_CASE("another bot's claim ends the run before it touches a node") {
  Five sim;
  sim.when("snapshot taken", [&] { sim.model.claim = "r-other"; });
  sim.start();
  REQUIRE(sim.run_to_end());
  CHECK(sim.ending() == Ending::aborted);
  CHECK(sim.upgraded() == 0);
  CHECK(sim.said("run r-other claims the cluster"));
}

TEST_CASE("a node that joins during the run is named, and no success is said") {
  Five sim;
  sim.when("cordoned worker-1", [&] {
    auto node = sim.model.at("worker-1");
    node.name = "worker-9";
    node.unschedulable = false;
    node.cordoned_by.clear();
    sim.model.nodes.emplace(node.name, node);
  });
  sim.start();
  REQUIRE(sim.run_to_end());
  CHECK(sim.ending() == Ending::failed);
  CHECK(sim.said("worker-9 runs v1.34.2"));
  CHECK_FALSE(sim.said("complete"));
}

}  // namespace lockkeeper::sim
