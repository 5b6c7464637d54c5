// SPDX-License-Identifier: Apache-2.0
// lab_apiserver: a Kubernetes API server with a simulated cluster behind it. It runs until SIGTERM
// or SIGINT.

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "rules/text.h"
#include "tests/lab/apiserver/control.h"
#include "tests/lab/apiserver/controllers/controllers.h"
#include "tests/lab/apiserver/front.h"
#include "tests/lab/apiserver/seed.h"

namespace lockkeeper::lab {
namespace {

constexpr std::size_t kBodyLimitBytes = 3U << 20U;    // as kube-apiserver
constexpr std::size_t kStreamLimitBytes = 1U << 30U;  // a watch that begins with a large world

constexpr std::array<std::string_view, 9> kOptions = {"--listen", "--port", "--control-port",
                                                      "--cert",   "--key",  "--client-ca",
                                                      "--tokens", "--seed", "--port-file"};

using Arguments = std::map<std::string, std::string, std::less<>>;

Result<Arguments> read_arguments(int count, char** values) {
  Arguments arguments{{"--listen", "127.0.0.1"}, {"--port", "0"}, {"--control-port", "0"}};
  for (int i = 1; i < count; i += 2) {
    const std::string_view name = values[i];
    if (std::ranges::find(kOptions, name) == kOptions.end()) {
      return fail(fmt::format("unknown option {}{}", name, suggestion(name, kOptions)));
    }
    if (i + 1 == count) return fail(fmt::format("{} needs a value", name));
    arguments[std::string(name)] = values[i + 1];
  }
  for (const auto* needed : {"--tokens", "--seed"}) {
    if (!arguments.contains(needed)) return fail(fmt::format("{} is missing", needed));
  }
  return arguments;
}

Result<std::uint16_t> port_of(const std::string& text) {
  std::uint16_t port = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), port);
  if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) {
    return fail(fmt::format("'{}' is no port", text));
  }
  return port;
}

Result<http::ServerOptions> api_options(const Arguments& arguments) {
  const auto port = port_of(arguments.at("--port"));
  if (!port) return std::unexpected(port.error());
  const auto file = [&](const char* name) {
    const auto at = arguments.find(name);
    return at == arguments.end() ? std::string() : at->second;
  };
  return http::ServerOptions{
      .address = arguments.at("--listen"),
      .port = *port,
      .tls = {.certificate_file = file("--cert"),
              .key_file = file("--key"),
              .client_ca_file = file("--client-ca")},
      .body_limit_bytes = kBodyLimitBytes,
      .header_limit_bytes = 64U << 10U,
      .connections_max = 4096,
      .idle_timeout = std::chrono::minutes(3),
      .answer_timeout = std::chrono::hours(2),  // outages and faults decide when there is no answer
      .write_timeout = std::chrono::minutes(1),
      .stream_limit_bytes = kStreamLimitBytes};
}

/// Written beside and renamed, so that whoever waits for the file reads it whole.
Status write_port_file(const std::string& path, std::uint16_t port, std::uint16_t control_port) {
  const std::string beside = path + ".new";
  std::ofstream(beside) << port << " " << control_port << "\n";
  std::error_code error;
  std::filesystem::rename(beside, path, error);
  return error ? fail(fmt::format("{}: cannot be written: {}", path, error.message())) : Status();
}

void wait_for_signal(const sigset_t& signals) {
  int received = 0;
  sigwait(&signals, &received);
}

Status serve(const Arguments& arguments, const sigset_t& signals) {
  const auto seed = read_seed(arguments.at("--seed"));
  if (!seed) return std::unexpected(seed.error());
  auto access = Access::load(arguments.at("--tokens"), list_at(*seed, "rbac"));
  if (!access) return std::unexpected(access.error());
  auto options = api_options(arguments);
  const auto control_port = port_of(arguments.at("--control-port"));
  if (!options) return std::unexpected(options.error());
  if (!control_port) return std::unexpected(control_port.error());
  Cluster cluster("1.34.2");
  Loop loop(cluster);
  add_controllers(cluster, loop);
  {
    const std::lock_guard lock(cluster.mutex);
    if (auto sown = sow(cluster, *seed); !sown) return sown;
  }
  Faults faults;
  RequestLog log;
  const Desk desk{
      .cluster = cluster, .loop = loop, .access = **access, .faults = faults, .log = log};
  Front front(desk, std::move(*options));
  if (auto opened = front.open(); !opened) return opened;
  const Console console{.desk = desk, .front = front};
  auto control = http::Server::listen({.address = arguments.at("--listen"),
                                       .port = *control_port,
                                       .body_limit_bytes = kBodyLimitBytes},
                                      [&console](http::Exchange exchange) {
                                        exchange.send(serve_control(console, exchange.request()));
                                      });
  if (!control) return std::unexpected(control.error());
  loop.start();
  if (const auto file = arguments.find("--port-file"); file != arguments.end()) {
    if (auto written = write_port_file(file->second, front.port(), (*control)->port()); !written)
      return written;
  }
  wait_for_signal(signals);
  (*control)->stop();
  loop.stop();
  front.close();
  return {};
}

}  // namespace
}  // namespace lockkeeper::lab

int main(int count, char** values) {
  // Blocked before the first thread starts, so that only sigwait() sees them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  const auto arguments = lockkeeper::lab::read_arguments(count, values);
  const auto served =
      arguments ? lockkeeper::lab::serve(*arguments, signals) : std::unexpected(arguments.error());
  if (served) return 0;
  fmt::print(stderr, "lab_apiserver: {}\n", served.error().what);
  return 1;
}
