// SPDX-License-Identifier: Apache-2.0
#include "integrations/kubernetes/role.h"

#include <fmt/format.h>

namespace lockkeeper::kubernetes {
namespace {

ApiRequest review_of(const Right& right, Millis timeout) {
  const auto slash = right.resource.find('/');
  Json attributes = {{"verb", right.verb},
                     {"group", right.group},
                     {"resource", right.resource.substr(0, slash)},
                     {"namespace", right.space}};
  if (slash != std::string::npos) attributes["subresource"] = right.resource.substr(slash + 1);
  if (right.resource == "namespaces") attributes["name"] = right.space;
  if (!right.name.empty()) attributes["name"] = right.name;
  const Json resource = {{"resourceAttributes", std::move(attributes)}};
  const Json page = {{"nonResourceAttributes", {{"verb", right.verb}, {"path", right.resource}}}};
  ApiRequest request;
  request.method = "POST";
  request.path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
  request.body = dumped({{"apiVersion", "authorization.k8s.io/v1"},
                         {"kind", "SelfSubjectAccessReview"},
                         {"spec", right.is_page() ? page : resource}});
  request.timeout = timeout;
  return request;
}

}  // namespace

Result<bool> allowed(Client& client, const Right& right) {
  const auto review = client.write(review_of(right, client.timeout()));
  if (!review) return std::unexpected(failure_of(review.error()));
  return flag_at(*review, {"status", "allowed"});
}

Result<std::vector<std::string>> missing_rights(Client& client, const Settings& settings) {
  std::vector<std::string> missing;
  for (const auto& right : needed_rights(settings)) {
    // The compatibility gate, which needs the page, tells by itself that it cannot read it.
    if (right.is_page()) continue;
    const auto may = allowed(client, right);
    if (!may) return std::unexpected(may.error());
    if (!*may) missing.push_back(to_string(right));
  }
  return missing;
}

}  // namespace lockkeeper::kubernetes
