// SPDX-License-Identifier: Apache-2.0
#include "integrations/packages/channel.h"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "integrations/packages/release.h"

namespace lockkeeper::packages {
namespace {

using Json = nlohmann::json;

std::string text_at(const Json& json, const char* name) {
  const auto at = json.is_object() ? json.find(name) : json.end();
  return at != json.end() && at->is_string() ? at->get<std::string>() : std::string();
}

Result<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    unsigned value = 0;
    const auto* first = text.data() + i + 1;
    if (i + 2 >= text.size()) return fail("its percent-encoding is cut short");
    const auto read = std::from_chars(first, first + 2, value, 16);
    if (read.ec != std::errc{} || read.ptr != first + 2 || value < 0x20 || value > 0x7e)
      return fail("its percent-encoding is wrong");
    decoded += static_cast<char>(value);
    i += 2;
  }
  return decoded;
}

http::ClientRequest request_for(const Fetching& how, const std::string& url) {
  http::ClientRequest request;
  request.url = url;
  request.timeout = how.settings.timeout;
  request.body_max = static_cast<std::size_t>(how.settings.body_max);
  request.stop = how.stop;
  return request;
}

/// What the channel's own address says: a redirect to its release, or the collection's JSON.
Result<std::string> ask(const Fetching& how, const std::string& name) {
  const auto url = fmt::format("{}/{}", how.settings.k3s_channels, name);
  const auto reply = how.client.call(request_for(how, url));
  if (!reply) return fail(reply.error().what);
  if (reply->status == 302 || reply->status == 307)
    return tag_of_location(reply->headers.get("Location"));
  if (reply->status != 200 && reply->status != 404)
    return fail(fmt::format("HTTP {}", reply->status));
  const auto all = how.client.call(request_for(how, how.settings.k3s_channels));
  if (!all) return fail(all.error().what);
  if (all->status != 200) return fail(fmt::format("HTTP {}", all->status));
  return channel_latest(all->body, name);
}

}  // namespace

Result<std::string> channel_latest(std::string_view text, const std::string& name) {
  if (text.empty()) return fail("an empty answer");
  if (is_web_page(text)) return fail("a web page instead of JSON");
  const auto json = Json::parse(text, nullptr, false);
  const auto data = json.is_object() ? json.find("data") : json.end();
  if (json.is_discarded() || !json.is_object() || data == json.end() || !data->is_array())
    return fail("it is no list of channels");
  for (const auto& channel : *data)
    if (text_at(channel, "name") == name || text_at(channel, "id") == name)
      return text_at(channel, "latest");
  return std::string();
}

Result<std::string> tag_of_location(std::string_view location) {
  location = location.substr(0, location.find_first_of("?#"));
  if (location.find("/releases/tag/") == location.npos)
    return fail("its redirect leads to no release");
  return percent_decoded(location.substr(location.rfind('/') + 1));
}

FeedRead read_channel(const Fetching& how, const std::string& name) {
  FeedRead read{"k3s channel " + name, fail("not read"), name.starts_with('v'), {}};
  auto latest = ask(how, name);
  if (!latest) {
    read.versions = std::unexpected(latest.error());
  } else if (latest->empty()) {
    read.versions = std::vector<std::string>();
  } else {
    read.versions = std::vector{std::move(*latest)};
  }
  return read;
}

}  // namespace lockkeeper::packages
