// SPDX-License-Identifier: Apache-2.0
#include "integrations/http/message.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "rules/text.h"

namespace lockkeeper::http {
namespace {

struct Phrase {
  int status;
  std::string_view text;
};

constexpr std::array kPhrases = {
    Phrase{200, "OK"},
    Phrase{201, "Created"},
    Phrase{202, "Accepted"},
    Phrase{204, "No Content"},
    Phrase{400, "Bad Request"},
    Phrase{401, "Unauthorized"},
    Phrase{403, "Forbidden"},
    Phrase{404, "Not Found"},
    Phrase{405, "Method Not Allowed"},
    Phrase{406, "Not Acceptable"},
    Phrase{408, "Request Timeout"},
    Phrase{409, "Conflict"},
    Phrase{410, "Gone"},
    Phrase{411, "Length Required"},
    Phrase{413, "Payload Too Large"},
    Phrase{415, "Unsupported Media Type"},
    Phrase{417, "Expectation Failed"},
    Phrase{422, "Unprocessable Entity"},
    Phrase{429, "Too Many Requests"},
    Phrase{431, "Request Header Fields Too Large"},
    Phrase{500, "Internal Server Error"},
    Phrase{501, "Not Implemented"},
    Phrase{502, "Bad Gateway"},
    Phrase{503, "Service Unavailable"},
    Phrase{504, "Gateway Timeout"},
};

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool has_line_break(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

/// Fields that only the server may write, because they describe the connection or the framing.
bool is_framing_field(std::string_view name) {
  constexpr std::array<std::string_view, 4> kOurs = {"content-length", "content-type", "connection",
                                                     "transfer-encoding"};
  return std::ranges::any_of(kOurs, [&](auto ours) { return same_token(ours, name); });
}

Status parse_query(std::string_view text, std::map<std::string, std::string>& into) {
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), pair.size() + 1));
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    auto name = percent_decoded(pair.substr(0, equals), true);
    auto value = equals == std::string_view::npos ? Result<std::string>("")
                                                  : percent_decoded(pair.substr(equals + 1), true);
    if (!name || !value) return fail("the query holds a broken percent escape");
    into.try_emplace(std::move(*name), std::move(*value));
  }
  return {};
}

}  // namespace

std::string_view Headers::get(std::string_view name) const {
  const auto at =
      std::ranges::find_if(fields_, [&](const Field& f) { return same_token(f.first, name); });
  return at == fields_.end() ? std::string_view() : std::string_view(at->second);
}

bool Headers::has(std::string_view name) const {
  return count(name) > 0;
}

std::size_t Headers::count(std::string_view name) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(fields_, [&](const Field& f) { return same_token(f.first, name); }));
}

void Headers::set(std::string_view name, std::string_view value) {
  std::erase_if(fields_, [&](const Field& f) { return same_token(f.first, name); });
  add(name, value);
}

std::string_view Request::query_value(std::string_view name) const {
  const auto at = query.find(std::string(name));
  return at == query.end() ? std::string_view() : std::string_view(at->second);
}

std::string_view Request::bearer_token() const {
  constexpr std::string_view kScheme = "Bearer ";
  const std::string_view value = headers.get("Authorization");
  if (!same_token(value.substr(0, kScheme.size()), kScheme)) return {};
  return trimmed(value.substr(kScheme.size()));
}

Response text_response(int status, std::string line) {
  return Response{.status = status,
                  .body = std::move(line) + "\n",
                  .content_type = "text/plain",
                  .headers = {}};
}

Status parse_target(std::string_view target, Request& into) {
  into.target = target;
  into.query.clear();
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!same_token(target.substr(0, scheme.size()), scheme)) continue;
    const std::size_t slash = target.find('/', scheme.size());
    target = slash == std::string_view::npos ? std::string_view("/") : target.substr(slash);
  }
  if (target == "*") {
    into.path = "*";
    return {};
  }
  if (!target.starts_with('/')) return fail("the request target is not an absolute path");
  target = target.substr(0, target.find('#'));
  const std::size_t question = target.find('?');
  auto path = percent_decoded(target.substr(0, question), false);
  if (!path) return std::unexpected(path.error());
  into.path = std::move(*path);
  return question == std::string_view::npos ? Status()
                                            : parse_query(target.substr(question + 1), into.query);
}

Result<std::string> percent_decoded(std::string_view text, bool plus_is_blank) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      unsigned value = 0;
      const char* first = text.data() + i + 1;
      const bool room = i + 2 < text.size();
      if (!room || std::from_chars(first, first + 2, value, 16).ptr != first + 2) {
        return fail("the request target holds a broken percent escape");
      }
      c = static_cast<char>(value);
      i += 2;
    } else if (c == '+' && plus_is_blank) {
      c = ' ';
    }
    // A NUL would cut the text short in every C library behind us.
    if (c == '\0') return fail("the request target holds a NUL");
    out += c;
  }
  return out;
}

bool same_token(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view reason_phrase(int status) {
  const auto at = std::ranges::find(kPhrases, status, &Phrase::status);
  return at == kPhrases.end() ? std::string_view("Unknown") : at->text;
}

std::string response_head(const Response& response, Framing framing, std::size_t length,
                          bool keep_alive) {
  std::string head =
      fmt::format("HTTP/1.1 {} {}\r\n", response.status, reason_phrase(response.status));
  if (framing != Framing::none && !has_line_break(response.content_type)) {
    head += fmt::format("Content-Type: {}\r\n", response.content_type);
  }
  for (const auto& [name, value] : response.headers.fields()) {
    if (is_framing_field(name) || has_line_break(name) || has_line_break(value)) continue;
    head += fmt::format("{}: {}\r\n", name, value);
  }
  if (framing == Framing::length) head += fmt::format("Content-Length: {}\r\n", length);
  if (framing == Framing::chunked) head += "Transfer-Encoding: chunked\r\n";
  head += keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
  return head;
}

}  // namespace lockkeeper::http
