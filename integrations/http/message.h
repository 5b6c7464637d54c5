// SPDX-License-Identifier: Apache-2.0
#pragma once

// The words of HTTP as values: headers, a request as the server hands it on, a response, and the
// pure text work around them (targets, percent-decoding, reason phrases). No sockets in here; every
// function is safe in any thread. Sizes and syntax follow RFC 9110 and RFC 9112.

#include <cstddef>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rules/result.h"

namespace lockkeeper::http {

/// Header fields in the order in which they were sent; names compare without regard to case.
class Headers {
 public:
  using Field = std::pair<std::string, std::string>;

  Headers() = default;
  Headers(std::initializer_list<Field> fields) : fields_(fields) {}

  /// The first value of `name`, or "" when the field is absent. Lives as long as this object.
  [[nodiscard]] std::string_view get(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const;
  /// How often `name` occurs: a second Content-Length or Host is a sign of an attack.
  [[nodiscard]] std::size_t count(std::string_view name) const;

  void add(std::string_view name, std::string_view value) { fields_.emplace_back(name, value); }
  /// Replaces every field of that name by one.
  void set(std::string_view name, std::string_view value);

  [[nodiscard]] const std::vector<Field>& fields() const { return fields_; }

 private:
  std::vector<Field> fields_;
};

/// Who a TLS client proved to be, read from a certificate that the server's client CA had signed.
struct ClientCertificate {
  std::string common_name;
  std::vector<std::string> organizations;
  std::vector<std::string> dns_names;
};

/// One request, complete: the body has been read within all limits.
struct Request {
  std::string method;                        ///< As sent; methods are case-sensitive.
  std::string target;                        ///< As sent, still encoded: for logs.
  std::string path;                          ///< Percent-decoded, begins with "/" (or is "*").
  std::map<std::string, std::string> query;  ///< Decoded; the first value of a name wins.
  Headers headers;
  std::string body;
  std::string peer;  ///< "address:port" of the other end.
  std::optional<ClientCertificate> certificate;

  /// The decoded query value, or "" when there is none.
  [[nodiscard]] std::string_view query_value(std::string_view name) const;
  /// The token of `Authorization: Bearer TOKEN`, or "". A secret: never print it.
  [[nodiscard]] std::string_view bearer_token() const;
};

/// One answer. Content-Length, Content-Type and Connection are written by the server; a header of
/// that name given here is ignored, and no header value may hold a line break (it is dropped).
struct Response {
  int status = 200;
  std::string body = {};
  std::string content_type = "application/json";
  Headers headers = {};
};

/// A one-line text answer, for errors that people read.
Response text_response(int status, std::string line);

/// Splits a request target into `path` and `query`. Fails for a path that is not absolute, a broken
/// percent escape, or a decoded NUL. An absolute-form target (RFC 9112, 3.2.2) loses its authority.
Status parse_target(std::string_view target, Request& into);

/// Decodes %XX, and "+" as a blank when `plus_is_blank` (queries only).
Result<std::string> percent_decoded(std::string_view text, bool plus_is_blank);

/// Compares header names and tokens: ASCII letters regardless of case.
bool same_token(std::string_view a, std::string_view b);

/// The reason phrase of a status code, or "Unknown".
std::string_view reason_phrase(int status);

/// How a body is delimited on the wire.
enum class Framing { length, chunked, until_close, none };

/// The status line and header block of a response. `length` counts for Framing::length only.
std::string response_head(const Response& response, Framing framing, std::size_t length,
                          bool keep_alive);

}  // namespace lockkeeper::http
