// SPDX-License-Identifier: Apache-2.0

// What detection says, once for each finding.

#include <fmt/format.h>

#include <algorithm>

#include "bot/detection.h"

namespace lockkeeper {
namespace {

constexpr std::string_view kPrefix = "[k8s-upgrade]";

std::string running_text(const Detected& found) {
  return found.running ? to_string(*found.running) : std::string("?");
}

/// "1.34.7 is available (patch, the cluster runs 1.34.2)".
std::string available_text(const Detected& found, const Available& available) {
  return fmt::format("{} is available ({}, the cluster runs {})", to_string(available.version),
                     to_string(available.kind), running_text(found));
}

/// What to type, or what stands in the way.
std::string advice(const Available& available, const CompatReport* compat) {
  const auto version = to_string(available.version);
  if (compat == nullptr || !compat->blocks())
    return fmt::format("to see the plan: /upgrade plan {0}; to start it: /upgrade start {0}",
                       version);
  return fmt::format("not yet: {}; lockkeeper compat {} tells more", blocks_in_short(*compat),
                     version);
}

struct Offer {
  const Available* available;
  const CompatReport* compat;
};

std::vector<Offer> offers(const Detected& found, const std::optional<CompatReport>& compat) {
  std::vector<Offer> all;
  if (found.patch) all.push_back({&*found.patch, nullptr});
  if (found.minor) all.push_back({&*found.minor, compat ? &*compat : nullptr});
  return all;
}

/// What makes a finding the same as the one before: which version, and what stands in its way.
std::string fingerprint(const Offer& offer) {
  auto print = to_string(offer.available->version);
  if (offer.compat != nullptr && offer.compat->blocks())
    print += " not yet: " + blocks_in_short(*offer.compat);
  return print;
}

}  // namespace

std::vector<Message> announcements(const Detected& found, const std::optional<CompatReport>& compat,
                                   const std::string& cluster, bool asked,
                                   DetectionMemory& memory) {
  std::vector<Message> messages;
  const auto all = offers(found, compat);
  const auto before = split(memory.announced, ';');
  std::string now;
  for (const auto& offer : all) {
    const auto print = fingerprint(offer);
    now += (now.empty() ? "" : ";") + print;
    if (!asked && std::ranges::find(before, print) != before.end()) continue;
    messages.push_back(
        {Tone::news,
         {},
         fmt::format("{} {}: {}; {}", kPrefix, cluster, available_text(found, *offer.available),
                     advice(*offer.available, offer.compat))});
  }
  memory.announced = now;
  const auto doubts = joined(found.doubts, "\n  ");
  if (!doubts.empty() && (asked || doubts != memory.complained)) {
    messages.push_back({Tone::needs_you,
                        {},
                        fmt::format("{} {}: detection does not believe what it was told:\n  {}",
                                    kPrefix, cluster, doubts)});
  }
  memory.complained = doubts;
  if (asked && messages.empty()) {
    messages.push_back({Tone::news,
                        {},
                        fmt::format("{} {}: nothing newer than {} is available", kPrefix, cluster,
                                    running_text(found))});
  }
  return messages;
}

std::string detection_text(const Detected& found, const std::optional<CompatReport>& compat) {
  auto text = "running: " + running_text(found);
  const auto all = offers(found, compat);
  for (const auto& [available, report] : all)
    text += fmt::format("\n{}: {}; {}", to_string(available->kind), to_string(available->version),
                        advice(*available, report));
  if (all.empty()) text += "\nnothing newer is available";
  for (const auto& doubt : found.doubts)
    text += "\nnot believed: " + doubt;
  for (const auto& note : found.notes)
    text += "\nnote: " + note;
  return text;
}

}  // namespace lockkeeper
