// SPDX-License-Identifier: Apache-2.0
#include "integrations/node/survey.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <thread>

#include "integrations/node/answer_lines.h"
#include "integrations/node/script_files.h"
#include "integrations/ssh/host.h"
#include "rules/text.h"

namespace lockkeeper::node {
namespace {

// A survey greps through a dozen small files; a feed fetches an index, perhaps through a proxy.
constexpr Millis kSurveyLimit = std::chrono::seconds(60);
constexpr Millis kFeedLimit = std::chrono::seconds(120);
constexpr std::size_t kBytesMax = 256U << 10U;
constexpr std::size_t kAtOnce = 16;

constexpr std::array<std::string_view, 4> kSurveyKeys = {"cgroup", "fail_cgroup_v1", "flag",
                                                         "gate"};
constexpr std::array<std::string_view, 2> kFeedKeys = {"madison", "failure"};

/// The node's name stands in front of it already.
std::string without_node(const std::string& node, const std::string& text) {
  const std::string prefix = node + ": ";
  return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
}

/// What a program says as root on a node, or why there is no answer.
Result<std::string> ask(const Settings& settings, Clock& clock, const NodeFacts& node,
                        const std::string& program, const ssh::CommandLimits& limits) {
  if (node.address.empty()) return fail("it has no InternalIP address");
  ssh::Host host(settings.ssh, {node.name, node.address}, clock);
  const auto result = host.run_as_root(program, limits);
  if (!result) return fail(without_node(node.name, result.error().what));
  if (result->status != 0) return fail(without_node(node.name, ssh::explain(host, *result)));
  return result->out;
}

/// "kubelet --container-runtime /etc/default/kubelet".
std::optional<FlagUse> flag_use(const std::string& text) {
  const auto words = split(text, ' ');
  if (words.size() != 3) return std::nullopt;
  return FlagUse{std::string(words[0]), std::string(words[1]), std::string(words[2])};
}

NodeSurvey survey(const Settings& settings, Clock& clock, const NodeFacts& node,
                  const ssh::Cancelled& cancelled) {
  const auto program = std::string(common_sh) + std::string(survey_sh) + "main\n";
  const auto text = ask(settings, clock, node, program, {kSurveyLimit, kBytesMax, cancelled});
  auto found = text ? parse_survey(*text) : std::unexpected(text.error());
  if (!found) {
    NodeSurvey failed;
    failed.failure = found.error().what;
    found = std::move(failed);
  }
  found->node = node.name;
  return std::move(*found);
}

}  // namespace

std::vector<NodeSurvey> survey_nodes(const Settings& settings, Clock& clock,
                                     const std::vector<NodeFacts>& nodes,
                                     const ssh::Cancelled& cancelled) {
  std::vector<NodeSurvey> found(nodes.size());
  const Moment until = clock.moment() + settings.preflight.limit;
  const ssh::Cancelled enough = [&] {
    return clock.moment() >= until || (cancelled && cancelled());
  };
  std::atomic<std::size_t> next = 0;
  {
    // Each looker writes into places of its own.
    std::vector<std::jthread> lookers;
    for (std::size_t i = 0; i < std::min(kAtOnce, nodes.size()); ++i) {
      lookers.emplace_back([&] {
        for (std::size_t at = next++; at < nodes.size() && !enough(); at = next++)
          found[at] = survey(settings, clock, nodes[at], enough);
      });
    }
  }
  for (std::size_t at = 0; at < nodes.size(); ++at) {
    if (!found[at].node.empty()) continue;
    found[at].node = nodes[at].name;
    found[at].failure = "not looked at within " + to_string(settings.preflight.limit);
  }
  return found;
}

Result<std::string> apt_offers(const Settings& settings, Clock& clock, const NodeFacts& node,
                               const ssh::Cancelled& cancelled) {
  const auto program =
      std::string(common_sh) + std::string(sources_sh) + std::string(feed_sh) + "main\n";
  const auto text = ask(settings, clock, node, program, {kFeedLimit, kBytesMax, cancelled});
  if (!text) return text;
  return parse_feed(*text);
}

Result<NodeSurvey> parse_survey(std::string_view text) {
  const auto lines = read_answer(text, "lockkeeper-survey 1", kSurveyKeys);
  if (!lines) return std::unexpected(lines.error());
  NodeSurvey survey;
  survey.cgroup = text_of(*lines, "cgroup");
  const auto bears = text_of(*lines, "fail_cgroup_v1");
  if (!bears.empty()) survey.fail_cgroup_v1 = bears == "true";
  if (const auto flags = lines->find("flag"); flags != lines->end()) {
    for (const auto& line : flags->second) {
      auto use = flag_use(line);
      if (!use) return fail(fmt::format("not a flag: '{}'", clipped(line, 80)));
      survey.flags.push_back(std::move(*use));
    }
  }
  if (const auto gates = lines->find("gate"); gates != lines->end()) survey.gates = gates->second;
  return survey;
}

Result<std::string> parse_feed(std::string_view text) {
  const auto lines = read_answer(text, "lockkeeper-feed 1", kFeedKeys);
  if (!lines) return std::unexpected(lines.error());
  if (lines->contains("failure")) {
    const auto why = text_of(*lines, "failure");
    return fail(why.empty() ? "its package repository fails without a word" : why);
  }
  const auto offers = lines->find("madison");
  return offers == lines->end() ? std::string() : joined(offers->second, "\n");
}

}  // namespace lockkeeper::node
