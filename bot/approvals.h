// SPDX-License-Identifier: Apache-2.0
#pragma once

// The starts that wait for a second person, as the journal has them: a fold over the records
// `requested` and `decided`, kept in memory because it is asked for every second. Who may decide,
// and what an approval does, is the desk's (desk_approvals.cpp).
//
// An approval is written before its run is opened. Where the bot dies in between, the journal has
// no such run, and the start waits as before: it is opened once, or not at all. Any thread.

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bot/ports.h"

namespace lockkeeper {

/// More would not be read by anybody; one run is open at a time.
inline constexpr std::size_t kRequestsMax = 5;

/// One start that was asked for, and what became of it.
struct StartRequest {
  std::int64_t seq = 0;  // of its record
  Time at{};
  Requested what;
  std::optional<Decided> decided;  // nothing: it waits
  Time decided_at{};
  std::vector<Actor> refused;  // who tried and was not allowed to, once each

  [[nodiscard]] bool waits() const { return !decided; }
};

class Approvals {
 public:
  /// The journal outlives this, and nobody else writes such records to it.
  explicit Approvals(Journal& journal) : journal_(journal) {}

  /// All that wait and the newest that do not any more, in the order in which they were asked for.
  /// The journal is read at first, and after it could not be written.
  Result<std::vector<StartRequest>> all();
  Result<std::vector<StartRequest>> waiting();

  /// Durable when they return.
  Result<StartRequest> ask(Time at, Requested request);
  Status decide(Time at, Decided decided);

  /// What was written may not be all that there is: the journal is read again.
  void forget();

 private:
  Status know();
  void add(const Record& record);
  Status check_approved();

  Journal& journal_;
  std::mutex mutex_;
  bool known_ = false;
  std::vector<StartRequest> requests_;
};

/// What the plan's digest stands for, by name: versions, order, steps, and each node.
Notes outline(const Plan& plan);

/// What is different between two outlines, a line for each thing; never empty, because it is asked
/// about plans with different digests.
std::vector<std::string> differences(const Notes& before, const Notes& now);

/// "1.34.2 -> 1.34.7 (patch), 5 nodes, 37 steps, plan 4be1c2d3, asked for by slack:U0ANA: CVE,
/// until 2026-11-20T18:10:00Z".
std::string waiting_line(const StartRequest& request);

/// "plan 4be1c2d3 was declined by slack:U0BOB at 2026-11-20T17:10:00Z: not today".
std::string decided_line(const StartRequest& request);

}  // namespace lockkeeper
