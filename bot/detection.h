// SPDX-License-Identifier: Apache-2.0
#pragma once

// From what feeds say to what a cluster could be upgraded to (requirements D1 and D2). A feed can
// never hurt: what it says counts only when two reads agree, when it does not fall behind what was
// seen before, when it is a release and at most one minor ahead. Pure; the memory comes in and goes
// out as a value, and is kept in the journal's file.

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bot/compat.h"
#include "bot/facts.h"
#include "bot/plan.h"
#include "bot/ports.h"

namespace lockkeeper {

/// One read of one feed.
struct FeedRead {
  std::string feed;                           // "apt on master1", "repository v1.35"
  Result<std::vector<std::string>> versions;  // as the feed writes them
  // Of a minor that may not be out yet: an empty list then means that, and nothing else.
  bool may_be_absent = false;
  std::vector<std::string> notes{};  // "its signature was not checked"
};

/// The highest release of a minor that was ever believed.
struct SeenRelease {
  Version version;
  Time at{};  // when it was first seen

  bool operator==(const SeenRelease&) const = default;
};

/// What detection must not forget.
struct DetectionMemory {
  std::map<std::string, SeenRelease> highest;  // by minor, "1.35"
  std::string announced;                       // what was said last: not to say it again
  std::string complained;                      // the same for doubts
  Time checked{};                              // when a check last ended, whatever it found

  bool operator==(const DetectionMemory&) const = default;
};

struct Available {
  Version version;
  UpgradeKind kind = UpgradeKind::patch;

  bool operator==(const Available&) const = default;
};

/// What a check found.
struct Detected {
  std::optional<Version> running;  // the oldest in the cluster
  std::optional<Available> patch;
  std::optional<Available> minor;
  std::vector<std::string> doubts;  // what was not believed, and why
  std::vector<std::string> notes;   // worth knowing, and no reason to worry
};

/// Judges two reads of the same feeds and adds to the memory what is believed. A release that was
/// believed once stays available while a feed is down, or lies.
Detected judge_feeds(const ClusterFacts& facts, std::span<const FeedRead> first,
                     std::span<const FeedRead> second, DetectionMemory& memory, Time now);

/// The memory as JSON text, and back; "" is an empty one.
std::string encode_memory(const DetectionMemory& memory);
Result<DetectionMemory> decode_memory(std::string_view text);

/// What chat is told: nothing when it was told before and nothing has changed. Notes in the memory
/// what is said. `asked`: a person asked for the check and gets an answer in any case.
std::vector<Message> announcements(const Detected& found, const std::optional<CompatReport>& compat,
                                   const std::string& cluster, bool asked, DetectionMemory& memory);

/// The result for a terminal: everything, whatever was said before.
std::string detection_text(const Detected& found, const std::optional<CompatReport>& compat);

}  // namespace lockkeeper
