// SPDX-License-Identifier: Apache-2.0
#pragma once

// An API server in memory on virtual time, behind the Transport port: objects with versions,
// selectors, watches, evictions with budgets, and any fault at any call. Time passes only while
// somebody waits. One thread.

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "bot/ports.h"
#include "integrations/kubernetes/client.h"
#include "integrations/kubernetes/json.h"
#include "integrations/kubernetes/transport.h"

namespace lockkeeper::kubernetes::test {

/// Virtual time with a list of things that happen at certain moments.
class FakeClock : public Clock {
 public:
  [[nodiscard]] Time now() const override { return kStart + moment_.since_start; }
  [[nodiscard]] Moment moment() const override { return moment_; }
  void wait_until(Moment until) override;
  void at(Millis from_now, std::function<void()> what);
  /// Moves to the next thing that happens, at most by `most`; whether something happened.
  bool advance(Millis most);

  static constexpr Time kStart{Millis{1'795'200'000'000}};  // 2026-11-20T18:40:00Z

 private:
  Moment moment_;
  std::multimap<Moment, std::function<void()>> due_;
};

/// What a test wants instead of the usual answer.
struct Fault {
  std::string method;  // "" for any
  std::string path;    // a part of the path, query included
  int times = 1;
  http::Answered answer;
  bool acts = false;  // the request takes effect, and then this answer is given
};

class FakeApi : public Transport {
 public:
  explicit FakeApi(FakeClock& clock) : clock_(clock) {}

  http::Answered call(const ApiRequest& request) override;
  std::unique_ptr<Lanes> lanes(int parallel) override;
  void distrust() override { ++distrusted; }
  [[nodiscard]] std::string described() const override { return "https://fake:6443"; }

  /// Creates or replaces; metadata is completed. Watchers see it.
  void put(const std::string& path, Json object);
  void remove(const std::string& path);
  [[nodiscard]] Json* find(const std::string& path);
  /// Changes an object in place, then publishes it.
  void change(const std::string& path, const std::function<void(Json&)>& how);

  void add_node(const std::string& name, bool cordoned);
  /// A Running pod of a ReplicaSet unless `edit` says otherwise.
  void add_pod(const std::string& space, const std::string& name, const std::string& node,
               const std::function<void(Json&)>& edit = {});
  void add_budget(const std::string& space, const std::string& name, Json selector, int allowed);

  void fault(std::string method, std::string path, http::Answered answer, int times = 1,
             bool acts = false);
  /// Every call fails like this for so long.
  void outage(Millis duration, http::Answered answer);

  /// From now on no watch says anything; each ends by its own limit on silence.
  void freeze_watches();

  [[nodiscard]] int count(const std::string& method, const std::string& part) const;

  // How pods end, for all of them.
  Millis pod_stop{500};
  std::function<void(const Json&)> on_pod_gone;  // a controller of the test's own
  std::size_t page_max = 500;
  int distrusted = 0;
  std::vector<std::string> calls;  // "GET /api/v1/nodes?limit=200"

 private:
  friend class FakeLanes;
  struct Watcher {
    std::string collection;
    std::string query;
    http::ChunkHandler on_chunk;
    Lanes::Done done;
    std::chrono::seconds silence_max{0};
  };

  http::Answered answer(const ApiRequest& request);
  http::Answered serve(const ApiRequest& request, const std::string& path,
                       const std::string& query);
  http::Answered list(const std::string& collection, const std::string& query);
  http::Answered evict(const std::string& path, const Json& body);
  http::Answered patch(const std::string& path, const Json& body);
  http::Answered create(const std::string& collection, Json body);
  void publish(const std::string& type, const std::string& path, const Json& object);
  bool matches(const std::string& query, const Json& object) const;

  void end_in_silence(Lanes::Id id);

  FakeClock& clock_;
  bool frozen_ = false;
  std::map<std::string, Json> objects_;  // by path
  std::deque<Fault> faults_;
  std::map<Lanes::Id, Watcher> watchers_;
  Lanes::Id next_id_ = 1;
  int version_ = 100;
  Moment away_until_{};
  http::Answered away_;
};

/// Answers of the shapes that servers really give.
http::Answered status_reply(int code, const std::string& reason, const std::string& message,
                            Json details = Json::object());
http::Answered text_reply(int code, const std::string& text, http::Headers headers = {});
http::Answered no_reply(http::FaultKind kind);
http::Answered json_reply(const Json& json, int code = 200);

/// A Watch that never stops anything, unless told to; it remembers what was reported.
class FakeWatch : public Watch {
 public:
  void progress(std::string_view line) override { lines.emplace_back(line); }
  bool stop_wanted() override { return stop && stop(); }
  bool leaving() override { return leave; }

  std::vector<std::string> lines;
  std::function<bool()> stop;
  bool leave = false;
};

/// Clock, server and client together.
struct Scene {
  FakeClock clock;
  FakeApi api{clock};
  Client client{api, clock, Millis{10'000}};
  FakeWatch watch;
};

}  // namespace lockkeeper::kubernetes::test
