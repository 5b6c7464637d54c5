// SPDX-License-Identifier: Apache-2.0
#include "integrations/kubernetes/checkup.h"

#include <fmt/format.h>

#include <algorithm>

#include "integrations/http/certificate.h"
#include "integrations/kubernetes/budgets.h"
#include "integrations/kubernetes/cluster.h"
#include "integrations/kubernetes/compat_reads.h"
#include "integrations/kubernetes/role.h"
#include "integrations/kubernetes/snapshot_job.h"

namespace lockkeeper::kubernetes {
namespace {

constexpr std::string_view kTooLate = "not asked: it took too long until then";

/// One call of our own, because a kept connection shows no certificate.
void certificates(Connection& connection, Millis timeout, KubernetesExam& exam) {
  ApiRequest request;
  request.path = "/version";
  request.timeout = timeout;
  auto dressed = connection.dressed(request);
  if (!dressed) return;
  if (dressed->tls && !dressed->tls->certificate_pem.empty())
    exam.own_certificate_ends = http::certificate_end(dressed->tls->certificate_pem);
  dressed->wants_certificate = true;
  http::Client client{{}};
  if (const auto reply = client.call(std::move(*dressed)))
    exam.server_certificate_ends = http::certificate_end(reply->certificate_pem);
}

/// SelfSubjectReview is there since 1.28; without it the name stays unknown.
Result<std::string> who_we_are(Client& client) {
  ApiRequest request;
  request.method = "POST";
  request.path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
  request.body =
      dumped({{"apiVersion", "authentication.k8s.io/v1"}, {"kind", "SelfSubjectReview"}});
  request.timeout = client.timeout();
  const auto review = client.write(request);
  if (!review) return std::unexpected(failure_of(review.error()));
  return text_at(*review, {"status", "userInfo", "username"});
}

/// Asks for each of these; those that we have or lack, as `wanted` says.
std::vector<Right> sorted_out(Client& client, const std::vector<Right>& rights, bool wanted,
                              const std::function<bool()>& enough, std::string& failure) {
  std::vector<Right> found;
  for (const auto& right : rights) {
    const auto may = enough() ? fail(std::string(kTooLate)) : allowed(client, right);
    if (!may) {
      failure = may.error().what;
      return found;
    }
    if (*may != wanted) found.push_back(right);
    // Who may do everything may do all the rest, too.
    if (right.verb == "*" && *may) return found;
  }
  return found;
}

CronJobExam cronjob(Client& client, const std::string& name) {
  CronJobExam exam;
  const auto problem = cronjob_problem(client, name, kBriefly);
  exam.failure = problem ? *problem : problem.error().what;
  if (!exam.failure.empty()) return exam;
  const auto slash = name.find('/');
  const auto json =
      client.get(fmt::format("/apis/batch/v1/namespaces/{}/cronjobs/{}",
                             encoded(name.substr(0, slash)), encoded(name.substr(slash + 1))));
  exam.suspended = json && flag_at(*json, {"spec", "suspend"});
  return exam;
}

void metrics(Client& client, const Settings& settings, KubernetesExam& exam) {
  const auto uses = api_server_uses(client, settings.kubernetes, *exam.cluster);
  if (!uses) {
    exam.metrics_failures["?"] = uses.error().what;
    return;
  }
  for (const auto& one : *uses)
    exam.metrics_failures[one.server] = one.failure;
}

}  // namespace

KubernetesExam check_up(Client& client, Connection& connection, const Settings& settings,
                        const std::function<bool()>& enough) {
  KubernetesExam exam;
  exam.server = connection.described();
  // Everybody who is somebody may ask for this; a failure is one of the way, or of who we are.
  if (const auto version = client.get("/version"); !version) {
    exam.failure = version.error().what;
    return exam;
  }
  certificates(connection, client.timeout(), exam);
  exam.user = who_we_are(client);
  if (!exam.user && exam.user.error().what.contains("401")) {
    exam.failure = exam.user.error().what;
    return exam;
  }
  exam.missing = sorted_out(client, needed_rights(settings), true, enough, exam.rights_failure);
  if (exam.rights_failure.empty())
    exam.needless =
        sorted_out(client, needless_rights(settings), false, enough, exam.rights_failure);
  exam.cluster = enough() ? fail(std::string(kTooLate)) : look(client, settings.kubernetes);
  exam.cronjob = cronjob(client, settings.snapshot.cronjob);
  auto budgets = enough() ? fail(std::string(kTooLate)) : blocking_budgets(client);
  if (budgets) {
    exam.budgets = std::move(*budgets);
  } else {
    exam.budgets_failure = budgets.error().what;
  }
  if (exam.cluster && !enough()) metrics(client, settings, exam);
  return exam;
}

}  // namespace lockkeeper::kubernetes
