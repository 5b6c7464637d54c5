// SPDX-License-Identifier: Apache-2.0
#include "integrations/http/request_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

namespace lockkeeper::http {
namespace {

namespace beast_http = boost::beast::http;

// Chunk lines and trailers carry no data; more than this of them is an attempt to fill memory.
constexpr std::size_t kChunkLineLimitBytes = 4096;

Response malformed(std::string_view why) {
  return text_response(400, fmt::format("malformed request: {}", why));
}

bool brings_a_body(std::string_view method) {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

Response too_large(std::size_t limit_bytes) {
  return text_response(413, fmt::format("the body is larger than {} bytes", limit_bytes));
}

}  // namespace

struct RequestReader::Parser {
  beast_http::request_parser<beast_http::string_body> beast;
  std::size_t body_limit_bytes = 0;
};

RequestReader::RequestReader(std::size_t header_limit_bytes)
    : parser_(std::make_unique<Parser>()), header_limit_bytes_(header_limit_bytes) {
  parser_->beast.header_limit(static_cast<std::uint32_t>(header_limit_bytes));
  // The limit depends on the path, so it is set after the headers, by limit_body().
  parser_->beast.body_limit(boost::none);
}

RequestReader::~RequestReader() = default;

std::variant<RequestReader::Progress, Response> RequestReader::take(std::string& input) {
  auto& beast = parser_->beast;
  boost::system::error_code error;
  std::size_t used = 0;
  while (!beast.is_done() && used < input.size()) {
    const auto rest = boost::asio::buffer(input.data() + used, input.size() - used);
    used += beast.put(rest, error);
    if (error || (beast.is_header_done() && !head_done_)) break;
  }
  input.erase(0, used);
  if (error == beast_http::error::header_limit) {
    return text_response(431,
                         fmt::format("the headers are larger than {} bytes", header_limit_bytes_));
  }
  if (error == beast_http::error::body_limit) return too_large(parser_->body_limit_bytes);
  if (error && error != beast_http::error::need_more) return malformed(error.message());
  if (head_done_ && input.size() > kChunkLineLimitBytes && error) {
    return malformed("a chunk's size line or trailer is too long");
  }
  if (!beast.is_header_done()) return Progress::more;
  if (!head_done_) {
    head_done_ = true;
    beast.eager(true);
    if (auto refusal = judge_head()) return std::move(*refusal);
    return Progress::head_done;
  }
  if (!beast.is_done()) return Progress::more;
  request_.body = std::move(beast.get().body());
  return Progress::complete;
}

std::optional<Response> RequestReader::limit_body(std::size_t limit_bytes) {
  const auto length = parser_->beast.content_length();
  if (length && *length > limit_bytes) return too_large(limit_bytes);
  parser_->body_limit_bytes = limit_bytes;
  parser_->beast.body_limit(limit_bytes);
  return std::nullopt;
}

std::optional<Response> RequestReader::judge_head() {
  const auto& head = parser_->beast.get();
  request_.method = std::string(head.method_string());
  for (const auto& field : head) {
    request_.headers.add(std::string_view(field.name_string().data(), field.name_string().size()),
                         std::string_view(field.value().data(), field.value().size()));
  }
  keep_alive_ = parser_->beast.keep_alive();
  version_1_1_ = head.version() == 11;
  const std::string target(head.target());
  if (auto parsed = parse_target(target, request_); !parsed) return malformed(parsed.error().what);
  if (auto refusal = judge_framing()) return refusal;
  const std::string_view expect = request_.headers.get("Expect");
  expects_continue_ = version_1_1_ && same_token(expect, "100-continue");
  if (!expect.empty() && !same_token(expect, "100-continue")) {
    return text_response(417, "only 100-continue can be expected");
  }
  return std::nullopt;
}

std::optional<Response> RequestReader::judge_framing() const {
  const Headers& headers = request_.headers;
  const bool sized = headers.has("Content-Length");
  const bool coded = headers.has("Transfer-Encoding");
  if (!version_1_1_ && parser_->beast.get().version() != 10)
    return malformed("not HTTP/1.0 or 1.1");
  if (headers.count("Host") > 1 || (version_1_1_ && !headers.has("Host"))) {
    return malformed("HTTP/1.1 needs exactly one Host");
  }
  if (headers.count("Content-Length") > 1 || (sized && coded)) {
    return malformed("the length of the body is given twice");
  }
  if (coded && (!version_1_1_ || !same_token(headers.get("Transfer-Encoding"), "chunked"))) {
    return malformed("the only transfer coding is chunked, in HTTP/1.1");
  }
  if (!sized && !coded && brings_a_body(request_.method)) {
    return text_response(411,
                         fmt::format("{} needs a Content-Length (0 for no body)", request_.method));
  }
  return std::nullopt;
}

}  // namespace lockkeeper::http
