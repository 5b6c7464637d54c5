// SPDX-License-Identifier: Apache-2.0
#pragma once

// Everything that the API server serves besides objects: discovery, version, health, metrics, and
// the reviews that answer at once. The Cluster's mutex is held.

#include <optional>
#include <string>

#include "integrations/http/message.h"
#include "tests/lab/apiserver/access.h"
#include "tests/lab/apiserver/cluster.h"

namespace lockkeeper::lab {

/// True for paths that anybody may read, token or not.
bool is_public(std::string_view path);

/// The answer to a path that is no resource; nothing when there is none (a bare 404).
std::optional<http::Response> serve_site(const Cluster& cluster, const http::Request& request);

/// POST of a SelfSubjectAccessReview, SelfSubjectRulesReview or SelfSubjectReview; nothing for
/// other paths.
std::optional<http::Response> serve_review(const Access& access, const User& user,
                                           const http::Request& request);

/// What Go's mux says to a path that it does not know.
http::Response page_not_found();

}  // namespace lockkeeper::lab
