// SPDX-License-Identifier: Apache-2.0
#include "integrations/kubernetes/selector.h"

#include <algorithm>

namespace lockkeeper::kubernetes {
namespace {

bool holds(const SelectorExpression& expression, const StringMap& labels) {
  const auto label = labels.find(expression.key);
  const bool present = label != labels.end();
  const bool listed =
      present && std::ranges::find(expression.values, label->second) != expression.values.end();
  if (expression.op == "In") return listed;
  if (expression.op == "NotIn") return !listed;  // an absent label is not in the list either
  if (expression.op == "Exists") return present;
  return expression.op == "DoesNotExist" && !present;
}

}  // namespace

bool Selector::matches(const StringMap& pod_labels) const {
  if (!given) return false;
  const bool all_labels = std::ranges::all_of(labels, [&](const auto& wanted) {
    const auto label = pod_labels.find(wanted.first);
    return label != pod_labels.end() && label->second == wanted.second;
  });
  return all_labels && std::ranges::all_of(expressions, [&](const auto& expression) {
           return holds(expression, pod_labels);
         });
}

Selector selector_of(const Json& json) {
  Selector selector;
  selector.given = json.is_object();
  for (const auto& [key, value] : members_at(json, {"matchLabels"}).items())
    if (value.is_string()) selector.labels.emplace(key, value.get<std::string>());
  for (const auto& each : items_at(json, {"matchExpressions"})) {
    SelectorExpression expression{text_at(each, {"key"}), text_at(each, {"operator"}), {}};
    for (const auto& value : items_at(each, {"values"}))
      if (value.is_string()) expression.values.push_back(value.get<std::string>());
    selector.expressions.push_back(std::move(expression));
  }
  return selector;
}

}  // namespace lockkeeper::kubernetes
