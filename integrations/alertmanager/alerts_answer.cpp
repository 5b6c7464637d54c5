// SPDX-License-Identifier: Apache-2.0
#include "integrations/alertmanager/alerts_answer.h"

#include <fmt/format.h>

#include "integrations/json/reader.h"

namespace lockkeeper::alertmanager {
namespace {

using json::Path;
using json::Shape;
using json::Value;

// How many containers are open around ...
constexpr std::size_t kAlert = 1;    // ... an alert
constexpr std::size_t kMember = 2;   // ... a member of it
constexpr std::size_t kInside = 3;   // ... a label, or a member of its status
constexpr std::size_t kElement = 4;  // ... an id of silencedBy or inhibitedBy

class AlertsReader : public json::Listener {
 public:
  std::vector<KnownAlert> alerts;

  Status begin(const Path& path, Shape shape) override {
    if (path.depth() == 0) {
      return shape == Shape::array ? Status() : json::wrong_type(path, "an array");
    }
    if (path.depth() == kAlert) {
      if (shape != Shape::object) return json::wrong_type(path, "an object");
      if (alerts.size() == kKnownAlertsMax) {
        return fail(fmt::format("more than {} alerts", kKnownAlertsMax));
      }
      alerts.emplace_back();
      labels_seen_ = status_seen_ = false;
    }
    if (path.depth() == kMember && path.key(1) == "fingerprint") {
      return json::wrong_type(path, "a string");
    }
    if (path.depth() == kMember && (path.key(1) == "labels" || path.key(1) == "status")) {
      (path.key(1) == "labels" ? labels_seen_ : status_seen_) = true;
      return shape == Shape::object ? Status() : json::wrong_type(path, "an object");
    }
    if (path.depth() != kInside) return {};
    if (path.key(1) == "labels") return json::wrong_type(path, "a string");
    const bool list = ids(path) != nullptr;
    return list && shape != Shape::array ? json::wrong_type(path, "an array") : Status();
  }

  Status end(const Path& path, Shape) override {
    if (path.depth() != kAlert) return {};
    if (!labels_seen_) return fail(path.text() + ".labels: missing");
    // Without it nobody could tell whether the alert is silenced.
    if (!status_seen_) return fail(path.text() + ".status: missing");
    alerts.back().labels = Labels(std::exchange(labels_, {}));
    return {};
  }

  Status value(const Path& path, const Value& value) override {
    if (path.depth() == 0) return json::wrong_type(path, "an array");
    if (path.depth() == kAlert) return json::wrong_type(path, "an object");
    const bool text = value.kind == Value::Kind::text;
    if (path.depth() == kMember) {
      const bool object = path.key(1) == "labels" || path.key(1) == "status";
      if (object) return json::wrong_type(path, "an object");
      if (path.key(1) != "fingerprint") return {};
      if (!text) return json::wrong_type(path, "a string");
      alerts.back().fingerprint = value.text;
    }
    if (path.depth() == kInside && path.key(1) == "labels") {
      if (!text) return json::wrong_type(path, "a string");
      labels_.emplace_back(path.key(2), value.text);
    }
    const bool none = value.kind == Value::Kind::null;
    if (path.depth() == kInside && !none && ids(path) != nullptr) {
      return json::wrong_type(path, "an array");
    }
    if (path.depth() != kElement) return {};
    auto* list = ids(path);
    if (list == nullptr) return {};
    if (!text) return json::wrong_type(path, "a string");
    list->emplace_back(value.text);
    return {};
  }

 private:
  /// Where what stands in this list of the status belongs, or null.
  std::vector<std::string>* ids(const Path& path) {
    if (path.key(1) != "status") return nullptr;
    if (path.key(2) == "silencedBy") return &alerts.back().silenced_by;
    return path.key(2) == "inhibitedBy" ? &alerts.back().inhibited_by : nullptr;
  }

  std::vector<Labels::Pair> labels_;
  bool labels_seen_ = false;
  bool status_seen_ = false;
};

}  // namespace

Result<std::vector<KnownAlert>> read_alerts_answer(std::string_view body) {
  AlertsReader reader;
  if (auto read = json::read(body, {}, reader); !read) return std::unexpected(read.error());
  return std::move(reader.alerts);
}

}  // namespace lockkeeper::alertmanager
