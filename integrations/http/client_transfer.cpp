// SPDX-License-Identifier: Apache-2.0
#include "integrations/http/client_transfer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <tuple>
#include <utility>

#include "integrations/http/client_url.h"
#include "rules/text.h"

namespace lockkeeper::http {
namespace {

constexpr std::size_t kHeaderMaxBytes = 256U << 10U;
// A peer that died without a word is noticed by TCP itself after about a minute and a half.
constexpr long kKeepAliveIdleSeconds = 30;
constexpr long kKeepAliveIntervalSeconds = 15;

curl_blob blob_of(const std::string& pem) {
  // NOCOPY: the text belongs to the options or the request, which outlive the transfer.
  return {const_cast<char*>(pem.data()), pem.size(), CURL_BLOB_NOCOPY};
}

void append(std::unique_ptr<curl_slist, ListCleanup>& list, const std::string& line) {
  curl_slist* longer = curl_slist_append(list.get(), line.c_str());
  if (longer == nullptr) return;
  std::ignore = list.release();
  list.reset(longer);
}

bool breaks_line(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

FaultKind kind_of(CURLcode code, std::string_view words) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return FaultKind::unresolved;
    case CURLE_COULDNT_CONNECT:
      return FaultKind::refused;
    case CURLE_OPERATION_TIMEDOUT:
      return FaultKind::timeout;
    case CURLE_PEER_FAILED_VERIFICATION:
      return FaultKind::untrusted;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
      return FaultKind::tls;
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_WEIRD_SERVER_REPLY:
      // With TLS 1.3 the refusal of our certificate comes as an alert on the first read.
      return words.find("alert") != std::string_view::npos ? FaultKind::tls : FaultKind::reset;
    case CURLE_FILESIZE_EXCEEDED:
      return FaultKind::too_large;
    default:
      return FaultKind::other;
  }
}

}  // namespace

Transfer::Transfer(ClientRequest request, ChunkHandler on_chunk, Lanes::Done done)
    : request_(std::move(request)), on_chunk_(std::move(on_chunk)), done_(std::move(done)) {}

std::expected<void, Fault> Transfer::prepare(const ClientOptions& options) {
  easy_.reset(curl_easy_init());
  if (!easy_) return std::unexpected(fault(FaultKind::other, "libcurl has no handle left"));
  CURL* curl = easy_.get();
  if (breaks_line(request_.url) ||
      curl_easy_setopt(curl, CURLOPT_URL, request_.url.c_str()) != CURLE_OK)
    return std::unexpected(fault(FaultKind::other, "the address cannot be read"));
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error_.data());
  curl_easy_setopt(curl, CURLOPT_PRIVATE, this);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &Transfer::on_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &Transfer::on_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(curl, CURLOPT_USERAGENT, options.user_agent.c_str());
  set_method();
  set_limits();
  set_tls(request_.tls ? *request_.tls : options.tls);
  set_proxy(request_.proxy ? request_.proxy : options.proxy);
  return set_headers();
}

// A body is sent from our own copy; curl would read a pointer into the caller's.
void Transfer::set_method() {
  CURL* curl = easy_.get();
  if (request_.method == "HEAD") {
    curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
  } else if (request_.method != "GET" || !request_.body.empty()) {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request_.body.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request_.body.data());
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  }
}

void Transfer::set_limits() {
  CURL* curl = easy_.get();
  const auto whole = std::max<long>(1, static_cast<long>(request_.timeout.count()));
  const auto dial = std::max<long>(1, static_cast<long>(request_.connect_timeout.count()));
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, whole);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, std::min(whole, dial));
  curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(curl, CURLOPT_TCP_KEEPIDLE, kKeepAliveIdleSeconds);
  curl_easy_setopt(curl, CURLOPT_TCP_KEEPINTVL, kKeepAliveIntervalSeconds);
  // One connection per call at a time: what is known about the outage of a server is then simple.
  curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  if (!streams()) {
    curl_easy_setopt(curl, CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(request_.body_max));
  } else if (request_.silence_max.count() > 0) {
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, static_cast<long>(request_.silence_max.count()));
  }
}

// TLS 1.2 is what every supported API server speaks at least.
void Transfer::set_tls(const ClientTls& tls) {
  CURL* curl = easy_.get();
  curl_easy_setopt(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (request_.wants_certificate) curl_easy_setopt(curl, CURLOPT_CERTINFO, 1L);
  if (!tls.ca_pem.empty()) {
    const auto blob = blob_of(tls.ca_pem);
    curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &blob);
  } else if (!tls.ca_file.empty()) {
    curl_easy_setopt(curl, CURLOPT_CAINFO, tls.ca_file.c_str());
  }
  if (!tls.certificate_pem.empty()) {
    const auto certificate = blob_of(tls.certificate_pem);
    const auto key = blob_of(tls.key_pem);
    curl_easy_setopt(curl, CURLOPT_SSLCERT_BLOB, &certificate);
    curl_easy_setopt(curl, CURLOPT_SSLKEY_BLOB, &key);
  }
  if (tls.insecure) {
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
  }
  if (!tls.server_name.empty()) set_server_name(tls.server_name);
}

// curl takes the name for SNI and verification from the URL, so the name goes there and the real
// address into CONNECT_TO; the Host header stays that of the real address.
void Transfer::set_server_name(const std::string& name) {
  const auto parts = url_parts(request_.url);
  if (!parts || parts->scheme != "https") return;
  append(connect_to_, fmt::format("{}:{}:{}:{}", name, parts->port, parts->host, parts->port));
  curl_easy_setopt(easy_.get(), CURLOPT_CONNECT_TO, connect_to_.get());
  curl_easy_setopt(easy_.get(), CURLOPT_URL, with_host(request_.url, name).c_str());
  if (!request_.headers.has("Host"))
    append(headers_, fmt::format("Host: {}:{}", parts->host, parts->port));
}

