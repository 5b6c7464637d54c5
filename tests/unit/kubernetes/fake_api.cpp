// SPDX-License-Identifier: Apache-2.0
#include "fake_api.h"

#include <fmt/format.h>

#include <algorithm>

#include "integrations/kubernetes/objects.h"

namespace lockkeeper::kubernetes::test {
namespace {

constexpr Millis kLatency{5};

std::string decoded(std::string_view text) {
  return http::percent_decoded(text, true).value_or("");
}

/// The value of a query parameter, decoded.
std::string parameter(const std::string& query, const std::string& name) {
  for (const auto piece : split(query, '&'))
    if (piece.starts_with(name + "=")) return decoded(piece.substr(name.size() + 1));
  return {};
}

std::string collection_of(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

/// Whether an object at `path` belongs to a list of `collection`, which may be cluster-wide.
bool belongs(const std::string& path, const std::string& collection) {
  if (collection_of(path) == collection) return true;
  const auto spaces = path.find("/namespaces/");
  if (spaces == std::string::npos || path.find('/', spaces + 12) == std::string::npos) return false;
  const auto after = path.substr(path.find('/', spaces + 12));
  return collection_of(path.substr(0, spaces) + after) == collection;
}

bool is_collection(const std::string& path) {
  for (const std::string name : {"nodes", "pods", "poddisruptionbudgets", "leases", "jobs"})
    if (path.ends_with("/" + name)) return true;
  return false;
}

}  // namespace

void FakeClock::wait_until(Moment until) {
  while (moment_ < until)
    advance(until - moment_);
}

void FakeClock::at(Millis from_now, std::function<void()> what) {
  due_.emplace(moment_ + from_now, std::move(what));
}

bool FakeClock::advance(Millis most) {
  const Moment until = moment_ + most;
  if (due_.empty() || due_.begin()->first > until) {
    moment_ = until;
    return false;
  }
  moment_ = std::max(moment_, due_.begin()->first);
  while (!due_.empty() && due_.begin()->first <= moment_) {
    const auto what = due_.begin()->second;
    due_.erase(due_.begin());
    what();
  }
  return true;
}

class FakeLanes final : public Lanes {
 public:
  explicit FakeLanes(FakeApi& api) : api_(api), alive_(std::make_shared<bool>(true)) {}
  ~FakeLanes() override {
    *alive_ = false;
    for (const Id id : mine_)
      api_.watchers_.erase(id);
  }

  Id start(const ApiRequest& request, Done done) override {
    const Id id = api_.next_id_++;
    mine_.insert(id);
    api_.clock_.at(kLatency, [this, alive = alive_, id, request, done = std::move(done)] {
      if (!*alive || !mine_.contains(id)) return;
      auto answer = api_.call(request);
      mine_.erase(id);
      done(std::move(answer));
    });
    return id;
  }

  Id stream(const ApiRequest& request, http::ChunkHandler on_chunk, Done done) override {
    const Id id = api_.next_id_++;
    mine_.insert(id);
    // The answer to the request itself: an error, or an open stream.
    const auto cut = request.path.find('?');
    FakeApi::Watcher watcher{request.path.substr(0, cut), request.path.substr(cut + 1),
                             std::move(on_chunk), std::move(done), request.silence_max};
    auto answer = api_.answer(request);
    if (!answer || answer->status != 200) {
      api_.clock_.at(kLatency, [this, alive = alive_, id, answer, done = watcher.done] {
        if (*alive && mine_.erase(id) > 0) done(answer);
      });
      return id;
    }
    api_.watchers_.emplace(id, std::move(watcher));
    if (api_.frozen_) api_.end_in_silence(id);
    return id;
  }

  void cancel(Id id) override {
    mine_.erase(id);
    api_.watchers_.erase(id);
  }

  void turn(Millis max_wait) override { api_.clock_.advance(max_wait); }

