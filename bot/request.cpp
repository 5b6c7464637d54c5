// SPDX-License-Identifier: Apache-2.0
#include "bot/request.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>

namespace lockkeeper {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kPayloadBytesMax = 16UL << 10;
constexpr std::size_t kReasonBytesMax = 500;
constexpr std::array<std::string_view, 7> kStageWords = {
    "preflight", "snapshot", "containerd", "repo", "master", "workers", "postflight"};
constexpr std::array<std::string_view, 8> kMembers = {"target_version", "kind",      "dry_run",
                                                      "stages",         "reason",    "confirm",
                                                      "ignore_alert",   "ignore_for"};
constexpr std::array<std::string_view, 7> kOptions = {
    "--dry-run", "--stages", "--kind", "--reason", "--confirm", "--ignore-alert", "--ignore-for"};
// More names than this are not a handful of known troubles any more.
constexpr std::size_t kIgnoredMax = 20;
constexpr Millis kIgnoreForMax = std::chrono::hours(24 * 7);

std::unexpected<Failure> malformed(std::string_view what) {
  return fail(fmt::format("malformed payload: {}", what));
}

Result<UpgradeKind> parse_kind(std::string_view text) {
  if (text == "patch") return UpgradeKind::patch;
  if (text == "minor") return UpgradeKind::minor;
  return malformed(fmt::format("kind '{}' is neither patch nor minor", clipped(text, 40)));
}

Result<std::vector<Stage>> parse_stages(std::string_view text) {
  if (trimmed(text) == "all") return all_stages();
  std::set<Stage> chosen;
  for (const auto word : split(text, ',')) {
    const auto stage = parse_stage(word);
    if (!stage) {
      return malformed(
          fmt::format("unknown stage '{}'{}", clipped(word, 40), suggestion(word, kStageWords)));
    }
    if (!chosen.insert(*stage).second) {
      return malformed(fmt::format("stage '{}' is named twice", word));
    }
  }
  if (chosen.empty()) return malformed("stages is empty; write all, or some of preflight, ...");
  return std::vector<Stage>(chosen.begin(), chosen.end());
}

Result<std::vector<std::string>> parse_ignored(std::string_view text) {
  std::vector<std::string> names;
  for (const auto name : split(text, ',')) {
    if (name.empty()) return malformed("an alert to ignore has no name");
    names.emplace_back(clipped(name, 200));
  }
  if (names.empty()) return malformed("no alert to ignore is named");
  if (names.size() > kIgnoredMax) {
    return malformed(fmt::format("more than {} alerts are to be ignored", kIgnoredMax));
  }
  return names;
}

Result<Millis> parse_ignore_for(std::string_view text) {
  const auto lasting = parse_duration(text);
  if (!lasting) return malformed(fmt::format("ignore_for: {}", lasting.error().what));
  if (*lasting <= Millis(0) || *lasting > kIgnoreForMax) {
    return malformed("ignore_for is not between 1ms and 7d");
  }
  return *lasting;
}

/// What no single member shows: stages that change nodes without the ones that make it safe.
Result<UpgradeRequest> consistent(UpgradeRequest request) {
  const bool changes = std::ranges::any_of(request.stages, [](Stage stage) {
    return stage != Stage::preflight && stage != Stage::postflight;
  });
  if (request.dry_run || !changes) return request;
  for (const auto needed : {Stage::preflight, Stage::snapshot}) {
    if (request.has(needed)) continue;
    return malformed(fmt::format(
        "stages contradict themselves: the chosen ones change the cluster, which needs {} first",
        to_string(needed)));
  }
  return request;
}

Result<std::string> text_member(const Json& json, std::string_view name) {
  const auto& member = json.at(std::string(name));
  if (!member.is_string()) return malformed(fmt::format("{} is not a string", name));
  return member.get<std::string>();
}

Status read_member(UpgradeRequest& request, std::string_view name, std::string_view value) {
  if (name == "target_version") {
    auto target = parse_target_version(value);
    if (!target) return malformed(target.error().what);
    request.target = *target;
  } else if (name == "kind") {
    auto kind = parse_kind(value);
    if (!kind) return std::unexpected(kind.error());
    request.kind = *kind;
  } else if (name == "stages") {
    auto stages = parse_stages(value);
    if (!stages) return std::unexpected(stages.error());
    request.stages = std::move(*stages);
  } else if (name == "ignore_alert") {
    auto names = parse_ignored(value);
    if (!names) return std::unexpected(names.error());
    request.ignore_alerts = std::move(*names);
  } else if (name == "ignore_for") {
    auto lasting = parse_ignore_for(value);
    if (!lasting) return std::unexpected(lasting.error());
    request.ignore_for = *lasting;
  } else if (name == "reason") {
    request.reason = clipped(value, kReasonBytesMax);
  } else {
    request.confirm = clipped(value, kReasonBytesMax);
  }
  return {};
}

Result<Json> parse_object(std::string_view text) {
  if (text.size() > kPayloadBytesMax) return malformed("longer than 16 KiB");
  std::set<std::string> seen;
  std::string repeated;
  const auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (depth == 1 && event == Json::parse_event_t::key &&
        !seen.insert(parsed.get<std::string>()).second) {
      repeated = parsed.get<std::string>();
    }
    return depth < 4;
  };
  auto json = Json::parse(text, watch, false);
  if (json.is_discarded() || !json.is_object()) return malformed("not a JSON object");
  if (!repeated.empty()) return malformed(fmt::format("{} is given twice", clipped(repeated, 40)));
  return json;
}

}  // namespace

