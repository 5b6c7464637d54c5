// SPDX-License-Identifier: Apache-2.0
#include "bot/compat_nodes.h"

#include <fmt/format.h>

#include <algorithm>

#include "bot/planner.h"

namespace lockkeeper {
namespace {

constexpr std::size_t kNamesMax = 5;  // nodes that a row names

/// Rows under way: what is the same on several nodes is collected.
class NodeRows {
 public:
  /// `words` follows the names of the nodes.
  void add(const std::string& node, CompatRow row) {
    const auto same = std::ranges::find_if(all_, [&](const auto& one) {
      return one.row.answer == row.answer && one.row.subject == row.subject &&
             one.row.words == row.words;
    });
    if (same == all_.end()) {
      all_.push_back({std::move(row), {node}});
    } else {
      same->nodes.push_back(node);
    }
  }

  std::vector<CompatRow> take() {
    std::vector<CompatRow> rows;
    for (auto& [row, nodes] : all_) {
      const auto left = nodes.size() > kNamesMax ? nodes.size() - kNamesMax : 0;
      nodes.resize(nodes.size() - left);
      auto names = joined(nodes);
      if (left > 0) names += fmt::format(" and {} more", left);
      row.words = names + ": " + row.words;
      rows.push_back(std::move(row));
    }
    return rows;
  }

 private:
  struct Collected {
    CompatRow row;
    std::vector<std::string> nodes;
  };
  std::vector<Collected> all_;
};

bool same_line(const PartVersion& a, const PartVersion& b) {
  return a.parts[0] == b.parts[0] && a.parts[1] == b.parts[1];
}

/// The floor of the version's own line, or of the nearest older one; null below all of them.
const PartVersion* floor_for(const RuntimeRow& row, const PartVersion& version) {
  const PartVersion* floor = nullptr;
  for (const auto& one : row.floors)
    if (same_line(one, version) || one < version) floor = &one;
  return floor;
}

CompatRow runtime_row(const CompatData& data, const std::string& runtime, Minor target) {
  CompatRow row{CompatAnswer::ok, "containerd", runtime, {}, {}, {}, {}};
  const auto text = containerd_version(runtime);
  if (text.empty() && !runtime.empty()) {
    row.answer = CompatAnswer::warn;
    row.words = fmt::format("the data know nothing about {}", clipped(runtime, 60));
    return row;
  }
  const auto version = parse_part_version(text);
  if (!version) {
    row.answer = CompatAnswer::unknown;
    row.words = "the version of containerd cannot be read";
    return row;
  }
  const RuntimeRow* wanted = nullptr;
  for (const auto& one : data.containerd)
    if (one.target <= target) wanted = &one;
  row.current = text;
  row.words = fmt::format("containerd {} will do", text);
  if (wanted == nullptr) return row;
  const auto* floor = floor_for(*wanted, *version);
  if (floor == nullptr || *version < *floor) {
    const auto& least = floor == nullptr ? wanted->floors.front() : *floor;
    row.answer = CompatAnswer::blocked;
    row.required = to_string(least) + " or newer";
    row.words = fmt::format("containerd {} is too old for {}", text, to_string(target));
    row.clear = fmt::format("bring containerd to {} ({})", row.required, wanted->source);
  } else if (wanted->warn_below && *version < *wanted->warn_below) {
    row.answer = CompatAnswer::warn;
    row.words = fmt::format("containerd {} works with {} and soon will not ({})", text,
                            to_string(target), wanted->source);
  }
  return row;
}

CompatRow cgroup_row(const CompatData& data, const NodeSurvey& node, Minor target) {
  CompatRow row{CompatAnswer::ok, "cgroup", node.cgroup, {}, {}, {}, {}};
  const auto from = to_string(data.cgroup_v2_from);
  row.words = fmt::format("cgroup {}", node.cgroup);
  if (target < data.cgroup_v2_from || node.cgroup == "v2") return row;
  row.required = "v2";
  if (node.cgroup.empty()) {
    row.answer = CompatAnswer::unknown;
    row.words = "its version of cgroup cannot be told";
  } else if (node.fail_cgroup_v1 == false) {
    row.answer = CompatAnswer::warn;
    row.words = "cgroup v1, which its kubelet is told to bear (failCgroupV1: false)";
  } else {
    row.answer = CompatAnswer::blocked;
    row.words = fmt::format("cgroup v1, with which the kubelet of {} does not start", from);
    row.clear = "boot with systemd.unified_cgroup_hierarchy=1, or set failCgroupV1: false";
  }
  return row;
}

void flag_rows(const CompatData& data, const NodeSurvey& node, Minor target, NodeRows& rows) {
  for (const auto& use : node.flags) {
    for (const auto& gone : data.flags) {
      const bool cleaned = !gone.cleaned_in.empty() && use.file.ends_with(gone.cleaned_in);
      if (gone.component != use.component || gone.flag != use.flag || gone.removed_in > target ||
          cleaned)
        continue;
      rows.add(node.node, {CompatAnswer::blocked,
                           fmt::format("{} {}", use.component, use.flag),
                           use.flag,
                           {},
                           fmt::format("{} in {}, which {} has no more", use.flag, use.file,
                                       to_string(gone.removed_in)),
                           fmt::format("take it out of {}", use.file),
                           {}});
    }
  }
  for (const auto& gate : node.gates) {
    for (const auto& gone : data.gates) {
      if (gone.flag != gate || gone.removed_in > target) continue;
      rows.add(node.node, {CompatAnswer::blocked,
                           "gate " + gate,
                           gate,
                           {},
                           fmt::format("feature gate {} is set, which {} has no more", gate,
                                       to_string(gone.removed_in)),
                           "take it out of the flags and of the kubelet's configuration",
                           {}});
    }
  }
}

}  // namespace

std::vector<CompatRow> judge_nodes(const CompatData& data, const std::vector<NodeSurvey>& surveys,
                                   const ClusterFacts& cluster, const std::string& goal,
                                   Minor target) {
  NodeRows rows;
  for (const auto& node : cluster.nodes) {
    const auto version = parse_part_version(containerd_version(node.runtime));
    const auto raised = parse_part_version(goal);
    const bool first = node.control_plane && version && raised && *version < *raised;
    auto runtime = runtime_row(data, first ? "containerd://" + goal : node.runtime, target);
    if (first) runtime.words += " (brought there first)";
    rows.add(node.name, std::move(runtime));
    const auto survey = std::ranges::find(surveys, node.name, &NodeSurvey::node);
    if (survey == surveys.end() || !survey->failure.empty()) {
      const auto why = survey == surveys.end() ? "it was not looked at" : survey->failure;
      rows.add(node.name, {CompatAnswer::unknown,
                           "node",
                           {},
                           {},
                           "flags and cgroup are not known: " + why,
                           {},
                           {}});
      continue;
    }
    rows.add(node.name, cgroup_row(data, *survey, target));
    flag_rows(data, *survey, target, rows);
  }
  return rows.take();
}

}  // namespace lockkeeper
