// SPDX-License-Identifier: Apache-2.0
#include "integrations/alertmanager/webhook.h"

#include <functional>

#include "integrations/json/reader.h"
#include "rules/text.h"

namespace lockkeeper::alertmanager {
namespace {

using json::Path;
using json::Shape;
using json::Value;

constexpr std::string_view kVersion = "4";
constexpr std::size_t kSummaryBytesMax = 256;
constexpr std::size_t kUrlBytesMax = 512;

// How many containers are open around ...
constexpr std::size_t kMember = 1;       // ... a member of the message
constexpr std::size_t kAlert = 2;        // ... an alert
constexpr std::size_t kAlertMember = 3;  // ... a member of an alert
constexpr std::size_t kLabel = 4;        // ... a label or an annotation

/// The alert that is being read.
struct Draft {
  std::vector<Labels::Pair> labels;
  std::string status;
  std::string starts_at;
  std::string ends_at;
  std::string summary;
  std::string runbook_url;
  bool labels_seen = false;
};

/// The parts by which Alertmanager itself tells notifications of one alert apart.
EventId event_of(const Draft& draft, const Labels& labels) {
  const std::hash<std::string> hash;
  EventId event = fingerprint(labels);
  for (const auto* text : {&draft.status, &draft.starts_at, &draft.ends_at})
    event = event * 31 + hash(*text);
  return event;
}

class WebhookReader : public json::Listener {
 public:
  Status begin(const Path& path, Shape shape) override {
    if (path.depth() == 0 && shape != Shape::object) return json::wrong_type(path, "an object");
    if (path.depth() == kMember && path.key(0) == "alerts") {
      alerts_seen_ = true;
      return shape == Shape::array ? Status() : json::wrong_type(path, "an array");
    }
    if (path.depth() == kMember && is_scalar_member(path.key(0))) return wrong_member(path);
    if (!in_alerts(path)) return {};
    if (path.depth() == kAlert) {
      draft_ = {};
      return shape == Shape::object ? Status() : json::wrong_type(path, "an object");
    }
    // Elsewhere in an alert anything may be nested: a later version's members.
    if (path.depth() == kLabel && in_labels(path)) return json::wrong_type(path, "a string");
    if (path.depth() != kAlertMember) return {};
    const std::string_view name = path.key(2);
    draft_.labels_seen = draft_.labels_seen || name == "labels";
    if (text_of(name) != nullptr) return json::wrong_type(path, "a string");
    const bool map = name == "labels" || name == "annotations";
    return map && shape != Shape::object ? json::wrong_type(path, "an object") : Status();
  }

  Status end(const Path& path, Shape) override {
    return path.depth() == kAlert && in_alerts(path) ? finish(path) : Status();
  }

  Status value(const Path& path, const Value& value) override {
    if (path.depth() == 0) return json::wrong_type(path, "an object");
    if (path.depth() == kMember) return member(path, value);
    if (!in_alerts(path)) return {};
    if (path.depth() == kAlert) return json::wrong_type(path, "an object");
    if (path.depth() == kAlertMember) return alert_member(path, value);
    return path.depth() == kLabel ? label(path, value) : Status();
  }

  Result<Notification> result() {
    if (!version_seen_) return fail("version is missing: not an Alertmanager webhook");
    if (!alerts_seen_) return fail("alerts is missing: not an Alertmanager webhook");
    notification_.truncated += beyond_limit_;
    return std::move(notification_);
  }

 private:
  static bool in_alerts(const Path& path) { return path.depth() > 1 && path.key(0) == "alerts"; }
  static bool in_labels(const Path& path) {
    return path.key(2) == "labels" || path.key(2) == "annotations";
  }
  static bool is_scalar_member(std::string_view name) {
    return name == "version" || name == "truncatedAlerts";
  }
  static Status wrong_member(const Path& path) {
    return json::wrong_type(path, path.key(0) == "version" ? "a string" : "a count");
  }

  /// Where an alert's textual member of that name is kept, or nullptr.
  std::string* text_of(std::string_view name) {
    if (name == "status") return &draft_.status;
    if (name == "startsAt") return &draft_.starts_at;
    return name == "endsAt" ? &draft_.ends_at : nullptr;
  }

  Status member(const Path& path, const Value& value) {
    if (path.key(0) == "alerts") return json::wrong_type(path, "an array");
    if (path.key(0) == "version") {
      if (value.kind != Value::Kind::text) return wrong_member(path);
      version_seen_ = true;
      return value.text == kVersion ? Status() : fail("version is not \"4\"");
    }
    if (path.key(0) != "truncatedAlerts") return {};
    if (value.kind != Value::Kind::whole || value.whole < 0) return wrong_member(path);
    notification_.truncated = static_cast<std::size_t>(value.whole);
    return {};
  }

  Status alert_member(const Path& path, const Value& value) {
    const std::string_view name = path.key(2);
    if (name == "labels") return json::wrong_type(path, "an object");
    if (name == "annotations" && value.kind != Value::Kind::null) {
      return json::wrong_type(path, "an object");
    }
    std::string* const text = text_of(name);
    if (text == nullptr) return {};
    if (value.kind != Value::Kind::text) return json::wrong_type(path, "a string");
    *text = value.text;
    return {};
  }

  // Annotations are checked like labels, but only two of them are worth keeping.
  Status label(const Path& path, const Value& value) {
    if (!in_labels(path)) return {};
    if (value.kind != Value::Kind::text) return json::wrong_type(path, "a string");
    const std::string_view name = path.key(3);
    if (path.key(2) == "labels") {
      draft_.labels.emplace_back(name, value.text);
    } else if (name == "summary") {
      draft_.summary = clipped(value.text, kSummaryBytesMax);
    } else if (name == "runbook_url") {
      draft_.runbook_url = clipped(value.text, kUrlBytesMax);
    }
    return {};
  }

  /// The alert is complete: members may have come in any order.
  Status finish(const Path& path) {
    const bool firing = draft_.status == "firing";
    if (!firing && draft_.status != "resolved") {
      return fail(path.text() + ".status: neither \"firing\" nor \"resolved\"");
    }
    if (!draft_.labels_seen) return fail(path.text() + ".labels: missing");
    if (notification_.firing.size() + notification_.resolved.size() >= kAlertsMax) {
      ++beyond_limit_;
      return {};
    }
    Labels labels(std::move(draft_.labels));
    const EventId event = event_of(draft_, labels);
    if (firing) {
      notification_.firing.push_back({.labels = std::move(labels),
                                      .event = event,
                                      .summary = std::move(draft_.summary),
                                      .runbook_url = std::move(draft_.runbook_url)});
    } else {
      notification_.resolved.push_back(event);
    }
    return {};
  }

  Notification notification_;
  Draft draft_;
  std::size_t beyond_limit_ = 0;
  bool version_seen_ = false;
  bool alerts_seen_ = false;
};

}  // namespace

std::vector<EventId> events_of(const Notification& notification) {
  std::vector<EventId> events = notification.resolved;
  for (const FiringAlert& alert : notification.firing)
    events.push_back(alert.event);
  return events;
}

std::vector<Labels> labels_of(Notification&& notification) {
  std::vector<Labels> labels;
  labels.reserve(notification.firing.size());
  for (FiringAlert& alert : notification.firing)
    labels.push_back(std::move(alert.labels));
  return labels;
}

Result<Notification> read_webhook(std::string_view body) {
  if (body.empty()) return fail("the body is empty");
  WebhookReader reader;
  if (auto read = json::read(body, {}, reader); !read) return std::unexpected(read.error());
  return reader.result();
}

}  // namespace lockkeeper::alertmanager
