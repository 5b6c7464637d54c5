// SPDX-License-Identifier: Apache-2.0
#pragma once

// Refusals as the real API server words them. An ApiError is the Status object that the client will
// read; the texts below are what kubectl prints and what tests compare, so they are kept to the
// letter. Values for any thread.

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "integrations/http/message.h"
#include "tests/lab/apiserver/json.h"
#include "tests/lab/apiserver/resources.h"

namespace lockkeeper::lab {

struct Cause {
  std::string reason;
  std::string message;
  std::string field = {};
};

struct ApiError {
  int code = 500;
  std::string reason = {};  ///< Empty in some real answers (two budgets on one pod).
  std::string message = {};
  Json details = nullptr;  ///< Written when it is an object.
  std::string continue_token = {};
};

template <typename T>
using Outcome = std::expected<T, ApiError>;

inline std::unexpected<ApiError> refuse(ApiError error) {
  return std::unexpected(std::move(error));
}

/// The Status object, and the whole answer with its Retry-After header where one is due.
Json to_status(const ApiError& error);
http::Response to_response(const ApiError& error);

/// `pods "x" not found`
ApiError not_found(const Resource& resource, std::string_view name);
ApiError already_exists(const Resource& resource, std::string_view name);
/// `Operation cannot be fulfilled on nodes "x": the object has been modified; ...`
ApiError stale(const Resource& resource, std::string_view name);
ApiError conflict(const Resource& resource, std::string_view name, std::string_view why);
/// 422, one cause per field.
ApiError invalid(const Resource& resource, std::string_view name, std::vector<Cause> causes);
ApiError bad_request(std::string message);
ApiError forbidden(std::string message, Json details = nullptr);
ApiError unauthorized();
ApiError unsupported_media_type(std::string_view given, std::string_view supported);
ApiError method_not_allowed();
/// 429; a Retry-After of 0 is not sent.
ApiError too_many_requests(std::string message, int retry_after_seconds, std::vector<Cause> causes);
/// 410 for a resourceVersion or a continue token that is older than the history.
ApiError expired(std::string message);
/// 504 for a resourceVersion that has not been reached.
ApiError too_large_version(std::uint64_t asked, std::uint64_t current);

}  // namespace lockkeeper::lab
