// SPDX-License-Identifier: Apache-2.0
#include "integrations/prometheus/checkup.h"

#include <fmt/format.h>

#include <algorithm>

#include "integrations/prometheus/api.h"
#include "integrations/prometheus/query_answer.h"
#include "integrations/prometheus/rules_answer.h"
#include "rules/evaluate.h"

namespace lockkeeper::prometheus {
namespace {

constexpr const char* kQuery = "/api/v1/query";
constexpr const char* kRules = "/api/v1/rules";

Result<std::string> ask(Api& api, const char* path, const char* form, const std::stop_token& stop) {
  auto body = api.ask(path, form, stop);
  if (!body) return fail(std::move(body.error().what));
  return std::move(*body);
}

/// The time of an answer's evaluation is Prometheus' own clock, at some moment between ours.
Status look_at_alerts(Api& api, const RuleBook& book, const Clock& clock,
                      const std::stop_token& stop, PrometheusExam& exam) {
  const auto asked = clock.now();
  const auto time = ask(api, kQuery, "query=vector(time())", stop);
  const auto answered = clock.now();
  if (!time) return std::unexpected(time.error());
  const auto read = read_query_answer(*time);
  if (!read) return std::unexpected(read.error());
  if (read->series.empty()) return fail("it does not say what time it is");
  const auto half = std::max((answered - asked) / 2, Millis(1));
  exam.clock = ClockOffset{read->series.front().samples.front().at - (asked + half), half};
  const auto alerts = ask(api, kQuery, "query=ALERTS%7Balertstate%3D%22firing%22%7D", stop);
  if (!alerts) return std::unexpected(alerts.error());
  const auto series = read_query_answer(*alerts);
  if (!series) return std::unexpected(series.error());
  exam.alerts = !series->series.empty();
  exam.watchdog = std::ranges::any_of(series->series, [&](const Series& one) {
    return !book.watchdog.empty() &&
           matches(book.watchdog,
                   normalised(alert_labels(one.labels), book.external_labels, book.ignore_labels));
  });
  return {};
}

void look_at_rules(Api& api, const std::stop_token& stop, PrometheusExam& exam) {
  const auto body = ask(api, kRules, "type=alert", stop);
  const auto rules = body ? read_rules_answer(*body) : std::unexpected(body.error());
  if (!rules) {
    exam.rules_failure = rules.error().what;
    return;
  }
  exam.rules = rules->size();
  // "unknown" is a rule that was loaded a moment ago.
  for (const auto& rule : *rules)
    if (rule.health == "err")
      exam.sick_rules.push_back(fmt::format("{} (group {})", rule.name, rule.group));
}

}  // namespace

PrometheusExam check_up(const PrometheusSettings& settings, const RuleBook& book,
                        const Clock& clock, const KubernetesSecretReader& from_kubernetes,
                        const std::stop_token& stop) {
  PrometheusExam exam;
  exam.name = settings.name.empty() ? "prometheus" : "prometheus " + settings.name;
  Api api(settings, from_kubernetes);
  exam.origin = api.origin();
  const auto& token = settings.bearer_token;
  if (token.given()) {
    if (const auto value = read_secret(token, from_kubernetes); !value) {
      exam.failure = value.error().what;
      // The configuration has told of it, unless it is one that only the cluster knows.
      exam.unasked = token.kubernetes.empty();
      return exam;
    }
  }
  if (const auto seen = look_at_alerts(api, book, clock, stop, exam); !seen) {
    exam.failure = seen.error().what;
    return exam;
  }
  look_at_rules(api, stop, exam);
  return exam;
}

}  // namespace lockkeeper::prometheus
