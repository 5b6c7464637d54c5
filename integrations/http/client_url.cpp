// SPDX-License-Identifier: Apache-2.0
#include "integrations/http/client_url.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <memory>

#include "integrations/http/client.h"

namespace lockkeeper::http {
namespace {

struct UrlCleanup {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using Url = std::unique_ptr<CURLU, UrlCleanup>;

Url parsed(const std::string& text) {
  Url url(curl_url());
  if (url && curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) url.reset();
  return url;
}

std::string part(const Url& url, CURLUPart which, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url.get(), which, &text, flags) != CURLUE_OK) return {};
  std::string copy = text;
  curl_free(text);
  return copy;
}

}  // namespace

std::optional<UrlParts> url_parts(const std::string& url) {
  const Url parts = parsed(url);
  if (!parts) return std::nullopt;
  return UrlParts{part(parts, CURLUPART_SCHEME), part(parts, CURLUPART_HOST),
                  part(parts, CURLUPART_PORT, CURLU_DEFAULT_PORT)};
}

std::string with_host(const std::string& url, const std::string& host) {
  const Url parts = parsed(url);
  if (!parts) return url;
  const std::string port = part(parts, CURLUPART_PORT, CURLU_DEFAULT_PORT);
  curl_url_set(parts.get(), CURLUPART_HOST, host.c_str(), 0);
  curl_url_set(parts.get(), CURLUPART_PORT, port.c_str(), 0);
  return part(parts, CURLUPART_URL);
}

std::optional<std::string> redirected(const std::string& base, const std::string& location) {
  const Url url = parsed(base);
  if (!url || location.empty()) return std::nullopt;
  if (curl_url_set(url.get(), CURLUPART_URL, location.c_str(), 0) != CURLUE_OK) return std::nullopt;
  return part(url, CURLUPART_URL);
}

bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "[::1]" || host.starts_with("127.");
}

std::string origin_of(const std::string& url) {
  const auto parts = url_parts(url);
  if (!parts) return "(unreadable address)";
  return fmt::format("{}://{}:{}", parts->scheme, parts->host, parts->port);
}

}  // namespace lockkeeper::http
