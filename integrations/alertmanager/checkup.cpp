// SPDX-License-Identifier: Apache-2.0
#include "integrations/alertmanager/checkup.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "integrations/alertmanager/api.h"

namespace lockkeeper::alertmanager {
namespace {

using Json = nlohmann::ordered_json;

const Json& at(const Json& json, const char* name) {
  static const Json nothing;
  const auto found = json.is_object() ? json.find(name) : json.end();
  return found == json.end() ? nothing : *found;
}

std::string text_of(const Json& json) {
  return json.is_string() ? json.get<std::string>() : std::string();
}

void read_status(const std::string& body, AlertmanagerExam& exam) {
  const auto json = Json::parse(body, nullptr, false);
  exam.version = clipped(text_of(at(at(json, "versionInfo"), "version")), 60);
  if (exam.version.empty()) {
    exam.failure = exam.name + ": its answer is not that of an Alertmanager";
    return;
  }
  auto routes = webhook_routes(text_of(at(at(json, "config"), "original")));
  if (routes) {
    exam.webhooks = std::move(*routes);
  } else {
    exam.configuration_failure = routes.error().what;
  }
}

}  // namespace

std::vector<AlertmanagerExam> check_up(const AlertmanagerSettings& settings,
                                       const KubernetesSecretReader& from_kubernetes,
                                       const std::stop_token& stop) {
  Api api(settings, from_kubernetes);
  std::vector<AlertmanagerExam> exams(api.members());
  std::vector<Question> questions;
  for (std::size_t member = 0; member < exams.size(); ++member) {
    exams[member].name = api.name(member);
    questions.push_back({.member = member, .method = "GET", .path = "/api/v2/status", .body = {}});
  }
  if (const auto& token = settings.bearer_token; token.given()) {
    if (const auto value = read_secret(token, from_kubernetes); !value) {
      // The configuration has told of it, unless it is one that only the cluster knows.
      for (auto& exam : exams) {
        exam.failure = value.error().what;
        exam.unasked = token.kubernetes.empty();
      }
      return exams;
    }
  }
  const auto answers = api.ask(questions, stop);
  for (std::size_t member = 0; member < exams.size(); ++member) {
    if (answers[member]) {
      read_status(*answers[member], exams[member]);
    } else {
      exams[member].failure = answers[member].error().what;
    }
  }
  return exams;
}

Status send_alert(const AlertmanagerSettings& settings,
                  const KubernetesSecretReader& from_kubernetes, const Labels& labels, Time starts,
                  Time ends) {
  Json own = Json::object();
  for (const auto& [name, value] : labels.pairs())
    own[name] = value;
  const Json alerts = {{{"labels", own},
                        {"annotations",
                         {{"summary",
                           "lockkeeper doctor looks whether alerts "
                           "arrive; nothing is wrong"}}},
                        {"startsAt", to_string(starts)},
                        {"endsAt", to_string(ends)}}};
  Api api(settings, from_kubernetes);
  Status sent = fail("Alertmanager: none is configured");
  for (std::size_t member = 0; member < api.members(); ++member) {
    const Question question{
        .member = member, .method = "POST", .path = "/api/v2/alerts", .body = alerts.dump()};
    const auto answer = api.ask(std::span(&question, 1));
    if (answer.front()) return {};
    sent = std::unexpected(answer.front().error());
  }
  return sent;
}

}  // namespace lockkeeper::alertmanager
