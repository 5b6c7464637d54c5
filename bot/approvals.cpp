// SPDX-License-Identifier: Apache-2.0
#include "bot/approvals.h"

#include <algorithm>
#include <utility>

namespace lockkeeper {
namespace {

// Those that wait no more, for whoever comes late.
constexpr std::ptrdiff_t kDecidedKept = 20;
// More people than this do not try one request; what they did is in the log.
constexpr std::size_t kRefusedKept = 50;

}  // namespace

Result<std::vector<StartRequest>> Approvals::all() {
  const std::scoped_lock lock(mutex_);
  if (auto status = know(); !status) return std::unexpected(status.error());
  return requests_;
}

Result<std::vector<StartRequest>> Approvals::waiting() {
  auto requests = all();
  if (requests) std::erase_if(*requests, [](const StartRequest& one) { return !one.waits(); });
  return requests;
}

Result<StartRequest> Approvals::ask(Time at, Requested request) {
  const std::scoped_lock lock(mutex_);
  if (auto status = know(); !status) return std::unexpected(status.error());
  // Until it is certain what the journal has.
  known_ = false;
  const auto record = journal_.append(at, {}, std::move(request));
  if (!record) return std::unexpected(record.error());
  add(*record);
  known_ = true;
  return requests_.back();
}

Status Approvals::decide(Time at, Decided decided) {
  const std::scoped_lock lock(mutex_);
  if (auto status = know(); !status) return status;
  known_ = false;
  const auto record = journal_.append(at, {}, std::move(decided));
  if (!record) return std::unexpected(record.error());
  add(*record);
  known_ = true;
  return {};
}

void Approvals::forget() {
  const std::scoped_lock lock(mutex_);
  known_ = false;
}

Status Approvals::know() {
  if (known_) return {};
  const auto records = journal_.read({});
  if (!records) return std::unexpected(records.error());
  requests_.clear();
  for (const auto& record : *records)
    add(record);
  if (auto status = check_approved(); !status) return status;
  known_ = true;
  return {};
}

/// What an earlier decision left open, a later one may decide.
void Approvals::add(const Record& record) {
  if (const auto* asked = std::get_if<Requested>(&record.body)) {
    requests_.push_back({record.seq, record.at, *asked, std::nullopt, {}, {}});
  }
  const auto* decided = std::get_if<Decided>(&record.body);
  if (decided == nullptr) return;
  const auto at = std::ranges::find(requests_, decided->request, &StartRequest::seq);
  if (at == requests_.end()) return;
  if (decided->ruling == Ruling::refused) {
    if (at->refused.size() < kRefusedKept) at->refused.push_back(decided->by);
    return;
  }
  at->decided = *decided;
  at->decided_at = record.at;
  const auto over = [](const StartRequest& one) { return !one.waits(); };
  if (std::ranges::count_if(requests_, over) > kDecidedKept)
    requests_.erase(std::ranges::find_if(requests_, over));
}

/// An approval whose run was never opened has no effect.
Status Approvals::check_approved() {
  for (auto& request : requests_) {
    if (!request.decided || request.decided->ruling != Ruling::approved) continue;
    const auto records = journal_.read(request.decided->run);
    if (!records) return std::unexpected(records.error());
    const bool opened = std::ranges::any_of(*records, [&](const Record& record) {
      const auto* body = std::get_if<Opened>(&record.body);
      return body != nullptr && body->approval && body->approval->request == request.seq;
    });
    if (!opened) request.decided.reset();
  }
  return {};
}

}  // namespace lockkeeper
