// SPDX-License-Identifier: Apache-2.0
#include "integrations/slack/socket.h"

#include <fmt/format.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <deque>
#include <utility>
#include <vector>

namespace lockkeeper::slack {
namespace {

namespace asio = boost::asio;
namespace websocket = boost::beast::websocket;
using asio::ip::tcp;
using Error = boost::system::error_code;
using Plain = tcp::socket;
using Secure = asio::ssl::stream<tcp::socket>;

// What a proxy may say before its tunnel stands.
constexpr std::size_t kProxyHeadMax = 16U << 10U;

asio::ssl::context tls_context(const std::string& ca_file, Error& error) {
  asio::ssl::context context(asio::ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
  context.set_verify_mode(asio::ssl::verify_peer);
  if (ca_file.empty()) {
    context.set_default_verify_paths(error);
  } else {
    context.load_verify_file(ca_file, error);
  }
  return context;
}

/// Everything but the difference between Plain and Secure, which is in two places. A message is
/// read while another is written; writes wait for each other in a queue.
template <class Layer>
class WebSocket : public Socket, public std::enable_shared_from_this<WebSocket<Layer>> {
 public:
  WebSocket(asio::io_context& loop, std::unique_ptr<asio::ssl::context> tls, SocketPlan plan,
            SocketCalls calls)
      : plan_(std::move(plan)),
        calls_(std::move(calls)),
        tls_(std::move(tls)),
        resolver_(loop),
        stream_(make(loop)) {}

  void start();
  void send(std::string text) override;
  void ping() override { send_frame({.ping = true, .text = {}}); }
  void close() override;
  void abandon() override;

 private:
  struct Outgoing {
    bool ping = false;
    std::string text;
  };

  websocket::stream<Layer> make(asio::io_context& loop) {
    if constexpr (std::is_same_v<Layer, Secure>) {
      return websocket::stream<Layer>(loop, *tls_);
    } else {
      return websocket::stream<Layer>(loop);
    }
  }
  auto self() { return this->shared_from_this(); }
  tcp::socket& tcp_socket() { return boost::beast::get_lowest_layer(stream_); }

  void connect(const tcp::resolver::results_type& addresses);
  void ask_proxy();
  void read_proxy();
  void secure();
  void upgrade();
  void read();
  void send_frame(Outgoing frame);
  void write_next();
  void say_goodbye();
  void end(std::string_view step, const Error& error);
  void end(const std::string& why);

  SocketPlan plan_;
  SocketCalls calls_;
  std::unique_ptr<asio::ssl::context> tls_;  // outlives the stream below
  tcp::resolver resolver_;
  websocket::stream<Layer> stream_;
  std::vector<tcp::endpoint> endpoints_;
  asio::streambuf proxy_head_{kProxyHeadMax};
  std::string proxy_request_;
  websocket::response_type answer_;
  boost::beast::flat_buffer buffer_;
  std::deque<Outgoing> waiting_;
  bool writing_ = false;
  bool closing_ = false;
  bool open_ = false;
  bool over_ = false;  // nothing is called any more
};

template <class Layer>
void WebSocket<Layer>::start() {
  const bool through = plan_.proxy.has_value();
  resolver_.async_resolve(through ? plan_.proxy->host : plan_.address.host,
                          through ? plan_.proxy->port : plan_.address.port,
                          [me = self()](const Error& error, const auto& addresses) {
                            if (me->over_) return;
                            if (error) return me->end("look up its name", error);
                            me->connect(addresses);
                          });
}

template <class Layer>
void WebSocket<Layer>::connect(const tcp::resolver::results_type& addresses) {
  for (const auto& entry : addresses)
    endpoints_.push_back(entry.endpoint());
  // Where IPv6 leads nowhere, waiting for it would use up the whole dial, every time.
  std::ranges::stable_partition(endpoints_,
                                [](const tcp::endpoint& end) { return end.address().is_v4(); });
  asio::async_connect(tcp_socket(), endpoints_, [me = self()](const Error& error, const auto&) {
    if (me->over_) return;
    if (error) return me->end("connect", error);
    Error ignored;
    me->tcp_socket().set_option(tcp::no_delay(true), ignored);
    if (me->plan_.proxy) return me->ask_proxy();
    me->secure();
  });
}

template <class Layer>
void WebSocket<Layer>::ask_proxy() {
  const auto& to = plan_.address;
  const std::string authority =
      to.host.contains(':') ? fmt::format("[{}]:{}", to.host, to.port) : to.host + ":" + to.port;
  const auto& word = plan_.proxy->authorization;
  proxy_request_ = fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n{1}\r\n", authority,
                               word.empty() ? "" : "Proxy-Authorization: " + word + "\r\n");
  asio::async_write(tcp_socket(), asio::buffer(proxy_request_),
                    [me = self()](const Error& error, std::size_t) {
                      if (me->over_) return;
                      if (error) return me->end("speak to the proxy", error);
                      me->read_proxy();
                    });
}

template <class Layer>
void WebSocket<Layer>::read_proxy() {
  asio::async_read_until(
      tcp_socket(), proxy_head_, "\r\n\r\n", [me = self()](const Error& error, std::size_t) {
        if (me->over_) return;
        if (error) return me->end("hear from the proxy", error);
        const std::string head(asio::buffers_begin(me->proxy_head_.data()),
                               asio::buffers_end(me->proxy_head_.data()));
        const bool done = head.starts_with("HTTP/1.") && head.substr(8, 2) == " 2";
        // Slack says nothing before we do, so bytes behind the head are no tunnel's.
        if (!done || !head.ends_with("\r\n\r\n"))
          return me->end(fmt::format("the proxy refuses ({})", head.substr(9, 3)));
        me->secure();
      });
}

template <class Layer>
void WebSocket<Layer>::secure() {
  if constexpr (std::is_same_v<Layer, Secure>) {
    Secure& tls = stream_.next_layer();
    tls.set_verify_callback(asio::ssl::host_name_verification(plan_.address.host));
    // Several sites at one address need the name to choose their certificate.
    if (SSL_ctrl(tls.native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                 plan_.address.host.data()) != 1)
      return end("its name is none");
    tls.async_handshake(asio::ssl::stream_base::client, [me = self()](const Error& error) {
      if (me->over_) return;
      if (error) return me->end("agree on TLS", error);
      me->upgrade();
    });
  } else {
    upgrade();
  }
}

template <class Layer>
void WebSocket<Layer>::upgrade() {
  // The Link has the deadlines.
  stream_.set_option(websocket::stream_base::timeout{websocket::stream_base::none(),
                                                     websocket::stream_base::none(), false});
  stream_.read_message_max(kMessageBytesMax);
  // Pings are answered by Beast itself, during the read that is always under way.
  stream_.control_callback([this](websocket::frame_type, boost::beast::string_view) {
    if (!over_) calls_.heard();
  });
  const bool usual = plan_.address.port == (plan_.address.tls ? "443" : "80");
  const std::string host =
      usual ? plan_.address.host : plan_.address.origin().substr(plan_.address.tls ? 6 : 5);
  stream_.async_handshake(answer_, host, plan_.address.target, [me = self()](const Error& error) {
    if (me->over_) return;
    if (error == websocket::error::upgrade_declined)
      return me->end(fmt::format("the upgrade was refused ({})", me->answer_.result_int()));
    if (error) return me->end("become a WebSocket", error);
    me->open_ = true;
    me->calls_.upgraded();
    if (!me->over_) me->read();
  });
}

template <class Layer>
void WebSocket<Layer>::read() {
  stream_.async_read(buffer_, [me = self()](const Error& error, std::size_t) {
    if (me->over_) return;
    if (error == websocket::error::closed)
      return me->end(fmt::format("Slack closed the socket (code {})",
                                 static_cast<unsigned>(me->stream_.reason().code)));
    if (error) return me->end("read from it", error);
    const auto bytes = me->buffer_.cdata();
    if (me->stream_.got_text()) {
      me->calls_.message({static_cast<const char*>(bytes.data()), bytes.size()});
    } else {
      me->calls_.heard();
    }
    if (me->over_) return;
    me->buffer_.clear();
    // One large envelope must not keep its megabytes for ever.
    if (me->buffer_.capacity() > kMessageBytesMax / 8) me->buffer_.shrink_to_fit();
    me->read();
  });
}

template <class Layer>
void WebSocket<Layer>::send(std::string text) {
  send_frame({.ping = false, .text = std::move(text)});
}

template <class Layer>
void WebSocket<Layer>::send_frame(Outgoing frame) {
  if (over_ || !open_ || closing_) return;
  if (waiting_.size() == kFramesWaitingMax) return end("it takes nothing any more");
  waiting_.push_back(std::move(frame));
  write_next();
}

template <class Layer>
void WebSocket<Layer>::write_next() {
  if (writing_ || over_) return;
  if (waiting_.empty()) {
    if (closing_) say_goodbye();
    return;
  }
  writing_ = true;
  const auto done = [me = self()](const Error& error) {
    if (me->over_) return;
    me->writing_ = false;
    if (error) return me->end("write to it", error);
    me->waiting_.pop_front();
    me->write_next();
  };
  if (waiting_.front().ping) return stream_.async_ping("lockkeeper", done);
  stream_.text(true);
  stream_.async_write(asio::buffer(waiting_.front().text),
                      [done](const Error& error, std::size_t) { done(error); });
}

template <class Layer>
void WebSocket<Layer>::close() {
  if (over_ || closing_) return;
  if (!open_) return end("closed before it was open");
  closing_ = true;
  write_next();
}

template <class Layer>
void WebSocket<Layer>::say_goodbye() {
  // The read under way hands out one more message if there is one; then Beast looks for the other
  // end's close frame itself.
  writing_ = true;
  stream_.async_close(websocket::close_code::normal, [me = self()](const Error&) {
    if (!me->over_) me->end("closed");
  });
}

template <class Layer>
void WebSocket<Layer>::abandon() {
  over_ = true;
  Error ignored;
  resolver_.cancel();
  tcp_socket().close(ignored);
}

template <class Layer>
void WebSocket<Layer>::end(std::string_view step, const Error& error) {
  // "asio.ssl error" alone would hide why a certificate is not trusted.
  end(fmt::format("cannot {}: {}", step, error.message()));
}

template <class Layer>
void WebSocket<Layer>::end(const std::string& why) {
  if (over_) return;
  abandon();
  calls_.ended(fmt::format("{}: {}", plan_.address.origin(), why));
}

template <class Layer>
std::shared_ptr<Socket> started(asio::io_context& loop, std::unique_ptr<asio::ssl::context> tls,
                                SocketPlan plan, SocketCalls calls) {
  auto socket =
      std::make_shared<WebSocket<Layer>>(loop, std::move(tls), std::move(plan), std::move(calls));
  socket->start();
  return socket;
}

}  // namespace

std::shared_ptr<Socket> dial(asio::io_context& loop, SocketPlan plan, SocketCalls calls) {
  if (!plan.address.tls) return started<Plain>(loop, nullptr, std::move(plan), std::move(calls));
  Error error;
  auto tls = std::make_unique<asio::ssl::context>(tls_context(plan.ca_file, error));
  if (error) {
    const std::string why = plan.ca_file.empty()
                                ? "the system's certificates cannot be read"
                                : fmt::format("{}: {}", plan.ca_file, error.message());
    asio::post(loop, [ended = calls.ended, why] { ended(why); });
    return nullptr;
  }
  return started<Secure>(loop, std::move(tls), std::move(plan), std::move(calls));
}

}  // namespace lockkeeper::slack