 private:
  FakeApi& api_;
  std::shared_ptr<bool> alive_;  // shared with what is due later
  std::set<Id> mine_;
};

std::unique_ptr<Lanes> FakeApi::lanes(int) {
  return std::make_unique<FakeLanes>(*this);
}

http::Answered FakeApi::call(const ApiRequest& request) {
  return answer(request);
}

http::Answered FakeApi::answer(const ApiRequest& request) {
  calls.push_back(request.method + " " + request.path);
  if (clock_.moment() < away_until_) return away_;
  const auto cut = request.path.find('?');
  const auto path = request.path.substr(0, cut);
  const auto query = cut == std::string::npos ? "" : request.path.substr(cut + 1);
  for (auto at = faults_.begin(); at != faults_.end(); ++at) {
    if (!at->method.empty() && at->method != request.method) continue;
    if (request.path.find(at->path) == std::string::npos) continue;
    const Fault fault = *at;
    if (--at->times == 0) faults_.erase(at);
    if (fault.acts) static_cast<void>(serve(request, path, query));
    return fault.answer;
  }
  return serve(request, path, query);
}

http::Answered FakeApi::serve(const ApiRequest& request, const std::string& path,
                              const std::string& query) {
  if (request.method == "POST" && path.ends_with("/eviction"))
    return evict(path.substr(0, path.size() - 9), parse_json(request.body));
  if (request.method == "POST") return create(path, parse_json(request.body));
  if (request.method == "PATCH") return patch(path, parse_json(request.body));
  if (path == "/readyz") return text_reply(200, "ok");
  if (path.ends_with("/log")) {
    const Json* pod = find(path.substr(0, path.size() - 4));
    return pod == nullptr ? status_reply(404, "NotFound", "no pod", {{"kind", "pods"}})
                          : text_reply(200, annotation_of(*pod, "test/log"));
  }
  if (const Json* object = find(path)) return json_reply(*object);
  if (is_collection(path)) return list(path, query);
  return status_reply(404, "NotFound", fmt::format("\"{}\" not found", path),
                      {{"name", path.substr(path.rfind('/') + 1)}, {"kind", "things"}});
}

http::Answered FakeApi::list(const std::string& collection, const std::string& query) {
  Json items = Json::array();
  for (const auto& [path, object] : objects_)
    if (belongs(path, collection) && matches(query, object)) items.push_back(object);
  const auto from = parameter(query, "continue");
  const std::size_t begin = from.empty() ? 0 : std::stoul(from);
  const auto limit = parameter(query, "limit");
  const std::size_t room = limit.empty() ? items.size() : std::min(page_max, std::stoul(limit));
  Json page = {{"kind", "List"}, {"items", Json::array()}};
  for (std::size_t i = begin; i < std::min(items.size(), begin + room); ++i)
    page["items"].push_back(items[i]);
  page["metadata"]["resourceVersion"] = std::to_string(version_);
  if (begin + room < items.size()) page["metadata"]["continue"] = std::to_string(begin + room);
  return json_reply(page);
}

bool FakeApi::matches(const std::string& query, const Json& object) const {
  const auto fields = parameter(query, "fieldSelector");
  for (const auto term : split(fields, ',')) {
    const bool negated = term.find("!=") != std::string_view::npos;
    const auto equals = term.find('=');
    const std::string field(term.substr(0, negated ? equals - 1 : equals));
    const std::string value(term.substr(equals + 1));
    std::string actual;
    if (field == "spec.nodeName") actual = text_at(object, {"spec", "nodeName"});
    if (field == "metadata.name") actual = text_at(object, {"metadata", "name"});
    if (field == "status.phase") actual = text_at(object, {"status", "phase"});
    if ((actual == value) == negated) return false;
  }
  const auto labels = parameter(query, "labelSelector");
  if (labels.empty()) return true;
  const auto equals = labels.find('=');
  const Json& all = members_at(object, {"metadata", "labels"});
  const auto found = all.find(labels.substr(0, equals));
  return found != all.end() && *found == labels.substr(equals + 1);
}

void FakeApi::publish(const std::string& type, const std::string& path, const Json& object) {
  if (frozen_) return;
  const auto event = dumped({{"type", type}, {"object", object}}) + "\n";
  // Handlers may cancel watches, so each is looked up anew; each piece comes in two halves.
  std::vector<Lanes::Id> ids;
  for (const auto& [id, watcher] : watchers_)
    if (belongs(path, watcher.collection) && matches(watcher.query, object)) ids.push_back(id);
  for (const Lanes::Id id : ids)
    clock_.at(Millis{2}, [this, id, event] {
      const auto watcher = watchers_.find(id);
      if (watcher == watchers_.end()) return;
      const auto on_chunk = watcher->second.on_chunk;
      const auto half = event.size() / 2;
      if (on_chunk(std::string_view(event).substr(0, half)))
        static_cast<void>(on_chunk(std::string_view(event).substr(half)));
    });
}

void FakeApi::put(const std::string& path, Json object) {
  auto& metadata = object["metadata"];
  if (!metadata.contains("uid")) metadata["uid"] = fmt::format("uid-{}", ++version_);
  metadata["resourceVersion"] = std::to_string(++version_);
  const auto spaces = path.find("/namespaces/");
  if (spaces != std::string::npos && path.find('/', spaces + 12) != std::string::npos)
    metadata["namespace"] = path.substr(spaces + 12, path.find('/', spaces + 12) - spaces - 12);
  metadata["name"] = path.substr(path.rfind('/') + 1);
  const bool is_new = !objects_.contains(path);
  objects_[path] = object;
  publish(is_new ? "ADDED" : "MODIFIED", path, object);
}

void FakeApi::remove(const std::string& path) {
  const auto found = objects_.find(path);
  if (found == objects_.end()) return;
  Json last = found->second;
  objects_.erase(found);
  last["metadata"]["resourceVersion"] = std::to_string(++version_);
  publish("DELETED", path, last);
}

Json* FakeApi::find(const std::string& path) {
  const auto found = objects_.find(path);
  return found == objects_.end() ? nullptr : &found->second;
}

void FakeApi::change(const std::string& path, const std::function<void(Json&)>& how) {
  Json object = objects_.at(path);
  how(object);
  put(path, std::move(object));
}

http::Answered FakeApi::evict(const std::string& path, const Json& body) {
  Json* pod = find(path);
  const auto name = path.substr(path.rfind('/') + 1);
  if (pod == nullptr)
    return status_reply(404, "NotFound", fmt::format("pods \"{}\" not found", name),
                        {{"name", name}, {"kind", "pods"}});
  const Pod facts = pod_of(*pod);
  std::vector<std::string> covering;
  for (const auto& [at, object] : objects_)
    if (at.find("/poddisruptionbudgets/") != std::string::npos && budget_of(object).covers(facts))
      covering.push_back(at);
  if (covering.size() > 1)
    return status_reply(500, "",
                        "This pod has more than one PodDisruptionBudget, which the eviction "
                        "subresource does not support.");
  if (!covering.empty() && !facts.leaving()) {
    const auto budget = budget_of(objects_.at(covering.front()));
    if (budget.allowed <= 0)
      return status_reply(
          429, "TooManyRequests",
          "Cannot evict pod as it would violate the pod's disruption budget.",
          {{"causes",
            {{{"reason", "DisruptionBudget"},
              {"message", fmt::format("The disruption budget {} needs {} healthy pods and has {} "
                                      "currently",
                                      budget.name, budget.desired, budget.healthy)}}}}});
  }
  const auto uid = text_at(body, {"deleteOptions", "preconditions", "uid"});
  if (!uid.empty() && uid != facts.uid)
    return status_reply(409, "Conflict", "the UID in the precondition does not match",
                        {{"name", name}, {"kind", "pods"}});
  if (!covering.empty())
    change(covering.front(), [](Json& json) {
      json["status"]["disruptionsAllowed"] = number_at(json, {"status", "disruptionsAllowed"}) - 1;
    });
  if (!facts.leaving()) {
    change(path,
           [](Json& json) { json["metadata"]["deletionTimestamp"] = "2026-11-20T18:41:00Z"; });
    clock_.at(pod_stop, [this, path, gone_uid = facts.uid] {
      const Json* there = find(path);
      if (there == nullptr || text_at(*there, {"metadata", "uid"}) != gone_uid) return;
      if (!items_at(*there, {"metadata", "finalizers"}).empty()) return;
      const Json last = *there;
      remove(path);
      if (on_pod_gone) on_pod_gone(last);
    });
  }
  return status_reply(201, "", "");
}

http::Answered FakeApi::patch(const std::string& path, const Json& body) {
  Json* object = find(path);
  if (object == nullptr) return status_reply(404, "NotFound", "not found", {{"name", path}});
  const auto version = text_at(body, {"metadata", "resourceVersion"});
  if (!version.empty() && version != text_at(*object, {"metadata", "resourceVersion"}))
    return status_reply(409, "Conflict", "the object has been modified", {{"name", path}});
  Json changed = *object;
  changed.merge_patch(body);
  put(path, changed);
  return json_reply(*find(path));
}

http::Answered FakeApi::create(const std::string& collection, Json body) {
  const auto path = collection + "/" + text_at(body, {"metadata", "name"});
  if (find(path) != nullptr)
    return status_reply(409, "AlreadyExists", "already exists", {{"name", path}});
  put(path, std::move(body));
  return json_reply(*find(path), 201);
}

int FakeApi::count(const std::string& method, const std::string& part) const {
  return static_cast<int>(std::ranges::count_if(calls, [&](const auto& call) {
    return call.starts_with(method + " ") && call.find(part) != std::string::npos;
  }));
}

http::Answered status_reply(int code, const std::string& reason, const std::string& message,
                            Json details) {
  Json status = {
      {"kind", "Status"},   {"apiVersion", "v1"}, {"status", code < 300 ? "Success" : "Failure"},
      {"message", message}, {"code", code},       {"details", std::move(details)}};
  if (!reason.empty()) status["reason"] = reason;
  return json_reply(status, code);
}

http::Answered text_reply(int code, const std::string& text, http::Headers headers) {
  return http::Reply{code, std::move(headers), text, {}};
}

http::Answered no_reply(http::FaultKind kind) {
  return std::unexpected(
      http::Fault{kind, fmt::format("https://fake:6443: {}", http::to_string(kind))});
}

http::Answered json_reply(const Json& json, int code) {
  return http::Reply{code, {}, dumped(json), {}};
}

}  // namespace lockkeeper::kubernetes::test
