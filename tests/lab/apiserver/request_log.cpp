// SPDX-License-Identifier: Apache-2.0
#include "tests/lab/apiserver/request_log.h"

#include "tests/lab/apiserver/wire_time.h"

namespace lockkeeper::lab {

void RequestLog::add(const std::string& user, std::string_view verb, const std::string& pattern,
                     const std::string& target, int status) {
  const std::lock_guard lock(mutex_);
  ++total_;
  const bool room = counts_.size() < kPatternsMax || counts_.contains(pattern);
  ++counts_[room ? pattern : "other"][status];
  entries_.push_back({.number = ++last_,
                      .time = now_micros(),
                      .user = user,
                      .verb = std::string(verb),
                      .target = target,
                      .status = status});
  if (entries_.size() > kEntriesMax) entries_.pop_front();
}

Json RequestLog::counters() {
  const std::lock_guard lock(mutex_);
  Json patterns = Json::object();
  for (const auto& [pattern, statuses] : counts_) {
    std::uint64_t sum = 0;
    Json by_status = Json::object();
    for (const auto& [status, count] : statuses) {
      by_status[std::to_string(status)] = count;
      sum += count;
    }
    patterns[pattern] = {{"count", sum}, {"statuses", std::move(by_status)}};
  }
  return {{"total", total_}, {"patterns", std::move(patterns)}};
}

Json RequestLog::entries(std::uint64_t after) {
  const std::lock_guard lock(mutex_);
  Json list = Json::array();
  for (const auto& entry : entries_) {
    if (entry.number <= after) continue;
    list.push_back({{"n", entry.number},
                    {"time", entry.time},
                    {"user", entry.user},
                    {"verb", entry.verb},
                    {"path", entry.target},
                    {"status", entry.status}});
  }
  return {{"last", last_}, {"requests", std::move(list)}};
}

void RequestLog::reset() {
  const std::lock_guard lock(mutex_);
  total_ = 0;
  counts_.clear();
  entries_.clear();
}

}  // namespace lockkeeper::lab
