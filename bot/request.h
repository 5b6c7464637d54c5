// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a person orders: the payload of requirement A1, as JSON or as words. Reading it is all or
// nothing: what is malformed, incomplete or self-contradictory becomes one line and changes
// nothing.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bot/plan.h"
#include "rules/result.h"

namespace lockkeeper {

struct UpgradeRequest {
  Version target;
  std::optional<UpgradeKind> kind;  // nothing: derived from what the cluster runs
  bool dry_run = false;
  std::vector<Stage> stages = all_stages();  // in the fixed order, without repeats
  std::string reason;
  std::string confirm;  // the digest of the plan that the person has seen, or empty
  // Names of alerts that fire already and shall not hold this run; never those that abort.
  std::vector<std::string> ignore_alerts{};
  Millis ignore_for = std::chrono::hours(24);  // how long they are set aside, at most a week

  bool operator==(const UpgradeRequest&) const = default;
  [[nodiscard]] bool has(Stage stage) const;
};

/// `{"target_version":"1.34.5","kind":"patch","dry_run":false,"stages":"all"}`; `reason`,
/// `ignore_alert` ("A,B"), `ignore_for` ("4h") and `confirm` may be added, anything else is
/// refused. Failures begin with "malformed payload: ".
Result<UpgradeRequest> parse_request_json(std::string_view json);

/// The same the other way: all but `confirm`, as ASCII.
std::string encode_request(const UpgradeRequest& request);

/// The words behind `start`: `1.34.5 --dry-run --stages preflight,snapshot --kind patch --reason
/// TEXT --ignore-alert A,B --ignore-for 4h --confirm DIGEST`. Failures begin with "malformed
/// payload: ".
Result<UpgradeRequest> parse_request_words(std::span<const std::string> words);

}  // namespace lockkeeper
