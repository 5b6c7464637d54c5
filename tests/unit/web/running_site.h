// SPDX-License-Identifier: Apache-2.0
#pragma once

// A site on a free port of loopback, whose sinks write down what they are given.

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <string>
#include <vector>

#include "integrations/system/real_clock.h"
#include "integrations/web/site.h"
#include "raw_client.h"

namespace lockkeeper::web {

/// A folder with token files.
class Secrets {
 public:
  Secrets() {
    std::string name = (std::filesystem::temp_directory_path() / "lockkeeper-web.XXXXXX").native();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    folder_ = name;
  }
  ~Secrets() { std::filesystem::remove_all(folder_); }
  Secrets(const Secrets&) = delete;
  Secrets& operator=(const Secrets&) = delete;

  /// Writes a token, or another one to the same file.
  SecretSource write(const std::string& name, const std::string& token) const {
    SecretSource source;
    source.file = (folder_ / name).native();
    std::ofstream(source.file) << token << '\n';
    ::chmod(source.file.c_str(), 0600);
    return source;
  }
  void remove(const std::string& name) const { std::filesystem::remove(folder_ / name); }

 private:
  std::filesystem::path folder_;
};

class RunningSite {
 public:
  Secrets secrets;
  HttpSettings settings;
  std::vector<ClientSettings> clients;
  system::RealClock clock;
  metrics::Metrics metrics;
  Board board{clock};
  KubernetesSecretReader from_kubernetes;

  std::atomic<bool> full = false;  // what the sink for alerts says
  std::function<CommandAnswer(const Actor&, const std::string&)> on_command;
  std::vector<std::string> not_ready;

  RunningSite() { settings.port = 0; }

  void open() {
    auto site = try_open();
    REQUIRE_MESSAGE(site, (site ? "" : site.error().what));
    site_ = std::move(*site);
  }
  Result<std::unique_ptr<Site>> try_open() {
    return Site::open(
        settings, clients,
        {.alerts = [this](auto news) { return take(std::move(news)); },
         .command = [this](const Actor& by, const std::string& line) { return obey(by, line); },
         .not_ready = [this] { return not_ready; },
         .about = [] { return About{"home", "1.2.3", "cafe0001"}; }},
        {metrics, board, clock, from_kubernetes, 30s});
  }
  void close() { site_.reset(); }
  [[nodiscard]] std::uint16_t port() const { return site_->port(); }

  /// One request on a connection of its own.
  http::test::Reply ask(const std::string& method, const std::string& path,
                        const std::string& body = "", const std::string& token = "") {
    http::test::RawClient client(port());
    return client.ask(request(method, path, body, token));
  }
  static std::string request(const std::string& method, const std::string& path,
                             const std::string& body, const std::string& token) {
    const std::string authorization =
        token.empty() ? "" : fmt::format("Authorization: Bearer {}\r\n", token);
    return fmt::format("{} {} HTTP/1.1\r\nHost: a\r\n{}Content-Length: {}\r\n\r\n{}", method, path,
                       authorization, body.size(), body);
  }

  std::vector<alertmanager::Notification> news() {
    const std::lock_guard lock(mutex_);
    return news_;
  }
  std::vector<std::string> commands() {
    const std::lock_guard lock(mutex_);
    return commands_;
  }
  [[nodiscard]] bool has_metric(const std::string& line) const {
    return metrics.text().find("\n" + line + "\n") != std::string::npos;
  }

 private:
  bool take(alertmanager::Notification news) {
    if (full) return false;
    const std::lock_guard lock(mutex_);
    news_.push_back(std::move(news));
    return true;
  }
  CommandAnswer obey(const Actor& by, const std::string& line) {
    {
      const std::lock_guard lock(mutex_);
      commands_.push_back(by + " " + line);
    }
    if (on_command) return on_command(by, line);
    return {.status = 200, .ok = true, .text = "done", .confirm = ""};
  }

  std::mutex mutex_;
  std::vector<alertmanager::Notification> news_;
  std::vector<std::string> commands_;
  std::unique_ptr<Site> site_;  // last: its threads use all of the above
};

}  // namespace lockkeeper::web
