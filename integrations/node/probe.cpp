// SPDX-License-Identifier: Apache-2.0
#include "integrations/node/probe.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

#include "integrations/node/answer_lines.h"
#include "rules/text.h"

namespace lockkeeper::node {
namespace {

constexpr std::string_view kGreeting = "lockkeeper-probe 1";
constexpr std::size_t kFlagsMax = 50;

using Values = AnswerLines;

const std::vector<std::string_view>& known_keys() {
  static const std::vector<std::string_view> keys = {
      "root_free_bytes", "snapshot_free_bytes", "etcd_bytes", "kubeadm",
      "kubelet",         "containerd",          "holds",      "dpkg_audit",
      "package",         "package_failure",     "plan",       "plan_offer",
      "plan_failure",    "dropped_flag"};
  return keys;
}

bool contains(const auto& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

/// A number of bytes; absent when the node could not tell.
std::optional<std::int64_t> bytes_of(const Values& values, std::string_view key) {
  const std::string text = text_of(values, key);
  std::int64_t bytes = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), bytes);
  const bool whole = parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size();
  return whole && bytes >= 0 ? std::optional(bytes) : std::nullopt;
}

std::optional<std::string> offer_of(const Values& values, const Version& target) {
  if (!values.contains("plan")) return std::nullopt;
  const auto offers = values.find("plan_offer");
  if (offers == values.end()) return "";
  const std::string wanted = to_string(target);
  return contains(offers->second, wanted) ? wanted : offers->second.back();
}

}  // namespace

Result<Probe> parse_probe(std::string_view text, const Version& target) {
  const auto values = read_answer(text, kGreeting, known_keys());
  if (!values) return std::unexpected(values.error());
  Probe probe;
  probe.kubelet = text_of(*values, "kubelet");
  probe.containerd = text_of(*values, "containerd");
  probe.holds = text_of(*values, "holds");
  NodeProbe& facts = probe.facts;
  facts.reached = true;
  facts.sudo = true;
  facts.root_free_bytes = bytes_of(*values, "root_free_bytes");
  facts.snapshot_free_bytes = bytes_of(*values, "snapshot_free_bytes");
  facts.etcd_bytes = bytes_of(*values, "etcd_bytes");
  facts.kubeadm = text_of(*values, "kubeadm");
  facts.package = text_of(*values, "package");
  facts.package_failure = text_of(*values, "package_failure");
  facts.dpkg_audit = text_of(*values, "dpkg_audit");
  facts.plan_offers = offer_of(*values, target);
  facts.plan_failure = text_of(*values, "plan_failure");
  if (const auto flags = values->find("dropped_flag"); flags != values->end()) {
    facts.dropped_flags = flags->second;
    if (facts.dropped_flags.size() > kFlagsMax) facts.dropped_flags.resize(kFlagsMax);
  }
  return probe;
}

}  // namespace lockkeeper::node
