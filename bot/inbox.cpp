// SPDX-License-Identifier: Apache-2.0
#include "bot/inbox.h"

#include <utility>

namespace lockkeeper {
namespace {

// A person types a few orders a minute; a thousand unread ones are a malfunction.
constexpr std::size_t kRecordsMax = 1000;

}  // namespace

bool Inbox::room() const {
  const std::scoped_lock lock(mutex_);
  return records_.size() < kRecordsMax;
}

bool Inbox::empty() const {
  const std::scoped_lock lock(mutex_);
  return records_.empty();
}

void Inbox::put(Record record) {
  const std::scoped_lock lock(mutex_);
  if (records_.size() < kRecordsMax) records_.push_back(std::move(record));
}

std::vector<Record> Inbox::take() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(records_, {});
}

}  // namespace lockkeeper
