// SPDX-License-Identifier: Apache-2.0
#pragma once

// What an answer of the API server means. A status code alone does not tell: 404 may mean "no such
// pod" or "still starting", 429 a spent budget or a busy server, 500 a mistake in the cluster or a
// passing one in etcd. So the code, the Status object and the shape of the body are judged
// together, here and only here. Pure functions for any thread.

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "integrations/http/client.h"
#include "integrations/kubernetes/transport.h"
#include "rules/result.h"
#include "rules/text.h"

namespace lockkeeper::kubernetes {

struct StatusCause {
  std::string reason;
  std::string message;
};

/// The error object of the Kubernetes API (kind Status), as far as it is used here.
struct StatusObject {
  bool present = false;  // whether the body was one at all
  bool failure = false;
  int code = 0;
  std::string reason;
  std::string message;
  std::string kind;  // details.kind: the resource, "pods"
  std::string name;  // details.name
  std::vector<StatusCause> causes;
  std::string resume;  // metadata.continue of an expired list

  [[nodiscard]] bool has_cause(std::string_view reason) const;
};

/// Reads a body, whatever it is: HTML, text, nothing, half a document.
StatusObject status_object(std::string_view body);

/// What a failed call means for its caller.
enum class Trouble {
  unreachable,  ///< no connection, or it broke
  away,       ///< somebody answers, but not a server that is ready: starting, stopping, overloaded
  untrusted,  ///< its certificate is not to be trusted
  unauthorized,  ///< 401
  forbidden,     ///< 403
  not_found,     ///< the object does not exist; the server is sure
  conflict,      ///< 409: changed since it was read, or a precondition failed
  exists,        ///< 409 AlreadyExists
  expired,       ///< 410: the resourceVersion or the page token is too old
  budget,        ///< 429 with the cause DisruptionBudget
  invalid,       ///< the request itself is refused: 400, 405, 413, 415, 422, redirects
  stopped,       ///< we stopped waiting, because we were asked to
};

/// Why a call failed.
struct ApiFailure {
  Trouble trouble = Trouble::unreachable;
  int code = 0;  // HTTP status, 0 without an answer
  StatusObject status;
  Millis retry_after{};  // what the server asked for, 0 for nothing
  /// Whether the server may have done what was asked, although it did not say so.
  bool maybe_done = false;
  std::string what;  // one line for the operator
};

template <typename T>
using ApiResult = std::expected<T, ApiFailure>;

/// The reply when it is a success, else what is wrong. A 2xx that holds a Status of Failure is a
/// failure, and so is a 2xx to a JSON request that is no JSON (a proxy's page).
ApiResult<http::Reply> judged(const ApiRequest& request, http::Answered answer);

/// The failure of the outer world.
Failure failure_of(const ApiFailure& failure);

/// "GET /api/v1/nodes": a request as it is named in texts, without its query.
std::string named(const ApiRequest& request);

}  // namespace lockkeeper::kubernetes
