// SPDX-License-Identifier: Apache-2.0

// How fast alerts come in, over a real socket on loopback: one message of ten thousand alerts, the
// sustained intake, and the time from sending a message to its arrival at the sink while others
// stream in. The sender runs in the same process and shares the processors.

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include "integrations/system/real_clock.h"
#include "integrations/web/site.h"
#include "tests/bench/report.h"

namespace lockkeeper::bench {
namespace {

using Steady = std::chrono::steady_clock;

constexpr int kBatchAlerts = 100;

struct Sizes {
  int flood_alerts = 10'000;
  int intake_messages = 2'000;
  int intake_ms = 3'000;
  int latency_messages = 3'000;
};
constexpr Sizes kTiny{.flood_alerts = 10, .intake_messages = 3, .latency_messages = 3};

/// A message of `count` alerts that nobody has heard before, about 280 bytes each.
std::string message(int count) {
  static std::atomic<int> next = 0;
  std::string alerts;
  for (int i = 0; i < count; ++i) {
    const int id = next++;
    alerts += fmt::format(
        R"({}{{"status":"firing","labels":{{"alertname":"Flood","instance":"10.{}.{}.{}:9100",)"
        R"("job":"node","severity":"warning"}},"annotations":{{"summary":"disk {}"}},)"
        R"("startsAt":"2026-11-20T17:35:37Z","endsAt":"0001-01-01T00:00:00Z",)"
        R"("generatorURL":"http://prom.example/graph?g0.expr=up","fingerprint":"{:016x}"}})",
        i == 0 ? "" : ",", id / 62'500, id / 250 % 250, id % 250, id, id);
  }
  const std::string body =
      R"({"receiver":"bot","status":"firing","version":"4","alerts":[)" + alerts + "]}\n";
  return fmt::format(
      "POST /api/v1/alerts HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
      "Content-Length: {}\r\n\r\n{}",
      body.size(), body);
}

/// A kept connection, like that of an Alertmanager.
class Sender {
 public:
  explicit Sender(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
      std::perror("connect");
      std::exit(1);
    }
  }
  ~Sender() { ::close(socket_); }
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  /// Sends one message and waits for its 200.
  void post(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) std::exit(1);
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    std::string reply;
    std::array<char, 1024> piece{};
    while (!reply.ends_with("ok\n")) {
      const ssize_t got = ::recv(socket_, piece.data(), piece.size(), 0);
      if (got <= 0) std::exit(1);
      reply.append(piece.data(), static_cast<std::size_t>(got));
    }
    if (reply.starts_with("HTTP/1.1 200")) return;
    std::fprintf(stderr, "%s", reply.c_str());
    std::exit(1);
  }

 private:
  int socket_;
};

void flood(std::uint16_t port, const Sizes& sizes) {
  Sender sender(port);
  std::vector<double> times;
  for (int round = 0; round < 10; ++round) {
    const std::string bytes = message(sizes.flood_alerts);
    const Stopwatch watch;
    sender.post(bytes);
    times.push_back(watch.ms());
  }
  std::printf("one message of %d alerts (%.1f MB): median %.1f ms, worst %.1f ms\n",
              sizes.flood_alerts, static_cast<double>(message(sizes.flood_alerts).size()) / 1e6,
              percentile(times, 0.5), percentile(times, 1));
}

void intake(std::uint16_t port, const Sizes& sizes) {
  std::vector<std::string> messages;
  for (int i = 0; i < sizes.intake_messages; ++i)
    messages.push_back(message(kBatchAlerts));
  Sender sender(port);
  const Stopwatch watch;
  double alerts = 0;
  for (std::size_t i = 0; i < messages.size() && watch.ms() < sizes.intake_ms; ++i) {
    sender.post(messages[i]);
    alerts += kBatchAlerts;
  }
  std::printf("intake, %d alerts a message, one connection: %.0f alerts/s\n", kBatchAlerts,
              alerts / watch.ms() * 1000);
}

void latency(std::uint16_t port, const std::atomic<std::int64_t>& arrived_ns, const Sizes& sizes) {
  Sender sender(port);
  std::vector<double> times;
  auto next = Steady::now();
  for (int i = 0; i < sizes.latency_messages; ++i) {
    const std::string bytes = message(1);
    std::this_thread::sleep_until(next += std::chrono::milliseconds(1));
    const auto before = Steady::now().time_since_epoch();
    sender.post(bytes);
    times.push_back(static_cast<double>(arrived_ns - before.count()) / 1e6);
  }
  std::printf("sent to sink, 1,000 alerts/s: median %.3f ms, p99 %.3f ms, worst %.3f ms\n",
              percentile(times, 0.5), percentile(times, 0.99), percentile(times, 1));
}

int run(const Sizes& sizes) {
  system::RealClock clock;
  metrics::Metrics metrics;
  web::Board board(clock);
  std::atomic<std::int64_t> arrived_ns = 0;
  HttpSettings settings;
  settings.port = 0;
  web::Sinks sinks;
  sinks.alerts = [&](const alertmanager::Notification&) {
    arrived_ns = Steady::now().time_since_epoch().count();
    return true;
  };
  const auto site =
      web::Site::open(settings, {}, std::move(sinks), {metrics, board, clock, {}, 30s});
  if (!site) {
    std::fprintf(stderr, "%s\n", site.error().what.c_str());
    return 1;
  }
  std::printf("RSS before: %.1f MiB\n", memory_mib("VmRSS"));
  flood((*site)->port(), sizes);
  std::printf("RSS after the floods: %.1f MiB, peak %.1f MiB (the sender's messages included)\n",
              memory_mib("VmRSS"), memory_mib("VmHWM"));
  latency((*site)->port(), arrived_ns, sizes);
  intake((*site)->port(), sizes);
  return 0;
}

}  // namespace
}  // namespace lockkeeper::bench

int main(int argc, char** argv) {
  using namespace lockkeeper::bench;
  return run(is_tiny(argc, argv) ? kTiny : Sizes{});
}
