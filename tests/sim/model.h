// SPDX-License-Identifier: Apache-2.0
#pragma once

// The simulated cluster: what is really the case, as opposed to what the bot has seen of it. Plain
// data; the world (sim_world.h) changes it in the bot's name, events change it in everybody else's.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "bot/facts.h"
#include "bot/ports.h"
#include "bot/time.h"

namespace lockkeeper::sim {

struct SimNode {
  std::string name;
  bool control_plane = false;
  Version kubelet{1, 34, 2, {}};
  std::string containerd = "1.7.27";
  bool ready = true;
  Moment ready_since;  // of the newest change; the soak is checked against it
  bool unschedulable = false;
  std::string cordoned_by;       // the annotation
  bool person_cordoned = false;  // by a person, before or during the run
  int pods = 6;
  bool budget_blocks = false;  // an eviction on it is refused for ever
  bool repository_moved = false;
  bool reachable = true;  // over SSH
  Moment lease_base;      // when its kubelet began to renew its Lease
};

/// A node script on its host: goes on whatever happens to the bot.
struct SimJob {
  std::string node;
  Moment finishes;
  bool ends_well = true;
  bool finished = false;
  bool lost = false;  // the host rebooted under it: no status will ever come
  int starts = 1;
};

struct SimModel {
  Version api_server{1, 34, 2, {}};
  Moment api_back;  // the API server does not answer before this
  std::map<std::string, SimNode> nodes;
  std::map<std::string, SimJob> jobs;  // by "<run>-<step>"

  // Alerts as Prometheus would show them.
  std::vector<Labels> firing;
  std::vector<Labels> pending_alerts;
  bool prometheus_up = true;
  bool replica_up = true;  // the further ones, where the settings have any
  bool watchdog = true;

  // Alertmanager, where the settings have one: what is silenced there by people, and by us.
  bool alertmanager_up = true;
  std::set<std::string> silenced_by_people;  // names of alerts
  std::vector<OwnSilence> silences;

  // Our namespace's annotations.
  std::string claim;
  std::string kill;
  long long fence = 0;

  std::string bot_node;             // where the bot's own pod runs; empty: outside the cluster
  std::set<std::string> snapshots;  // runs whose backup Job completed
  int pods_unready = 0;
  std::vector<std::string> pending;

  [[nodiscard]] SimNode& at(const std::string& name) { return nodes.at(name); }
};

// What the simulation's rules for SlowDisk, PodCrash and OfficeOnly say.
inline constexpr Millis kSlowDiskHoldFor{120'000};
inline constexpr int kPodCrashMin = 3;
inline constexpr std::chrono::minutes kOfficeFrom{20};
inline constexpr std::chrono::minutes kOfficeTo{60};

/// A cluster of `control_planes` and `workers` nodes called cp-1.. and worker-1...
SimModel make_model(int control_planes, int workers, const Version& version);

/// How the simulated things last; each is drawn anew for a random world.
struct SimTimes {
  Millis eviction{1500};       // one pod, from the request until it is gone
  Millis script{180'000};      // a node script
  Millis api_outage{20'000};   // while a control plane's script runs
  Millis kubelet_back{8'000};  // from the script's end to a Ready node
  Millis snapshot{30'000};
};

}  // namespace lockkeeper::sim
