// SPDX-License-Identifier: Apache-2.0
#include "integrations/kubernetes/drain_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "integrations/kubernetes/drain_report.h"
#include "rules/text.h"

namespace lockkeeper::kubernetes {
namespace {

constexpr Millis kTurn{250};
constexpr Millis kStopLook{1'000};
constexpr Millis kProgress{1'000};
constexpr Millis kProbe{1'000};  // between two questions to a server that is away
// The scheduler reads its cache: for a moment after the cordon it may still bind a pod. The list
// that proves the node empty is never younger than this after the drain began.
constexpr Millis kSettle{1'000};
constexpr std::chrono::seconds kPodSilence{15};  // pods are leaving: silence is suspicious soon
constexpr std::chrono::seconds kSilence{90};

}  // namespace

DrainRun::DrainRun(Client& client, const DrainOrder& order, Watch& watch)
    : client_(client),
      order_(order),
      watch_(watch),
      daemons_(client, {order.outage_limit, &watch}),
      evacuation_({.parallel = std::max(1, order.parallel)}),
      lanes_(client.transport().lanes(std::max(1, order.parallel) + 1)),
      begun_(client.clock().moment()) {}

// One turn of the loop sees one time: whatever is decided in it is decided for the same moment.
Outcome DrainRun::run() {
  if (auto outcome = prepare()) return *outcome;
  while (true) {
    const Moment now = client_.clock().moment();
    if (watch_.leaving()) return ended(StepResult::interrupted, "the process ends");
    if (auto outcome = over(now)) return *outcome;
    step(now);
    lanes_->turn(kTurn);
  }
}

// Everything that can refuse the drain as a whole comes before anything that takes time: a node
// that is not cordoned would get back what is evicted from it.
std::optional<Outcome> DrainRun::prepare() {
  const Patience patience{order_.outage_limit, &watch_};
  const auto node = drainable_node(client_, order_, patience);
  if (!node) return ended(StepResult::failed, node.error().what);
  node_ready_ = node->ready;
  if (auto offered = evictions_offered(client_, patience); !offered)
    return ended(StepResult::failed, fmt::format("{}: {}", order_.node, offered.error().what));
  pods_ = std::make_unique<Mirror>(
      client_, *lanes_, MirrorOptions{"/api/v1/pods", pods_on_node(order_.node), kPodSilence},
      handlers([this](auto items) { take_list(std::move(items)); },
               [this](const auto& event) { take_event(event); }));
  node_ = std::make_unique<Mirror>(
      client_, *lanes_,
      MirrorOptions{"/api/v1/nodes", "fieldSelector=metadata.name%3D" + encoded(order_.node),
                    kSilence},
      handlers(
          [this](auto items) { take_node(items.empty() ? Json() : items.front(), items.empty()); },
          [this](const auto& event) {
            take_node(event.object, event.type == WatchEvent::Type::deleted);
          }));
  return std::nullopt;
}

MirrorHandlers DrainRun::handlers(std::function<void(std::vector<Json>)> on_list,
                                  std::function<void(const WatchEvent&)> on_event) {
  return {std::move(on_list),
          std::move(on_event),
          [this](const ApiFailure& failure) { trouble(failure); },
          {}};
}

// A list is the truth of its moment: events that were dropped on the way are made good here.
void DrainRun::take_list(std::vector<Json> items) {
  std::set<std::string> uids;
  arrived_.clear();
  for (const auto& item : items) {
    Pod pod = pod_of(item);
    uids.insert(pod.uid);
    if (!stay_.contains(pod.uid)) arrived_.push_back(std::move(pod));
  }
  evacuation_.listed(uids);
  std::erase_if(stay_, [&](const auto& uid) { return !uids.contains(uid); });
}

void DrainRun::take_event(const WatchEvent& event) {
  Pod pod = pod_of(event.object);
  if (event.type == WatchEvent::Type::deleted) {
    evacuation_.vanished(pod.uid);
    stay_.erase(pod.uid);
    std::erase_if(arrived_, [&](const auto& each) { return each.uid == pod.uid; });
    return;
  }
  if (!stay_.contains(pod.uid)) arrived_.push_back(std::move(pod));
}

void DrainRun::take_node(const Json& json, bool deleted) {
  const auto node = node_of(json);
  node_ready_ = node.ready;
  if (deleted || (!order_.uid.empty() && node.uid != order_.uid))
    obstacle_ = "the node object was deleted during the drain";
  if (!deleted && !node.unschedulable)
    obstacle_ = "somebody uncordoned it during the drain; nothing more is evicted";
}

// Filtering may read DaemonSets, so it happens here and not inside the handlers.
void DrainRun::take_in(Moment now) {
  std::vector<Pod> fresh;
  for (auto& pod : std::exchange(arrived_, {})) {
    if (evacuation_.knows(pod.uid))
      evacuation_.seen(pod, now);
    else
      fresh.push_back(std::move(pod));
  }
  if (fresh.empty() && announced_) return;
  const auto scope = scope_of(fresh, order_.policy, std::ref(daemons_));
  for (const auto& pod : scope.evict)
    evacuation_.seen(pod, now);
  for (const auto& pod : fresh)
    if (!evacuation_.knows(pod.uid)) stay_.insert(pod.uid);
  if (!scope.refusals.empty() && !obstacle_) obstacle_ = joined(scope.refusals, "; ");
  if (!announced_) announce(scope);
  announced_ = true;
}

// Said before the first eviction, while there is time to stop and raise the limit.
void DrainRun::announce(const DrainScope& scope) {
  for (const auto& warning : scope.warnings)
    watch_.progress(fmt::format("{}: {}", order_.node, warning));
  for (const auto& pod : scope.evict)
    if (std::chrono::seconds(pod.grace_seconds) > order_.limit)
      watch_.progress(fmt::format(
          "{}: {} may take {} to end, longer than the limit of {}", order_.node, pod.full_name(),
          to_string(std::chrono::seconds(pod.grace_seconds)), to_string(order_.limit)));
}

void DrainRun::step(Moment now) {
  if (pods_->listed()) take_in(now);
  const bool acting = announced_ && !stopping_ && !obstacle_ && !evacuation_.hopeless();
  if (outage_.on()) {
    probe(now);
  } else if (acting) {
    while (auto task = evacuation_.next(now))
      launch(*task);
  }
  if (evacuation_.met_budget() && budgets_ == nullptr) watch_budgets();
  pods_->tick();
  node_->tick();
  if (budgets_ != nullptr) budgets_->tick();
  report_progress(now);
}

// The answer goes through the client's bookkeeping first, so that a 403 in the wake of an outage is
// already excused when the eviction table sees it.
void DrainRun::launch(const Task& task) {
  ApiRequest request = eviction_request(task.pod, client_.timeout());
  if (task.kind == Task::Kind::look) {
    request = {};
    request.path = pod_path(task.pod);
    request.timeout = client_.timeout();
  }
  lanes_->start(request, [this, task, request](http::Answered answer) {
    const auto reply = client_.judge(request, std::move(answer));
    const Moment now = client_.clock().moment();
    if (!reply) trouble(reply.error());
    if (task.kind == Task::Kind::look) {
      evacuation_.looked(task.pod.uid, judge_look(task.pod, reply), now);
    } else {
      evacuation_.answered(task.pod.uid, judge_eviction(reply), now);
    }
  });
}

// Only once a budget has been met: most drains never need them, and a large cluster has thousands.
void DrainRun::watch_budgets() {
  budgets_ = std::make_unique<Mirror>(
      client_, *lanes_, MirrorOptions{"/apis/policy/v1/poddisruptionbudgets", "", kSilence},
      handlers(
          [this](const auto& items) {
            std::vector<Budget> all;
            for (const auto& item : items)
              all.push_back(budget_of(item));
            evacuation_.budgets(all);
          },
          [this](const auto& event) {
            const auto budget = budget_of(event.object);
            if (event.type == WatchEvent::Type::deleted)
              evacuation_.budget_deleted(budget.full_name());
            else
              evacuation_.budget(budget);
          }));
}

void DrainRun::trouble(const ApiFailure& failure) {
  if (Client::outage(failure)) outage_.sign(client_.clock().moment(), failure.what);
}

// While the server is away nothing is asked of it but whether it is back. Then everything is read
// anew: it may have come back with an older etcd.
void DrainRun::probe(Moment now) {
  if (probing_ || now < next_probe_) return;
  probing_ = true;
  ApiRequest request;
  request.path = "/api/v1/nodes/" + encoded(order_.node);
  request.timeout = client_.timeout();
  lanes_->start(request, [this, request](http::Answered answer) {
    probing_ = false;
    const Moment then = client_.clock().moment();
    next_probe_ = then + kProbe;
    const auto reply = client_.judge(request, std::move(answer));
    if (!reply && Client::passing(reply.error())) return;
    outage_.over(then);
    if (reply) take_node(parse_lean(reply->body), false);
    pods_->relist();
    node_->relist();
    if (budgets_ != nullptr) budgets_->relist();
  });
}

bool DrainRun::stop_asked(Moment now) {
  if (stopping_ || now < next_stop_look_) return stopping_;
  next_stop_look_ = now + kStopLook;
  stopping_ = watch_.stop_wanted();
  return stopping_;
}

// In order of weight: what makes going on wrong, what makes it needless, what makes it unwanted,
// what makes it impossible, and the limit last.
std::optional<Outcome> DrainRun::over(Moment now) {
  const bool stop = stop_asked(now);
  const bool quiet = evacuation_.in_flight() == 0;  // every eviction that was sent is accounted for
  if (obstacle_ && quiet) return failed(*obstacle_);
  if (evacuation_.hopeless() && quiet) return failed(*evacuation_.hopeless());
  if (drained(now))
    return ended(StepResult::done,
                 fmt::format("{}: {} pods evicted, {} stay (DaemonSets, static pods)", order_.node,
                             evacuation_.gone(), stay_.size()));
  if (stop && quiet)
    return ended(StepResult::interrupted,
                 fmt::format("{}: stopped between two evictions, {} pods gone, {} left",
                             order_.node, evacuation_.gone(), evacuation_.remaining().size()));
  for (const Mirror* mirror : {pods_.get(), node_.get()})
    if (mirror->dead()) return failed(mirror->dead()->what);
  if (outage_.lasting(now) > order_.outage_limit)
    return failed(fmt::format("the API server has been away for {}: {}",
                              to_string(outage_.lasting(now)), outage_.what()));
  if (now - begun_ < order_.limit + outage_.total(now)) return std::nullopt;
  return failed(fmt::format("not drained within {}", to_string(order_.limit)));
}

// Two looks: the events said that nobody is left, and a list begun after that says so, too.
bool DrainRun::drained(Moment now) {
  if (!announced_ || !evacuation_.empty() || !arrived_.empty() || outage_.on()) {
    emptied_.reset();
    confirming_ = false;
    return false;
  }
  if (!emptied_) emptied_ = now;
  const Moment proof = std::max(*emptied_, begun_ + kSettle);
  if (*pods_->listed() >= proof) return true;
  if (now >= proof && !confirming_) pods_->relist();
  confirming_ = confirming_ || now >= proof;
  return false;
}

void DrainRun::report_progress(Moment now) {
  if (now < next_progress_ || !announced_) return;
  next_progress_ = now + kProgress;
  if (outage_.on()) {
    watch_.progress(fmt::format("{}: the API server is away for {}: {}", order_.node,
                                to_string(outage_.lasting(now)), outage_.what()));
    return;
  }
  watch_.progress(progress_line(order_.node, evacuation_));
}

// During an outage nobody can say what is left, so the report does not try.
Outcome DrainRun::failed(const std::string& why) {
  std::string detail = fmt::format("{}: {}", order_.node, why);
  const auto remaining = evacuation_.remaining();
  if (!remaining.empty() && !outage_.on()) detail += "; " + remaining_text(client_, remaining);
  if (node_ready_ != Condition::yes && !remaining.empty())
    detail += "; the node itself is not Ready, so its kubelet may not be ending pods";
  return ended(StepResult::failed, detail);
}

Outcome DrainRun::ended(StepResult result, std::string detail) {
  Outcome outcome;
  outcome.result = result;
  outcome.detail = std::move(detail);
  outcome.notes["evicted"] = std::to_string(evacuation_.gone());
  return outcome;
}

}  // namespace lockkeeper::kubernetes
