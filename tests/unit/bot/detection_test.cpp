// SPDX-License-Identifier: Apache-2.0
#include "bot/detection.h"

#include <doctest/doctest.h>

#include "tests/unit/bot/small_cluster.h"

namespace lockkeeper {
namespace {

using std::chrono::hours;
using test::cluster;
using test::kNoon;
using Versions = std::vector<std::string>;

FeedRead apt(Result<Versions> versions) {
  return {"apt on cp-1", std::move(versions), false};
}

FeedRead repository(Result<Versions> versions) {
  return {"repository v1.35", std::move(versions), true};
}

std::string text_of(const Detected& found) {
  std::string text;
  if (found.patch) text += "patch " + to_string(found.patch->version) + "; ";
  if (found.minor) text += "minor " + to_string(found.minor->version) + "; ";
  for (const auto& doubt : found.doubts)
    text += "doubt " + doubt + "; ";
  return text;
}

/// A cluster of 1.34.2 and what it remembers.
struct Night {
  ClusterFacts facts = cluster();
  DetectionMemory memory;
  Time now = kNoon;

  std::string check(const std::vector<FeedRead>& first, const std::vector<FeedRead>& second) {
    return text_of(judge_feeds(facts, first, second, memory, now));
  }
  std::string check(const std::vector<FeedRead>& reads) { return check(reads, reads); }
};

/// How many messages, and the first one.
std::string said(const std::vector<Message>& messages) {
  return messages.empty() ? "nothing" : messages.front().text;
}

}  // namespace

TEST_CASE("the newest patch and the newest of the next minor are found") {
  Night night;
  CHECK(night.check({apt(Versions{"1.34.2", "1.34.7", "1.34.5"}),
                     repository(Versions{"1.35.0", "1.35.1"})}) == "patch 1.34.7; minor 1.35.1; ");
}

TEST_CASE("what runs already, or is older, is no news") {
  Night night;
  CHECK(night.check({apt(Versions{"1.34.0", "1.34.2"})}).empty());
}

TEST_CASE("pre-releases and what is more than one minor ahead are left out") {
  Night night;
  const auto reads = std::vector{apt(Versions{"1.34.2", "1.34.8-rc.0"}),
                                 repository(Versions{"1.35.0-beta.1", "1.36.0"})};
  const auto found = judge_feeds(night.facts, reads, reads, night.memory, night.now);
  CHECK(text_of(found).empty());
  CHECK(found.notes == Versions{"apt on cp-1: '1.34.8-rc.0' is no release and is left out",
                                "repository v1.35: '1.35.0-beta.1' is no release and is left out",
                                "repository v1.35: 1.36.0 is 2 minors ahead; one at a time"});
}

TEST_CASE("two reads that disagree are not believed") {
  Night night;
  CHECK(night.check({apt(Versions{"1.34.7"})}, {apt(Versions{"1.34.5"})}) ==
        "doubt apt on cp-1: two reads disagree: 1.34.7, then 1.34.5; ");
  CHECK(night.check({repository(Versions{})}, {repository(Versions{"1.35.1"})}) ==
        "doubt repository v1.35: one read of two found it empty; ");
  CHECK(night.check({apt(Versions{"1.34.7"})}, {apt(Versions{"1.34.7", "1.35.1"})})
            .ends_with("two reads disagree: nothing, then 1.35.1; "));
  CHECK(night.memory.highest.empty() == false);
}

TEST_CASE("an empty answer is none, but a minor may not be out yet") {
  Night night;
  CHECK(night.check({apt(Versions{})}) ==
        "doubt apt on cp-1: offers nothing at all, which is no answer; ");
  CHECK(night.check({repository(Versions{})}).empty());
}

TEST_CASE("a feed that fails is told, and the others still count") {
  Night night;
  CHECK(night.check({apt(fail("no route")), repository(Versions{"1.35.1"})}) ==
        "minor 1.35.1; doubt apt on cp-1: no route; ");
  CHECK(night.check({apt(Versions{"1.34.7"})}, {apt(fail("HTTP 503"))}) ==
        "minor 1.35.1; doubt apt on cp-1: HTTP 503; ");
}

TEST_CASE("a feed that falls behind is not believed, and what was seen stays available") {
  Night night;
  CHECK(night.check({apt(Versions{"1.34.2", "1.34.7"})}) == "patch 1.34.7; ");
  night.now += hours(24);
  CHECK(night.check({apt(Versions{"1.34.2", "1.34.5"})}) ==
        "patch 1.34.7; doubt apt on cp-1: offers 1.34.5 at most, but 1.34.7 was seen on "
        "2026-11-20; if that one was withdrawn: /upgrade check --forget; ");
  CHECK(night.check({apt(fail("down"))}) == "patch 1.34.7; doubt apt on cp-1: down; ");
}

TEST_CASE("a feed that does not know what the cluster runs is behind") {
  Night night;
  CHECK(night.check({apt(Versions{"1.34.1"})}) ==
        "doubt apt on cp-1: offers 1.34.1 at most, and the cluster runs 1.34.2; ");
}

TEST_CASE("alternating feeds never bring the finding back and forth") {
  Night night;
  for (int i = 0; i < 6; ++i) {
    const auto* newest = i % 2 == 0 ? "1.34.7" : "1.34.5";
    CHECK(night.check({apt(Versions{"1.34.2", newest})}).starts_with("patch 1.34.7; "));
    night.now += hours(24);
  }
}

TEST_CASE("once the cluster runs it, it is available no more, and old minors are forgotten") {
  Night night;
  CHECK(night.check({apt(Versions{"1.34.7"}), repository(Versions{"1.35.1"})}) ==
        "patch 1.34.7; minor 1.35.1; ");
  night.facts = cluster(1, 2, test::kMinor);
  CHECK(night.check({apt(Versions{"1.35.1"})}).empty());
  CHECK(night.memory.highest.size() == 1);
}

TEST_CASE("a cluster in the middle of an upgrade is not sent back") {
  Night night;
  night.facts.api_server = test::kMinor;
  CHECK(night.check({apt(Versions{"1.34.7"}), repository(Versions{"1.35.1"})}) == "minor 1.35.1; ");
}

TEST_CASE("what cannot be read of the cluster is a doubt, not an old version") {
  Night night;
  night.facts.nodes[1].kubelet.reset();
  CHECK(night.check({apt(Versions{"1.34.7"})}) == "doubt what the cluster runs cannot be read; ");
}

TEST_CASE("k3s counts its own builds") {
  Night night;
  const auto running = parse_version("v1.34.2+k3s9").value();
  night.facts = cluster(1, 2, running);
  CHECK(night.check({{"k3s channel v1.34", Versions{"v1.34.2+k3s10"}, false}}) ==
        "patch 1.34.2+k3s10; ");
}

TEST_CASE("a finding is said once, until something changes") {
  Night night;
  DetectionMemory& memory = night.memory;
  const auto say = [&](const std::vector<FeedRead>& reads, bool asked = false) {
    const auto found = judge_feeds(night.facts, reads, reads, memory, night.now);
    return said(announcements(found, {}, "lab", asked, memory));
  };
  const std::vector reads = {apt(Versions{"1.34.7"})};
  CHECK(say(reads) ==
        "[k8s-upgrade] lab: 1.34.7 is available (patch, the cluster runs 1.34.2); to see the plan: "
        "/upgrade plan 1.34.7; to start it: /upgrade start 1.34.7");
  CHECK(say(reads) == "nothing");
  CHECK(say(reads, true).contains("1.34.7 is available"));
  CHECK(say({apt(Versions{"1.34.9"})}).contains("1.34.9 is available"));
  CHECK(say({apt(Versions{"1.34.9"}), repository(Versions{"1.35.1"})})
            .contains("1.35.1 is available"));
  CHECK(say({apt(Versions{"1.34.9"}), repository(Versions{"1.35.1"})}) == "nothing");
  memory = {};
  night.facts = cluster(1, 2, Version{1, 34, 9, {}});
  CHECK(say({apt(Versions{"1.34.9"})}) == "nothing");
  CHECK(say({apt(Versions{"1.34.9"})}, true) ==
        "[k8s-upgrade] lab: nothing newer than 1.34.9 is available");
}

TEST_CASE("a doubt is said once, too, and again after it was gone") {
  Night night;
  const auto say = [&](const std::vector<FeedRead>& reads) {
    const auto found = judge_feeds(night.facts, reads, reads, night.memory, night.now);
    return said(announcements(found, {}, "lab", false, night.memory));
  };
  const std::vector down = {apt(fail("HTTP 503"))};
  CHECK(say(down) ==
        "[k8s-upgrade] lab: detection does not believe what it was told:\n"
        "  apt on cp-1: HTTP 503");
  CHECK(say(down) == "nothing");
  CHECK(say({apt(Versions{"1.34.2"})}) == "nothing");
  CHECK(say(down).contains("HTTP 503"));
}

TEST_CASE("what stands in the way of a minor is part of the finding") {
  Detected found;
  found.running = test::kOld;
  found.minor = Available{test::kMinor, UpgradeKind::minor};
  CompatReport compat;
  compat.minor_jump = true;
  compat.rows = {{CompatAnswer::blocked, "calico", "3.26.1", {}, "old", {}, {}}};
  DetectionMemory memory;
  CHECK(said(announcements(found, compat, "lab", false, memory)) ==
        "[k8s-upgrade] lab: 1.35.1 is available (minor, the cluster runs 1.34.2); not yet: calico "
        "(blocked); lockkeeper compat 1.35.1 tells more");
  CHECK(said(announcements(found, compat, "lab", false, memory)) == "nothing");
  compat.rows.clear();
  CHECK(said(announcements(found, compat, "lab", false, memory)).contains("/upgrade start 1.35.1"));
}

TEST_CASE("the memory reads back as it was written, and damage is told") {
  DetectionMemory memory;
  memory.highest["1.34"] = {test::kPatch, kNoon};
  memory.announced = "1.34.2>1.34.7;";
  memory.complained = "apt: \"down\"\n  more";
  memory.checked = kNoon;
  CHECK(decode_memory(encode_memory(memory)).value() == memory);
  CHECK(decode_memory("").value() == DetectionMemory{});
  for (const auto* text : {"{", "[]", "{}", R"({"highest":{"1.34":{"version":"x","at":""}}})"})
    CHECK_FALSE(decode_memory(text).has_value());
}

}  // namespace lockkeeper
