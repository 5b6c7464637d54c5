// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the API was asked: counters by path pattern and a bounded list of single requests, for tests
// that assert how a client behaves. Own mutex; any thread.

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>

#include "tests/lab/apiserver/json.h"

namespace lockkeeper::lab {

class RequestLog {
 public:
  /// A status of 0 stands for a connection that was cut.
  void add(const std::string& user, std::string_view verb, const std::string& pattern,
           const std::string& target, int status);

  /// {"total":N,"patterns":{"GET /api/v1/nodes":{"count":N,"statuses":{"200":N}}}}
  [[nodiscard]] Json counters();
  /// The entries behind number `after`, oldest first: {"last":N,"requests":[...]}.
  [[nodiscard]] Json entries(std::uint64_t after);
  void reset();

 private:
  static constexpr std::size_t kEntriesMax = 20'000;
  static constexpr std::size_t kPatternsMax = 2'000;

  struct Entry {
    std::uint64_t number = 0;
    std::string time;
    std::string user;
    std::string verb;
    std::string target;
    int status = 0;
  };
  std::mutex mutex_;
  std::uint64_t last_ = 0;
  std::uint64_t total_ = 0;
  std::deque<Entry> entries_;
  std::map<std::string, std::map<int, std::uint64_t>> counts_;
};

}  // namespace lockkeeper::lab
