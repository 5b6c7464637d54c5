// SPDX-License-Identifier: Apache-2.0
#pragma once

// The labels of one alert: names to values, sorted by name. A value type for any thread.

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lockkeeper {

/// A set of labels. Prometheus treats a label with an empty value as absent, and so does this type:
/// an empty value is never stored, and looking up what is absent gives the empty string.
class Labels {
 public:
  using Pair = std::pair<std::string, std::string>;

  Labels() = default;
  Labels(std::initializer_list<Pair> pairs);
  /// Later pairs win over earlier ones of the same name.
  explicit Labels(std::vector<Pair> pairs);

  /// The value of `name`, or "" when there is none. The view lives as long as this object does.
  [[nodiscard]] std::string_view get(std::string_view name) const;

  /// Sets a label; an empty value removes it.
  void set(std::string_view name, std::string_view value);

  [[nodiscard]] const std::vector<Pair>& pairs() const { return pairs_; }
  [[nodiscard]] bool empty() const { return pairs_.empty(); }
  [[nodiscard]] std::size_t size() const { return pairs_.size(); }

  auto operator<=>(const Labels&) const = default;

 private:
  std::vector<Pair> pairs_;
};

/// `{alertname="KubeAPIDown", severity="critical"}`, values escaped as in a matcher.
std::string to_string(const Labels& labels);

/// Alertmanager's identity of an alert: FNV-1a 64 over name, 0xFF, value, 0xFF of the sorted
/// labels. Equal to the `fingerprint` of a webhook when the same labels are given.
std::uint64_t fingerprint(const Labels& labels);

/// The fingerprint as Alertmanager writes it: 16 hexadecimal digits.
std::string fingerprint_hex(const Labels& labels);

/// The labels as a rule should see them: `ignored` removed and `external` added where absent.
/// External labels exist in Alertmanager only, so without this the two sources would name the same
/// alert differently; ignored ones (a replica name, a templated value) would change its identity.
Labels normalised(const Labels& labels, const Labels& external,
                  const std::vector<std::string>& ignored);

}  // namespace lockkeeper
