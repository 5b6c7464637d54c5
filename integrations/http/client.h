// SPDX-License-Identifier: Apache-2.0
#pragma once

// The outbound half of HTTP, over libcurl: deadlines on everything, answers of limited size, kept
// connections, TLS from memory, and failures that tell kinds apart. Two ways in:
//
//   Client  blocking calls, from any thread; connections are kept between calls.
//   Lanes   many calls and streams at once, driven by one thread that calls turn(); see
//           client_lanes.h.
//
// No redirect is followed unless the request asks for it, no cookie is kept, and no text of a
// failure holds a path, a query, a header or a credential. The process has to ignore SIGPIPE,
// because OpenSSL writes to sockets that the other end may have closed.

#include <chrono>
#include <cstddef>
#include <expected>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "integrations/http/message.h"

namespace lockkeeper::http {

class Lanes;

/// Whom to trust and who we are. PEM texts are kept in memory only.
struct ClientTls {
  std::string ca_pem;           ///< Trust exactly these; wins over ca_file.
  std::string ca_file;          ///< Empty, as well as ca_pem: the system's store.
  std::string certificate_pem;  ///< Our own certificate, with its key; both or none.
  std::string key_pem;
  std::string server_name;  ///< For SNI and verification, instead of the URL's host.
  bool insecure = false;    ///< Accept any certificate.

  bool operator==(const ClientTls&) const = default;
};

struct ClientOptions {
  ClientTls tls;
  /// http://, https:// or socks5:// with optional user:password@. Nothing: https_proxy, http_proxy
  /// and no_proxy of the environment, except for loopback addresses. Empty: none.
  std::optional<std::string> proxy;
  std::string user_agent = "lockkeeper";
};

struct ClientRequest {
  std::string method = "GET";
  std::string url;  ///< http:// or https://, already percent-encoded.
  Headers headers;
  std::string body;
  std::chrono::milliseconds timeout{10'000};  ///< From dial to the last byte; never unlimited.
  std::chrono::milliseconds connect_timeout{5'000};
  /// Streams only: how long the other end may say nothing at all. Whole seconds; 0: no limit but
  /// `timeout`.
  std::chrono::seconds silence_max{0};
  std::size_t body_max = 8U << 20U;  ///< Bytes of an answer's body.
  /// GET and HEAD only: how many redirects to follow, within the same scheme. A redirect to another
  /// host or port is followed without any of `headers`.
  int redirects_max = 0;
  /// Instead of the client's own, for identities that are renewed while it lives.
  std::shared_ptr<const ClientTls> tls;  // shared: must live until the handshake is over
  std::optional<std::string> proxy;      ///< Instead of the client's own.
  bool wants_certificate = false;        ///< Fill the reply's `certificate_pem`.
  std::stop_token stop;  ///< Ends the call as `cancelled` within a quarter of a second.
};

struct Reply {
  int status = 0;
  Headers headers;
  std::string body;
  std::string certificate_pem;  ///< The other end's own, where it was wanted and there is one.
};

/// Why there is no answer.
enum class FaultKind {
  unresolved,  ///< the name has no address
  refused,     ///< nothing listens, or the network says no
  timeout,     ///< a deadline passed, or a stream fell silent; the other end may have acted
  tls,         ///< the handshake failed, or our certificate was refused
  untrusted,   ///< the other end's certificate is not to be trusted
  reset,       ///< the connection broke; the other end may have acted
  too_large,   ///< the answer is larger than the limit
  cancelled,   ///< stopped by us
  other,       ///< anything else, our own mistakes included
};

struct Fault {
  FaultKind kind = FaultKind::other;
  std::string what;  ///< One line for the operator: "https://10.0.0.1:6443: connection refused".
};

using Answered = std::expected<Reply, Fault>;

/// Given each piece of a stream as it arrives, cut anywhere; false ends the stream.
using ChunkHandler = std::function<bool(std::string_view)>;

std::string_view to_string(FaultKind kind);

/// "https://host:port" of a URL, without user, path and query: what may be printed of it.
std::string origin_of(const std::string& url);

/// Calls to any number of servers with the same identity. Every member may be called from any
/// thread; each call runs on its caller's.
class Client {
 public:
  explicit Client(ClientOptions options);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// One request and its whole answer, whatever the status.
  Answered call(ClientRequest request);

  /// One answer in pieces. Pieces go to `on_chunk` when the status is 2xx; any other answer is
  /// collected and returned like that of call().
  Answered stream(const ClientRequest& request, ChunkHandler on_chunk);

  /// All requests, at most `parallel` at a time, in order of start; `on_done` is called on this
  /// thread with the index of each as it ends.
  void perform(std::span<const ClientRequest> requests, int parallel,
               const std::function<void(std::size_t, Answered)>& on_done);

  /// Lanes with this client's identity, for a loop of the caller's own.
  [[nodiscard]] std::unique_ptr<Lanes> lanes(int parallel) const;

 private:
  std::unique_ptr<Lanes> take();
  void give_back(std::unique_ptr<Lanes> lanes);
  Answered once(const ClientRequest& request, ChunkHandler on_chunk);

  // shared: a transfer's TLS data must outlive its connection, whoever closes last.
  std::shared_ptr<const ClientOptions> options_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Lanes>> idle_;  // with their kept connections
};

}  // namespace lockkeeper::http