bool UpgradeRequest::has(Stage stage) const {
  return std::ranges::find(stages, stage) != stages.end();
}

Result<UpgradeRequest> parse_request_json(std::string_view text) {
  const auto json = parse_object(text);
  if (!json) return std::unexpected(json.error());
  UpgradeRequest request;
  for (const auto& [name, value] : json->items()) {
    if (std::ranges::find(kMembers, name) == kMembers.end()) {
      return malformed(
          fmt::format("unknown member '{}'{}", clipped(name, 40), suggestion(name, kMembers)));
    }
    if (name == "dry_run") {
      if (!value.is_boolean()) return malformed("dry_run is neither true nor false");
      request.dry_run = value.get<bool>();
      continue;
    }
    const auto member = text_member(*json, name);
    if (!member) return std::unexpected(member.error());
    if (auto status = read_member(request, name, *member); !status) {
      return std::unexpected(status.error());
    }
  }
  if (!json->contains("target_version")) return malformed("target_version is missing");
  return consistent(std::move(request));
}

std::string encode_request(const UpgradeRequest& request) {
  nlohmann::ordered_json json = {{"target_version", to_string(request.target)}};
  if (request.kind) json["kind"] = to_string(*request.kind);
  if (request.dry_run) json["dry_run"] = true;
  if (request.stages != all_stages()) {
    std::vector<std::string> stages;
    for (const Stage stage : request.stages)
      stages.emplace_back(to_string(stage));
    json["stages"] = joined(stages, ",");
  }
  if (!request.ignore_alerts.empty()) {
    json["ignore_alert"] = joined(request.ignore_alerts, ",");
    json["ignore_for"] = fmt::format("{}ms", request.ignore_for.count());
  }
  if (!request.reason.empty()) json["reason"] = request.reason;
  return json.dump(-1, ' ', true, Json::error_handler_t::replace);
}

Result<UpgradeRequest> parse_request_words(std::span<const std::string> words) {
  UpgradeRequest request;
  bool target_given = false;
  std::set<std::string> given;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (!word.starts_with("--")) {
      if (target_given) return malformed(fmt::format("unexpected word '{}'", clipped(word, 40)));
      target_given = true;
      auto status =
          read_member(request, "target_version", word.starts_with('v') ? word.substr(1) : word);
      if (!status) return std::unexpected(status.error());
      continue;
    }
    if (std::ranges::find(kOptions, word) == kOptions.end()) {
      return malformed(
          fmt::format("unknown option '{}'{}", clipped(word, 40), suggestion(word, kOptions)));
    }
    if (!given.insert(word).second) return malformed(fmt::format("{} is given twice", word));
    if (word == "--dry-run") {
      request.dry_run = true;
      continue;
    }
    // A value never looks like an option: "--reason --dry-run" must not become a run for real.
    if (i + 1 == words.size() || words[i + 1].starts_with("--")) {
      return malformed(fmt::format("{} needs a value", word));
    }
    // The member of the same name: --ignore-alert is ignore_alert.
    auto member = word.substr(2);
    std::ranges::replace(member, '-', '_');
    if (auto status = read_member(request, member, words[++i]); !status) {
      return std::unexpected(status.error());
    }
  }
  if (!target_given) return malformed("the version is missing");
  return consistent(std::move(request));
}

}  // namespace lockkeeper
