// SPDX-License-Identifier: Apache-2.0
#pragma once

// The thread on which the cluster's controllers work, as kube-controller-manager, scheduler and
// kubelets would. A controller is told of every change and marks the keys that it wants to look at;
// the loop calls it for each of them a little later, once, however often it was marked. Everything
// but post() happens with the Cluster's mutex held.

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "tests/lab/apiserver/cluster.h"

namespace lockkeeper::lab {

class Loop;

class Controller {
 public:
  Controller(Cluster& cluster, Loop& loop) : cluster_(cluster), loop_(loop) {}
  virtual ~Controller() = default;
  Controller(const Controller&) = delete;
  Controller& operator=(const Controller&) = delete;

  /// Called while a change is being made: may mark keys, must not write.
  virtual void observe(const Change& change) = 0;
  /// Brings the object of that key (which may be gone) nearer to what it should be.
  virtual void reconcile(const Key& key) = 0;

 protected:
  void mark(const Key& key, std::chrono::milliseconds delay = {});
  /// Marks the controller-owner of a changed pod (before and after), when it is of that kind.
  void mark_owner(const Change& change, std::string_view kind);

  Cluster& cluster_;
  Loop& loop_;
};

class Loop {
 public:
  explicit Loop(Cluster& cluster);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Before start().
  void add(std::unique_ptr<Controller> controller);
  void start();
  void stop();

  /// The earliest of several marks counts.
  void mark(Controller& controller, const Key& key, std::chrono::milliseconds delay);
  /// Runs `job` on this thread after `delay`, without the mutex, which must not be held now either.
  void post(std::chrono::milliseconds delay, std::function<void()> job);

 private:
  using Mark = std::pair<Controller*, Key>;

  void run();
  bool work(SteadyTime now);
  std::vector<std::function<void()>> due_jobs(SteadyTime now);
  [[nodiscard]] SteadyTime next_wake(SteadyTime now) const;

  Cluster& cluster_;
  std::vector<std::unique_ptr<Controller>> controllers_;
  std::map<Mark, SteadyTime> marked_;
  std::set<std::pair<SteadyTime, Mark>> queue_;
  std::multimap<SteadyTime, std::function<void()>> jobs_;
  std::condition_variable stirred_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace lockkeeper::lab
