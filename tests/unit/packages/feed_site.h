// SPDX-License-Identifier: Apache-2.0
#pragma once

// A package repository and channel server that answers what a test tells it to, over a real socket.
// The files beside this test are a small repository: keyring.gpg signed its InRelease and its
// Release, and old.gpg, a key that expired in 2020, signed InRelease.old.

#include <doctest/doctest.h>

#include <csignal>
#include <fstream>
#include <map>
#include <mutex>
#include <sstream>

#include "integrations/http/server.h"
#include "integrations/packages/repository.h"
#include "integrations/system/real_clock.h"

namespace lockkeeper::packages::test {

inline const std::filesystem::path kRepository = LOCKKEEPER_REPOSITORY;

inline std::string file(const std::string& name) {
  std::ifstream in(kRepository / name, std::ios::binary);
  REQUIRE(in);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

class FeedSite {
 public:
  FeedSite() {
    std::signal(SIGPIPE, SIG_IGN);
    auto server = http::Server::listen({}, [this](http::Exchange exchange) { serve(exchange); });
    REQUIRE(server.has_value());
    server_ = std::move(*server);
    settings.repository = url("/core:/stable:");
    settings.k3s_channels = url("/v1-release/channels");
    settings.timeout = std::chrono::seconds(5);
  }

  [[nodiscard]] std::string url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(server_->port()) + path;
  }

  /// Answers a path with a body from now on.
  void put(const std::string& path, std::string body, int status = 200) {
    const std::scoped_lock lock(mutex_);
    answers_[path] = {.status = status, .body = std::move(body), .headers = {}};
  }
  void redirect(const std::string& path, const std::string& location) {
    const std::scoped_lock lock(mutex_);
    http::Response response{.status = 302, .body = {}, .headers = {}};
    response.headers.set("Location", location);
    answers_[path] = std::move(response);
  }

  /// The repository of v1.35 as it should be, or one of its files otherwise.
  void put_repository() {
    for (const auto* name : {"InRelease", "Release", "Release.gpg", "Packages", "Packages.gz"})
      spoil(name, file(name));
  }
  void spoil(const std::string& name, std::string body, int status = 200) {
    put("/core:/stable:/v1.35/deb/" + name, std::move(body), status);
  }
  void remove(const std::string& name) { spoil(name, "not found\n", 404); }

  /// "1.35.0, 1.35.1", or why not.
  [[nodiscard]] std::string read() {
    const auto got = read_repository({client, clock, settings}, "1.35");
    if (!got.versions) return got.versions.error().what;
    notes = got.notes;
    return joined(*got.versions);
  }

  http::Client client{{}};
  system::RealClock clock;
  DetectionSettings settings;
  std::vector<std::string> notes;

 private:
  void serve(http::Exchange exchange) {
    const std::scoped_lock lock(mutex_);
    const auto answer = answers_.find(exchange.request().path);
    if (answer == answers_.end()) {
      exchange.send({.status = 404, .body = "not found\n", .headers = {}});
    } else {
      exchange.send(http::Response(answer->second));
    }
  }

  std::mutex mutex_;
  std::map<std::string, http::Response> answers_;
  std::unique_ptr<http::Server> server_;  // last: its thread uses all of the above
};

}  // namespace lockkeeper::packages::test
