// SPDX-License-Identifier: Apache-2.0
#include "tests/lab/apiserver/paging.h"

#include <algorithm>
#include <cstdint>

namespace lockkeeper::lab {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

}  // namespace

std::string to_base64url(std::string_view bytes) {
  std::string text;
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const char c : bytes) {
    bits = (bits << 8U) | static_cast<unsigned char>(c);
    for (held += 8; held >= 6; held -= 6)
      text += kAlphabet[(bits >> (held - 6)) & 63U];
  }
  if (held > 0) text += kAlphabet[(bits << (6 - held)) & 63U];
  return text;
}

std::string from_base64url(std::string_view text) {
  std::string bytes;
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const char c : text) {
    const std::size_t value = kAlphabet.find(c);
    if (value == std::string_view::npos) return {};
    bits = (bits << 6U) | static_cast<std::uint32_t>(value);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes += static_cast<char>((bits >> held) & 255U);
  }
  return bytes;
}

std::string continue_token(const Page& page) {
  Json token = {{"v", "meta.k8s.io/v1"}, {"start", page.from.ns + "/" + page.from.name}};
  if (page.left > 0) token["left"] = page.left;
  token["rv"] = page.any_version ? Json(-1) : Json(page.at);
  return to_base64url(token.dump());
}

Outcome<Page> read_continue_token(std::string_view token) {
  const Json read = Json::parse(from_base64url(token), nullptr, false);
  const std::string start = string_at(read, "start");
  const std::size_t slash = start.find('/');
  if (slash == std::string::npos || text_at(read, "v") != "meta.k8s.io/v1") {
    return refuse(bad_request("continue key is not valid"));
  }
  const std::int64_t version = number_at(read, "rv", -1);
  return Page{
      .from = {start.substr(0, slash), start.substr(slash + 1)},
      .at = version < 0 ? 0 : static_cast<Revision>(version),
      .any_version = version < 0,
      .left = static_cast<std::size_t>(std::max<std::int64_t>(0, number_at(read, "left", 0)))};
}

}  // namespace lockkeeper::lab