// Go never asks the environment's proxy for loopback addresses, curl does: k3s says 127.0.0.1.
void Transfer::set_proxy(const std::optional<std::string>& proxy) {
  const auto parts = url_parts(request_.url);
  const bool loopback = parts && is_loopback(parts->host);
  if (proxy) {
    curl_easy_setopt(easy_.get(), CURLOPT_PROXY, proxy->c_str());
  } else if (loopback) {
    curl_easy_setopt(easy_.get(), CURLOPT_PROXY, "");
  }
  curl_easy_setopt(easy_.get(), CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
}

std::expected<void, Fault> Transfer::set_headers() {
  for (const auto& [name, value] : request_.headers.fields()) {
    if (breaks_line(name) || breaks_line(value))
      return std::unexpected(
          fault(FaultKind::other, fmt::format("header {} holds a line break", clipped(name, 40))));
    append(headers_, value.empty() ? name + ";" : fmt::format("{}: {}", name, value));
  }
  append(headers_, "Expect:");  // no second of waiting for 100-continue
  if (!request_.headers.has("Content-Type")) append(headers_, "Content-Type:");
  curl_easy_setopt(easy_.get(), CURLOPT_HTTPHEADER, headers_.get());
  return {};
}

std::size_t Transfer::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  const bool taken = static_cast<Transfer*>(self)->take_header({data, size * count});
  return taken ? size * count : 0;
}

std::size_t Transfer::on_body(char* data, std::size_t size, std::size_t count, void* self) {
  const bool taken = static_cast<Transfer*>(self)->take_body({data, size * count});
  return taken ? size * count : 0;
}

bool Transfer::take_header(std::string_view line) {
  header_bytes_ += line.size();
  too_large_ = too_large_ || header_bytes_ > kHeaderMaxBytes;
  if (line.starts_with("HTTP/")) reply_.headers = {};  // an interim answer came before this one
  const auto colon = line.find(':');
  if (colon != std::string_view::npos && !line.starts_with("HTTP/")) {
    const auto end = line.find_last_not_of("\r\n");
    reply_.headers.add(line.substr(0, colon), trimmed(line.substr(0, end + 1).substr(colon + 1)));
  }
  return !too_large_;
}

// The status is known once the first byte of a body arrives.
bool Transfer::take_body(std::string_view piece) {
  long status = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  const bool streamed = streams() && status / 100 == 2;
  auto& into = streamed ? inbox_ : reply_.body;
  // A stream's inbox is emptied after every round of curl's, so it only holds what one round read.
  too_large_ = too_large_ || (!streamed && into.size() + piece.size() > request_.body_max);
  if (!too_large_) into.append(piece);
  return !too_large_;
}

bool Transfer::deliver() {
  if (inbox_.empty() || !on_chunk_) return true;
  const std::string piece = std::exchange(inbox_, {});
  return on_chunk_(piece);
}

Answered Transfer::conclude(CURLcode code) {
  if (too_large_ || code == CURLE_FILESIZE_EXCEEDED)
    return std::unexpected(
        fault(FaultKind::too_large,
              fmt::format("the answer is larger than {} bytes", request_.body_max)));
  if (code != CURLE_OK) {
    const std::string_view words = error_.c_str();
    const auto why = words.empty() ? std::string_view(curl_easy_strerror(code)) : words;
    return std::unexpected(fault(kind_of(code, words), why));
  }
  long status = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  reply_.status = static_cast<int>(status);
  if (request_.wants_certificate) reply_.certificate_pem = certificate();
  return std::move(reply_);
}

/// The first of the chain is the other end's own; a kept connection shows none.
std::string Transfer::certificate() const {
  constexpr std::string_view kField = "Cert:";
  curl_certinfo* chain = nullptr;
  if (curl_easy_getinfo(easy_.get(), CURLINFO_CERTINFO, &chain) != CURLE_OK || chain == nullptr ||
      chain->num_of_certs < 1)
    return {};
  for (const auto* line = chain->certinfo[0]; line != nullptr; line = line->next)
    if (std::string_view(line->data).starts_with(kField)) return line->data + kField.size();
  return {};
}

bool Transfer::connected() const {
  curl_off_t micros = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_CONNECT_TIME_T, &micros);
  return micros > 0;
}

std::string Transfer::system_words() const {
  long number = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_OS_ERRNO, &number);
  if (number == 0 || number == ECONNREFUSED) return "connection refused";
  return std::generic_category().message(static_cast<int>(number));
}

// curl's own words for these four name addresses and byte counts that help nobody.
Fault Transfer::fault(FaultKind kind, std::string_view why) const {
  const auto origin = origin_of(request_.url);
  const auto limit = std::chrono::duration_cast<Millis>(request_.timeout);
  switch (kind) {
    case FaultKind::refused:
      return {kind, fmt::format("{}: {}", origin, system_words())};
    case FaultKind::timeout:
      if (why.starts_with("Operation too slow"))
        return {kind, fmt::format("{}: silent for {}", origin,
                                  lockkeeper::to_string(request_.silence_max))};
      if (!connected()) return {kind, fmt::format("{}: no connection in time", origin)};
      return {kind, fmt::format("{}: no answer within {}", origin, lockkeeper::to_string(limit))};
    case FaultKind::reset:
      return {kind, fmt::format("{}: the connection broke", origin)};
    case FaultKind::cancelled:
      return {kind, fmt::format("{}: stopped", origin)};
    default:
      return {kind, fmt::format("{}: {}", origin, why)};
  }
}

}  // namespace lockkeeper::http
