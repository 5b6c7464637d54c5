// SPDX-License-Identifier: Apache-2.0
#include "rules/labels.h"

#include <fmt/format.h>

#include <algorithm>

#include "rules/digest.h"
#include "rules/text.h"

namespace lockkeeper {
namespace {

constexpr std::string_view kSeparator = "\xFF";

bool name_less(const Labels::Pair& pair, std::string_view name) {
  return pair.first < name;
}

}  // namespace

Labels::Labels(std::initializer_list<Pair> pairs) : Labels(std::vector<Pair>(pairs)) {}

Labels::Labels(std::vector<Pair> pairs) : pairs_(std::move(pairs)) {
  std::ranges::stable_sort(pairs_, {}, &Pair::first);
  // Walking backwards keeps the last pair of a name.
  const auto repeated =
      std::unique(pairs_.rbegin(), pairs_.rend(),
                  [](const auto& a, const auto& b) { return a.first == b.first; });
  pairs_.erase(pairs_.begin(), repeated.base());
  std::erase_if(pairs_, [](const Pair& pair) { return pair.second.empty(); });
}

std::string_view Labels::get(std::string_view name) const {
  const auto at = std::lower_bound(pairs_.begin(), pairs_.end(), name, name_less);
  return at != pairs_.end() && at->first == name ? std::string_view(at->second)
                                                 : std::string_view();
}

void Labels::set(std::string_view name, std::string_view value) {
  const auto at = std::lower_bound(pairs_.begin(), pairs_.end(), name, name_less);
  const bool present = at != pairs_.end() && at->first == name;
  if (value.empty()) {
    if (present) pairs_.erase(at);
  } else if (present) {
    at->second = value;
  } else {
    pairs_.emplace(at, name, value);
  }
}

std::string to_string(const Labels& labels) {
  std::string text = "{";
  for (const auto& [name, value] : labels.pairs()) {
    if (text.size() > 1) text += ", ";
    text += name + "=" + quoted(value);
  }
  return text + "}";
}

std::uint64_t fingerprint(const Labels& labels) {
  std::uint64_t hash = kFnvOffset;
  for (const auto& [name, value] : labels.pairs()) {
    hash = fnv1a(kSeparator, fnv1a(name, hash));
    hash = fnv1a(kSeparator, fnv1a(value, hash));
  }
  return hash;
}

std::string fingerprint_hex(const Labels& labels) {
  return fmt::format("{:016x}", fingerprint(labels));
}

Labels normalised(const Labels& labels, const Labels& external,
                  const std::vector<std::string>& ignored) {
  // The alert's own pairs come later, so they win over external ones.
  std::vector<Labels::Pair> pairs = external.pairs();
  pairs.insert(pairs.end(), labels.pairs().begin(), labels.pairs().end());
  std::erase_if(pairs, [&](const Labels::Pair& pair) {
    return std::ranges::find(ignored, pair.first) != ignored.end();
  });
  return Labels(std::move(pairs));
}

}  // namespace lockkeeper
