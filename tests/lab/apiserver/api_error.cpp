// SPDX-License-Identifier: Apache-2.0
#include "tests/lab/apiserver/api_error.h"

#include <fmt/format.h>

namespace lockkeeper::lab {
namespace {

Json details_of(const Resource& resource, std::string_view name) {
  Json details = {{"name", name}, {"kind", resource.plural}};
  if (!resource.group.empty()) details["group"] = resource.group;
  return details;
}

Json causes_json(const std::vector<Cause>& causes) {
  Json list = Json::array();
  for (const auto& cause : causes) {
    Json entry = Json::object();
    if (!cause.reason.empty()) entry["reason"] = cause.reason;
    entry["message"] = cause.message;
    if (!cause.field.empty()) entry["field"] = cause.field;
    list.push_back(std::move(entry));
  }
  return list;
}

std::string qualified(const Resource& resource) {
  return resource.group.empty() ? std::string(resource.plural)
                                : fmt::format("{}.{}", resource.plural, resource.group);
}

}  // namespace

Json to_status(const ApiError& error) {
  Json status = {{"kind", "Status"},    {"apiVersion", "v1"},       {"metadata", Json::object()},
                 {"status", "Failure"}, {"message", error.message}, {"code", error.code}};
  if (!error.reason.empty()) status["reason"] = error.reason;
  if (error.details.is_object()) status["details"] = error.details;
  if (!error.continue_token.empty()) status["metadata"]["continue"] = error.continue_token;
  return status;
}

http::Response to_response(const ApiError& error) {
  http::Response response{.status = error.code, .body = to_status(error).dump() + "\n"};
  const auto seconds = number_at(error.details, "retryAfterSeconds", 0);
  if (seconds > 0) response.headers.add("Retry-After", std::to_string(seconds));
  return response;
}

ApiError not_found(const Resource& resource, std::string_view name) {
  return {.code = 404,
          .reason = "NotFound",
          .message = fmt::format("{} \"{}\" not found", qualified(resource), name),
          .details = details_of(resource, name)};
}

ApiError already_exists(const Resource& resource, std::string_view name) {
  return {.code = 409,
          .reason = "AlreadyExists",
          .message = fmt::format("{} \"{}\" already exists", qualified(resource), name),
          .details = details_of(resource, name)};
}

ApiError stale(const Resource& resource, std::string_view name) {
  return conflict(resource, name,
                  "the object has been modified; please apply your changes to the latest version "
                  "and try again");
}

ApiError conflict(const Resource& resource, std::string_view name, std::string_view why) {
  return {.code = 409,
          .reason = "Conflict",
          .message = fmt::format("Operation cannot be fulfilled on {} \"{}\": {}",
                                 qualified(resource), name, why),
          .details = details_of(resource, name)};
}

ApiError invalid(const Resource& resource, std::string_view name, std::vector<Cause> causes) {
  std::vector<std::string> lines;
  for (const auto& cause : causes)
    lines.push_back(fmt::format("{}: {}", cause.field, cause.message));
  const std::string all =
      lines.size() == 1 ? lines.front() : fmt::format("[{}]", fmt::join(lines, ", "));
  Json details = details_of(resource, name);
  details["kind"] = resource.kind;
  details["causes"] = causes_json(causes);
  const std::string kind = resource.group.empty()
                               ? std::string(resource.kind)
                               : fmt::format("{}.{}", resource.kind, resource.group);
  return {.code = 422,
          .reason = "Invalid",
          .message = fmt::format("{} \"{}\" is invalid: {}", kind, name, all),
          .details = std::move(details)};
}

ApiError bad_request(std::string message) {
  return {.code = 400, .reason = "BadRequest", .message = std::move(message)};
}

ApiError forbidden(std::string message, Json details) {
  return {.code = 403,
          .reason = "Forbidden",
          .message = std::move(message),
          .details = std::move(details)};
}

ApiError unauthorized() {
  return {.code = 401, .reason = "Unauthorized", .message = "Unauthorized"};
}

ApiError unsupported_media_type(std::string_view given, std::string_view supported) {
  return {
      .code = 415,
      .reason = "UnsupportedMediaType",
      .message = fmt::format("the body of the request was in an unknown format - accepted media "
                             "types include: {} (given: {})",
                             supported, given)};
}

ApiError method_not_allowed() {
  return {.code = 405,
          .reason = "MethodNotAllowed",
          .message = "the server does not allow this method on the requested resource",
          .details = Json::object()};
}

ApiError too_many_requests(std::string message, int retry_after_seconds,
                           std::vector<Cause> causes) {
  Json details = Json::object();
  if (!causes.empty()) details["causes"] = causes_json(causes);
  if (retry_after_seconds > 0) details["retryAfterSeconds"] = retry_after_seconds;
  return {.code = 429,
          .reason = "TooManyRequests",
          .message = std::move(message),
          .details = std::move(details)};
}

ApiError expired(std::string message) {
  return {.code = 410, .reason = "Expired", .message = std::move(message)};
}

ApiError too_large_version(std::uint64_t asked, std::uint64_t current) {
  Json details = {
      {"causes", causes_json({{"ResourceVersionTooLarge", "Too large resource version"}})},
      {"retryAfterSeconds", 1}};
  return {.code = 504,
          .reason = "Timeout",
          .message = fmt::format("Too large resource version: {}, current: {}", asked, current),
          .details = std::move(details)};
}

}  // namespace lockkeeper::lab
