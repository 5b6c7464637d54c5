// SPDX-License-Identifier: Apache-2.0
#include "tests/lab/apiserver/controllers/placement.h"

#include <algorithm>

#include "tests/lab/apiserver/selector.h"

namespace lockkeeper::lab {
namespace {

bool term_matches(const Json& term, const Json& node) {
  const Json by_label = {{"matchExpressions", list_at(term, "matchExpressions")}};
  if (!LabelSelector::of(by_label).matches(map_at(node, "metadata/labels"))) return false;
  const Json by_field = {{"matchExpressions", list_at(term, "matchFields")}};
  return LabelSelector::of(by_field).matches({{"metadata.name", name_of(node)}});
}

}  // namespace

bool chooses(const Json& pod_spec, const Json& node) {
  const Json& labels = map_at(node, "metadata/labels");
  for (const auto& [key, value] : map_at(pod_spec, "nodeSelector").items()) {
    const auto at = labels.find(key);
    if (at == labels.end() || *at != value) return false;
  }
  constexpr std::string_view kRequired =
      "affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms";
  const Json& terms = list_at(pod_spec, kRequired);
  return terms.empty() ||
         std::ranges::any_of(terms, [&](const Json& term) { return term_matches(term, node); });
}

bool tolerates(const Json& tolerations, std::string_view key, std::string_view value,
               std::string_view effect) {
  return std::ranges::any_of(tolerations, [&](const Json& toleration) {
    const auto of_effect = text_at(toleration, "effect");
    if (!of_effect.empty() && of_effect != effect) return false;
    const auto of_key = text_at(toleration, "key");
    if (text_at(toleration, "operator") == "Exists") return of_key.empty() || of_key == key;
    return of_key == key && text_at(toleration, "value") == value;
  });
}

bool tolerates_node(const Json& pod_spec, const Json& node) {
  const Json& tolerations = list_at(pod_spec, "tolerations");
  const bool cordoned = flag_at(node, "spec/unschedulable");
  if (cordoned && !tolerates(tolerations, "node.kubernetes.io/unschedulable", "", "NoSchedule")) {
    return false;
  }
  return std::ranges::all_of(list_at(node, "spec/taints"), [&](const Json& taint) {
    const auto effect = text_at(taint, "effect");
    if (effect != "NoSchedule" && effect != "NoExecute") return true;
    return tolerates(tolerations, text_at(taint, "key"), text_at(taint, "value"), effect);
  });
}

}  // namespace lockkeeper::lab
