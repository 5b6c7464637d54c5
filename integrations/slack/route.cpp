// SPDX-License-Identifier: Apache-2.0
#include "integrations/slack/route.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <cstdlib>

#include "integrations/http/client_url.h"
#include "integrations/http/message.h"
#include "rules/text.h"

namespace lockkeeper::slack {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

bool is_port(std::string_view text) {
  const bool digits = std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  return digits && !text.empty() && text.size() <= 5 && std::stoi(std::string(text)) <= 65'535;
}

/// "host:port" or "[v6]:port" in two, the port `otherwise` when there is none.
bool split_host(std::string_view authority, std::string_view otherwise, std::string& host,
                std::string& port) {
  std::string_view rest;
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == authority.npos) return false;
    host = authority.substr(1, end - 1);
    rest = authority.substr(end + 1);
  } else {
    const std::size_t colon = authority.find(':');
    host = authority.substr(0, colon);
    rest = colon == authority.npos ? std::string_view() : authority.substr(colon);
  }
  port = rest.empty() ? otherwise : rest.substr(1);
  return !host.empty() && (rest.empty() || rest.front() == ':') && is_port(port);
}

std::string base64(std::string_view bytes) {
  static constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    std::uint32_t three = 0;
    for (std::size_t i = 0; i < 3; ++i)
      three = three << 8U | (at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0);
    for (std::size_t i = 0; i < 4; ++i)
      out += at + i > bytes.size() ? '=' : kLetters[(three >> (18 - 6 * i)) & 0x3FU];
  }
  return out;
}

/// Whether no_proxy has this host in it.
bool excepted(std::string_view host, std::string_view list) {
  for (const auto entry : split(list, ',')) {
    const std::string name = lower(entry.starts_with('.') ? entry.substr(1) : entry);
    if (name == "*" || name == host) return true;
    if (!name.empty() && host.size() > name.size() && host.ends_with(name) &&
        host[host.size() - name.size() - 1] == '.')
      return true;
  }
  return false;
}

Result<Proxy> read_proxy(std::string_view url) {
  std::string_view rest = url;
  if (const auto scheme = rest.find("://"); scheme != rest.npos) {
    if (lower(rest.substr(0, scheme)) != "http")
      return fail(
          "the proxy of the environment is no http:// one, and Slack's socket knows no "
          "other");
    rest.remove_prefix(scheme + 3);
  }
  Proxy proxy;
  rest = rest.substr(0, rest.find('/'));
  if (const auto at = rest.rfind('@'); at != rest.npos) {
    const auto user = http::percent_decoded(rest.substr(0, at), false);
    if (!user) return fail("the proxy of the environment has an unreadable user");
    proxy.authorization = "Basic " + base64(*user);
    rest.remove_prefix(at + 1);
  }
  if (!split_host(rest, "1080", proxy.host, proxy.port))
    return fail("the proxy of the environment has no readable address");
  return proxy;
}

}  // namespace

std::string SocketAddress::origin() const {
  const bool v6 = host.contains(':');
  return fmt::format("{}://{}{}{}:{}", tls ? "wss" : "ws", v6 ? "[" : "", host, v6 ? "]" : "",
                     port);
}

Result<SocketAddress> socket_address(std::string_view url) {
  const bool printable =
      std::ranges::all_of(url, [](unsigned char c) { return c > 0x20 && c < 0x7F; });
  SocketAddress address;
  address.tls = url.starts_with("wss://");
  if (!printable || (!address.tls && !url.starts_with("ws://")))
    return fail("Slack's socket URL is neither ws:// nor wss://");
  url.remove_prefix(address.tls ? 6 : 5);
  const std::size_t end = std::min(url.find_first_of("/?#"), url.size());
  const auto authority = url.substr(0, end);
  auto target = url.substr(end);
  target = target.substr(0, target.find('#'));
  if (authority.contains('@') ||
      !split_host(authority, address.tls ? "443" : "80", address.host, address.port))
    return fail("Slack's socket URL has no readable address");
  address.target = target.starts_with('/') ? std::string(target) : "/" + std::string(target);
  return address;
}

Result<std::optional<Proxy>> proxy_for(const SocketAddress& address, const Environment& variable) {
  const std::string host = lower(address.host);
  if (http::is_loopback(host)) return std::nullopt;
  const auto first = [&](const std::array<const char*, 2>& names) {
    const std::string value = variable(names[0]);
    return value.empty() ? variable(names[1]) : value;
  };
  if (excepted(host, first({"no_proxy", "NO_PROXY"}))) return std::nullopt;
  // HTTP_PROXY in capitals could come from a request's "Proxy:" header in a CGI program; curl does
  // not read it either.
  std::string url = address.tls ? first({"https_proxy", "HTTPS_PROXY"}) : variable("http_proxy");
  if (url.empty()) url = first({"all_proxy", "ALL_PROXY"});
  if (url.empty()) return std::nullopt;
  auto proxy = read_proxy(url);
  if (!proxy) return std::unexpected(proxy.error());
  return std::move(*proxy);
}

std::string environment_variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

}  // namespace lockkeeper::slack
