// SPDX-License-Identifier: Apache-2.0
#include "bot/detection.h"

#include <fmt/format.h>

#include <algorithm>

#include "bot/json_fields.h"
#include "bot/skew.h"

namespace lockkeeper {
namespace {

using json_fields::get;
using json_fields::Json;
using Newest = std::map<std::string, Version>;  // by minor

constexpr std::size_t kDoubtMax = 400;

class Detection {
 public:
  Detection(const ClusterFacts& facts, const Version& oldest, DetectionMemory& memory, Time now)
      : facts_(facts), oldest_(oldest), memory_(memory), now_(now) {
    found_.running = oldest;
  }

  void feed(const FeedRead& first, const FeedRead& second);
  Detected take();

 private:
  void doubt(const std::string& feed, std::string_view what) {
    auto text = clipped(fmt::format("{}: {}", feed, what), kDoubtMax);
    if (std::ranges::find(found_.doubts, text) == found_.doubts.end())
      found_.doubts.push_back(std::move(text));
  }
  void note(const std::string& feed, std::string_view what) {
    auto text = clipped(fmt::format("{}: {}", feed, what), kDoubtMax);
    if (std::ranges::find(found_.notes, text) == found_.notes.end())
      found_.notes.push_back(std::move(text));
  }
  Newest newest_of(const std::string& feed, const std::vector<std::string>& texts);
  void believe(const std::string& feed, const std::string& minor, const Version& version);
  [[nodiscard]] bool usable(const Version& version) const;

  const ClusterFacts& facts_;
  const Version oldest_;
  DetectionMemory& memory_;
  Time now_;
  Detected found_;
};

/// The newest release of each minor that may come next.
Newest Detection::newest_of(const std::string& feed, const std::vector<std::string>& texts) {
  Newest newest;
  for (const auto& text : texts) {
    const auto version = parse_version(text);
    if (!version) {
      note(feed, fmt::format("'{}' is no release and is left out", clipped(text, 40)));
      continue;
    }
    const int ahead = minors_between(oldest_, *version);
    if (ahead > 1) {
      note(feed, fmt::format("{} is {} minors ahead; one at a time", to_string(*version), ahead));
    }
    if (ahead < 0 || ahead > 1) continue;
    auto& best = newest.try_emplace(minor_name(*version), *version).first->second;
    best = std::max(best, *version);
  }
  return newest;
}

// Falling behind is what a mirror that lags does, and what somebody does who offers a release with
// a known hole.
void Detection::believe(const std::string& feed, const std::string& minor, const Version& version) {
  const auto seen = memory_.highest.find(minor);
  if (seen != memory_.highest.end() && version < seen->second.version) {
    return doubt(feed, fmt::format("offers {} at most, but {} was seen on {}; if that one was "
                                   "withdrawn: /upgrade check --forget",
                                   to_string(version), to_string(seen->second.version),
                                   to_string(seen->second.at).substr(0, 10)));
  }
  if (same_minor(version, oldest_) && version < oldest_) {
    return doubt(feed, fmt::format("offers {} at most, and the cluster runs {}", to_string(version),
                                   to_string(oldest_)));
  }
  if (seen == memory_.highest.end() || seen->second.version < version)
    memory_.highest[minor] = {version, now_};
}

void Detection::feed(const FeedRead& first, const FeedRead& second) {
  for (const auto* read : {&first, &second})
    for (const auto& one : read->notes)
      note(read->feed, one);
  if (!first.versions) return doubt(first.feed, first.versions.error().what);
  if (!second.versions) return doubt(second.feed, second.versions.error().what);
  const auto before = newest_of(first.feed, *first.versions);
  const auto after = newest_of(second.feed, *second.versions);
  const bool nothing = first.versions->empty() || second.versions->empty();
  if (nothing && !first.may_be_absent)
    return doubt(first.feed, "offers nothing at all, which is no answer");
  if (first.versions->empty() != second.versions->empty())
    return doubt(first.feed, "one read of two found it empty");
  const auto next = memory_.highest.find(fmt::format("{}.{}", oldest_.major, oldest_.minor + 1));
  if (nothing && next != memory_.highest.end())
    return doubt(first.feed, fmt::format("it is gone, although {} was seen in it",
                                         to_string(next->second.version)));
  for (const auto& [minor, version] : before) {
    const auto again = after.find(minor);
    if (again == after.end() || again->second != version) {
      doubt(first.feed, fmt::format("two reads disagree: {}, then {}", to_string(version),
                                    again == after.end() ? "nothing" : to_string(again->second)));
    } else {
      believe(first.feed, minor, version);
    }
  }
  for (const auto& [minor, version] : after)
    if (!before.contains(minor))
      doubt(first.feed, fmt::format("two reads disagree: nothing, then {}", to_string(version)));
}

/// Neither a step back for the API server nor too far for the oldest node.
bool Detection::usable(const Version& version) const {
  return version > oldest_ && version >= *facts_.api_server &&
         minors_between(oldest_, version) <= 1;
}

Detected Detection::take() {
  std::erase_if(memory_.highest, [&](const auto& entry) {
    return entry.second.version < oldest_ && !same_minor(entry.second.version, oldest_);
  });
  for (const auto& [name, seen] : memory_.highest) {
    if (!usable(seen.version)) continue;
    if (same_minor(seen.version, oldest_)) {
      found_.patch = Available{seen.version, UpgradeKind::patch};
    } else {
      found_.minor = Available{seen.version, UpgradeKind::minor};
    }
  }
  return std::move(found_);
}

Json seen_json(const SeenRelease& seen) {
  return {{"version", to_string(seen.version)}, {"at", to_string(seen.at)}};
}

Time time_in(const Json& json, const char* name) {
  const auto time = parse_time(get<std::string>(json, name));
  if (!time) throw json_fields::Malformed(time.error().what);
  return *time;
}

}  // namespace

Detected judge_feeds(const ClusterFacts& facts, std::span<const FeedRead> first,
                     std::span<const FeedRead> second, DetectionMemory& memory, Time now) {
  const bool readable = facts.api_server && !facts.nodes.empty() &&
                        std::ranges::all_of(facts.nodes, [](const NodeFacts& node) {
                          return node.kubelet.has_value();
                        });
  if (!readable) {
    Detected found;
    found.doubts.emplace_back("what the cluster runs cannot be read");
    return found;
  }
  Detection detection(facts, oldest_version(facts), memory, now);
  for (std::size_t i = 0; i < std::min(first.size(), second.size()); ++i)
    detection.feed(first[i], second[i]);
  return detection.take();
}

std::string encode_memory(const DetectionMemory& memory) {
  Json highest = Json::object();
  for (const auto& [minor, seen] : memory.highest)
    highest[minor] = seen_json(seen);
  const Json json = {{"highest", std::move(highest)},
                     {"announced", memory.announced},
                     {"complained", memory.complained},
                     {"checked", to_string(memory.checked)}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<DetectionMemory> decode_memory(std::string_view text) {
  DetectionMemory memory;
  if (text.empty()) return memory;
  try {
    const auto json = Json::parse(text);
    const auto highest = get<Json>(json, "highest");
    for (const auto& [minor, seen] : highest.items())
      memory.highest[minor] = {json_fields::get_version(seen, "version"), time_in(seen, "at")};
    memory.announced = get<std::string>(json, "announced");
    memory.complained = get<std::string>(json, "complained");
    memory.checked = time_in(json, "checked");
    return memory;
  } catch (const std::exception& problem) {
    return fail(fmt::format("what detection remembers cannot be read: {}", problem.what()));
  }
}

}  // namespace lockkeeper
