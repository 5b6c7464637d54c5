// SPDX-License-Identifier: Apache-2.0
#pragma once

// Label selectors with their full meaning: matchLabels and matchExpressions together. Tools that
// read matchLabels only have deleted pods that no budget meant. Pure values for any thread.

#include <map>
#include <string>
#include <vector>

#include "integrations/kubernetes/json.h"

namespace lockkeeper::kubernetes {

using StringMap = std::map<std::string, std::string>;

struct SelectorExpression {
  std::string key;
  std::string op;  // In, NotIn, Exists, DoesNotExist
  std::vector<std::string> values;

  bool operator==(const SelectorExpression&) const = default;
};

struct Selector {
  bool given = false;  // a selector that is absent matches nothing, an empty one everything
  StringMap labels;
  std::vector<SelectorExpression> expressions;

  bool operator==(const Selector&) const = default;
  /// An operator that is not known never matches.
  [[nodiscard]] bool matches(const StringMap& pod_labels) const;
};

Selector selector_of(const Json& json);

}  // namespace lockkeeper::kubernetes
