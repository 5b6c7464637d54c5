// SPDX-License-Identifier: Apache-2.0
#include "integrations/prometheus/past_uses.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "integrations/prometheus/api.h"
#include "integrations/prometheus/query_answer.h"

namespace lockkeeper::prometheus {
namespace {

constexpr const char* kQuery = "/api/v1/query";
constexpr std::string_view kUses = "apiserver_requested_deprecated_apis";
// Between two looks at whether a target was up, in windows of an hour and more.
constexpr std::int64_t kLookSecondsMax = 60;
constexpr std::int64_t kLooksMin = 60;
constexpr std::size_t kTargetsMax = 8;

/// An address as a part of a regular expression within a PromQL string; IPv6 stands in brackets.
std::string pattern_of(const std::string& address) {
  if (address.contains(':')) return "[[]" + address + "[]]";
  std::string pattern;
  for (const char c : address)
    pattern += c == '.' ? std::string("[.]") : std::string(1, c);
  return pattern;
}

/// Only what an address is made of gets into a query.
bool is_address(std::string_view text) {
  return !text.empty() && text.size() <= 64 &&
         text.find_first_not_of("0123456789abcdefABCDEF.:") == text.npos;
}

Result<std::vector<Series>> ask(Api& api, const std::string& promql) {
  const auto body = api.ask(kQuery, "query=" + encoded(promql));
  if (!body) return fail(body.error().what);
  auto answer = read_query_answer(*body);
  if (!answer) return std::unexpected(answer.error());
  if (answer->result_type != "vector") return fail("the answer is not a vector");
  return std::move(answer->series);
}

/// A target that showed the metric, as a selector of its `up`; empty when its labels are odd.
std::string target_of(const Series& series) {
  auto target = fmt::format("job=\"{}\",instance=\"{}\"", series.labels.get("job"),
                            series.labels.get("instance"));
  const bool odd =
      std::ranges::count(target, '"') != 4 || target.find_first_of("\\\n") != target.npos;
  return odd ? std::string() : "up{" + target + "}";
}

/// Why the target's silence within the window proves nothing, or "".
std::string doubt_about(Api& api, const std::string& target, Millis window) {
  const auto seconds = window.count() / 1000;
  const auto step = std::clamp<std::int64_t>(seconds / kLooksMin, 1, kLookSecondsMax);
  const auto seen = ask(api, fmt::format("count_over_time(({} == 1)[{}s:{}s]) and {} offset {}s",
                                         target, seconds, step, target, seconds));
  if (!seen) return seen.error().what;
  if (seen->size() != 1)
    return fmt::format("it has not watched the server for {}", to_string(window));
  const double looks = static_cast<double>(seconds) / static_cast<double>(step);
  const double share = seen->front().samples.front().value / looks;
  if (share >= kSeenShare) return {};
  return fmt::format("it has seen the server in {:.1f} % of the last {} only", share * 100,
                     to_string(window));
}

}  // namespace

PastUse past_uses(const PrometheusSettings& settings, const KubernetesSecretReader& from_kubernetes,
                  const std::string& address, Millis window) {
  PastUse past;
  if (!is_address(address)) {
    past.failure = "the server's address is not known";
    return past;
  }
  Api api(settings, from_kubernetes);
  const auto counted = ask(api, fmt::format("max_over_time({}{{instance=~\"{}(:[0-9]+)?\"}}[{}s])",
                                            kUses, pattern_of(address), window.count() / 1000));
  if (!counted) {
    past.failure = counted.error().what;
    return past;
  }
  std::set<std::string> targets;
  for (const auto& series : *counted) {
    if (auto target = target_of(series); !target.empty() && targets.size() < kTargetsMax)
      targets.insert(std::move(target));
    if (!(series.samples.front().value > 0)) continue;
    const auto& labels = series.labels;
    DeprecatedUse use{
        fmt::format("{}/{}/{}", labels.get("group"), labels.get("version"), labels.get("resource")),
        std::string(labels.get("removed_release"))};
    if (std::ranges::find(past.uses, use) == past.uses.end()) past.uses.push_back(std::move(use));
  }
  if (targets.empty()) past.failure = fmt::format("it has no {} of {}", kUses, address);
  for (const auto& target : targets) {
    past.failure = doubt_about(api, target, window);
    if (past.failure.empty()) break;
  }
  return past;
}

}  // namespace lockkeeper::prometheus
