// SPDX-License-Identifier: Apache-2.0
#include "tests/lab/apiserver/faults.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>

namespace lockkeeper::lab {
namespace {

constexpr std::size_t kHeldMax = 1000;
constexpr std::size_t kRulesMax = 100;

struct Named {
  std::string_view name;
  Outage outage;
};

constexpr std::array kOutages = {
    Named{"refuse", Outage::refuse},   Named{"hang", Outage::hang},
    Named{"503", Outage::unavailable}, Named{"429", Outage::throttled},
    Named{"403", Outage::forbidden},   Named{"reset", Outage::reset},
    Named{"html", Outage::html},
};

}  // namespace

std::optional<Outage> outage_named(std::string_view name) {
  const auto at = std::ranges::find(kOutages, name, &Named::name);
  return at == kOutages.end() ? std::nullopt : std::optional(at->outage);
}

Outcome<FaultRule> read_fault(const Json& json) {
  using Action = FaultRule::Action;
  FaultRule rule{.method = string_at(json, "method"),
                 .path_regex = string_at(json, "path_regex"),
                 .times = static_cast<int>(number_at(json, "times", 1)),
                 .delay = std::chrono::milliseconds(number_at(json, "delay_ms", 0))};
  const auto action = text_at(json, "action");
  if (action == "drop_before") {
    rule.action = Action::drop_before;
  } else if (action == "drop_after") {
    rule.action = Action::drop_after;
  } else if (action == "delay_ms" || action == "delay") {
    rule.action = Action::delay;
  } else if (action == "status") {
    rule.action = Action::status;
  } else {
    return refuse(bad_request("action: write drop_before, drop_after, delay_ms or status"));
  }
  if (rule.action == Action::delay && rule.delay.count() <= 0) {
    return refuse(bad_request("delay_ms: write a number of milliseconds"));
  }
  rule.response.status = static_cast<int>(number_at(json, "status", 500));
  const Json* body = find(json, "body");
  if (body != nullptr)
    rule.response.body = body->is_string() ? body->get<std::string>() : body->dump();
  for (const auto& [name, value] : map_at(json, "headers").items()) {
    const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
    if (http::same_token(name, "Content-Type")) rule.response.content_type = text;
    rule.response.headers.add(name, text);
  }
  return rule;
}

Faults::Faults() = default;
Faults::~Faults() = default;

void Faults::begin(Outage outage, SteadyTime end) {
  const std::lock_guard lock(mutex_);
  outage_ = outage;
  outage_end_ = end;
}

Outage Faults::current() {
  const std::lock_guard lock(mutex_);
  if (std::chrono::steady_clock::now() >= outage_end_) outage_ = Outage::none;
  return outage_;
}

void Faults::hold(http::Exchange exchange) {
  const std::lock_guard lock(mutex_);
  if (held_.size() >= kHeldMax) {
    held_.front().drop();
    held_.pop_front();
  }
  held_.push_back(std::move(exchange));
}

void Faults::release() {
  std::deque<http::Exchange> over;
  {
    const std::lock_guard lock(mutex_);
    const bool hanging = outage_ == Outage::hang && std::chrono::steady_clock::now() < outage_end_;
    if (!hanging) over.swap(held_);
  }
  for (auto& exchange : over)
    exchange.drop();
}

Status Faults::add(FaultRule rule) {
  auto path = std::make_unique<re2::RE2>(rule.path_regex, RE2::Quiet);
  if (!path->ok()) return fail(fmt::format("path_regex: {}", path->error()));
  const std::lock_guard lock(mutex_);
  if (rules_.size() >= kRulesMax) return fail("too many faults are set");
  rules_.push_back({std::move(rule), std::move(path)});
  return {};
}

void Faults::clear() {
  {
    const std::lock_guard lock(mutex_);
    rules_.clear();
    outage_ = Outage::none;
  }
  release();
}

std::optional<FaultRule> Faults::take(const http::Request& request) {
  const std::lock_guard lock(mutex_);
  for (auto at = rules_.begin(); at != rules_.end(); ++at) {
    const std::string& method = at->rule.method;
    const bool any = method.empty() || method == "*";
    if ((!any && method != request.method) || !RE2::PartialMatch(request.target, *at->path))
      continue;
    FaultRule rule = at->rule;
    if (--at->rule.times <= 0) rules_.erase(at);
    return rule;
  }
  return std::nullopt;
}

http::Response outage_response(Outage outage) {
  if (outage == Outage::unavailable) {
    http::Response response = http::text_response(503, "apiserver is shutting down");
    response.headers.add("Retry-After", "1");
    return response;
  }
  if (outage == Outage::throttled) {
    http::Response response =
        http::text_response(429, "Too many requests, please try again later.");
    response.headers.add("Retry-After", "1");
    response.headers.add("X-Kubernetes-PF-FlowSchema-UID", "lab-flow-schema");
    response.headers.add("X-Kubernetes-PF-PriorityLevel-UID", "lab-priority-level");
    return response;
  }
  return {
      .status = 502,
      .body =
          "<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>\n",
      .content_type = "text/html"};
}

}  // namespace lockkeeper::lab
