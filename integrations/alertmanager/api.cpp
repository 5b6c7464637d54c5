// SPDX-License-Identifier: Apache-2.0
#include "integrations/alertmanager/api.h"

#include <fmt/format.h>

#include "rules/text.h"

namespace lockkeeper::alertmanager {
namespace {

constexpr std::size_t kErrorBytesMax = 200;

http::ClientOptions client_options(const AlertmanagerSettings& settings) {
  http::ClientOptions options;
  options.tls.ca_file = settings.ca_file.native();
  return options;
}

/// Its errors are a JSON string or a line of text; neither is ours, so a little of it will do.
Result<std::string> body_of(http::Answered answer, const std::string& name) {
  if (!answer) return fail("Alertmanager " + answer.error().what);
  if (answer->status == 200) return std::move(answer->body);
  const auto line = trimmed(answer->body.substr(0, answer->body.find('\n')));
  return fail(fmt::format("{}: HTTP {}{}{}", name, answer->status, line.empty() ? "" : " ",
                          clipped(line, kErrorBytesMax)));
}

}  // namespace

Api::Api(AlertmanagerSettings settings, KubernetesSecretReader from_kubernetes)
    : settings_(std::move(settings)),
      from_kubernetes_(std::move(from_kubernetes)),
      client_(client_options(settings_)) {
  for (auto& url : settings_.urls)
    while (url.ends_with('/'))
      url.pop_back();
}

std::string Api::name(std::size_t member) const {
  return "Alertmanager " + http::origin_of(settings_.urls.at(member));
}

std::vector<Result<std::string>> Api::ask(std::span<const Question> questions,
                                          const std::stop_token& stop) {
  std::vector<Result<std::string>> answers(questions.size(), fail("Alertmanager: not asked"));
  std::string token;
  if (questions.empty()) return answers;
  if (settings_.bearer_token.given()) {
    auto read = read_secret(settings_.bearer_token, from_kubernetes_);
    if (!read) {
      answers.assign(questions.size(), fail("Alertmanager: " + read.error().what));
      return answers;
    }
    token = std::move(*read);
  }
  std::vector<http::ClientRequest> requests;
  for (const Question& question : questions) {
    auto& request = requests.emplace_back();
    request.method = question.method;
    request.url = settings_.urls.at(question.member) + question.path;
    request.timeout = settings_.timeout;
    request.body_max = static_cast<std::size_t>(settings_.body_max);
    request.stop = stop;
    request.body = question.body;
    if (!question.body.empty()) request.headers.add("Content-Type", "application/json");
    if (!token.empty()) request.headers.add("Authorization", "Bearer " + token);
  }
  client_.perform(requests, static_cast<int>(requests.size()),
                  [&](std::size_t index, http::Answered answer) {
                    answers[index] = body_of(std::move(answer), name(questions[index].member));
                  });
  return answers;
}

}  // namespace lockkeeper::alertmanager
