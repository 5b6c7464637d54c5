// SPDX-License-Identifier: Apache-2.0
#include "integrations/kubernetes/list.h"

#include <fmt/format.h>

namespace lockkeeper::kubernetes {
namespace {

constexpr std::string_view kMetadataOnly =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";

ApiFailure unreadable(const ApiRequest& request) {
  ApiFailure failure;
  failure.trouble = Trouble::away;
  failure.what = named(request) + ": the list is cut off or no JSON";
  return failure;
}

}  // namespace

// Only the token goes with the following pages: a resourceVersion beside it would be refused.
ApiResult<void> list(Client& client, const ListQuery& query, const Patience& patience,
                     const ListHandlers& handlers) {
  std::string page;
  bool unpaged = false;
  while (true) {
    ApiRequest request;
    request.path = query.path + "?" + query.query;
    if (!unpaged) request.path += fmt::format("&limit={}", query.limit);
    if (!page.empty()) request.path += "&continue=" + encoded(page);
    if (query.metadata_only) request.accept = kMetadataOnly;
    request.timeout = client.timeout();
    const auto reply = client.read(request, patience);
    if (!reply) {
      const bool expired = reply.error().trouble == Trouble::expired && !unpaged && !page.empty();
      if (!expired) return std::unexpected(reply.error());
      unpaged = true;
      page.clear();
      handlers.on_restart();
      continue;
    }
    const Json json = parse_lean(reply->body);
    if (!json.is_object()) return std::unexpected(unreadable(request));
    for (const auto& item : items_at(json, {"items"}))
      handlers.on_item(item);
    page = text_at(json, {"metadata", "continue"});
    if (page.empty()) return {};
  }
}

}  // namespace lockkeeper::kubernetes
