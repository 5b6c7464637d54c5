// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/approval_oracle.h"

#include <fmt/format.h>

#include <utility>

namespace lockkeeper::sim {

std::string ApprovalOracle::appended(const Record& record, bool needed) {
  if (const auto* body = std::get_if<Requested>(&record.body)) {
    asked_[record.seq].what = *body;
    return body->expires > record.at ? "" : "a request that has expired is written";
  }
  if (const auto* body = std::get_if<Decided>(&record.body)) return decided(*body, record.at);
  const auto* body = std::get_if<Opened>(&record.body);
  if (body == nullptr || (body->plan.dry_run && !body->approval)) return {};
  if (!body->approval) return needed ? "opened without an approval" : "";
  return opened(*body);
}

std::string ApprovalOracle::decided(const Decided& body, Time at) {
  const auto found = asked_.find(body.request);
  if (found == asked_.end()) return "decided about what nobody asked for";
  Asked& asked = found->second;
  if (asked.over) return "decided about a request that was over";
  if (asked.opened) return "decided about a request whose run was opened";
  if (body.ruling == Ruling::refused) return {};
  if (body.ruling != Ruling::approved) {
    asked.over = true;
    return {};
  }
  if (body.by == asked.what.by) return "approved by who asked for it";
  if (at >= asked.what.expires) return "approved after it had expired";
  asked.approved_by.insert(body.by);
  asked.run = body.run;
  return {};
}

std::string ApprovalOracle::opened(const Opened& body) {
  const auto found = asked_.find(body.approval->request);
  if (found == asked_.end()) return "opened by a request that does not exist";
  Asked& asked = found->second;
  const auto& who = body.approval->by;
  if (!asked.approved_by.contains(who)) return fmt::format("{} did not approve", who);
  if (who == body.by || asked.what.by != body.by) return "opened without two people";
  if (asked.over) return "opened by a request that was over";
  if (asked.run != body.plan.run) return "opened as another run than was approved";
  if (digest(body.plan) != asked.what.digest) return "opened with another plan than was approved";
  if (std::exchange(asked.opened, true)) return "opened twice by one request";
  return {};
}

}  // namespace lockkeeper::sim
