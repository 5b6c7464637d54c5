// SPDX-License-Identifier: Apache-2.0
#pragma once

// The three proofs of success (requirement A11). The message that a run is complete can only be
// built from this type, and this type only from three results that were really obtained.

#include <optional>
#include <string>
#include <vector>

#include "bot/facts.h"
#include "bot/record.h"
#include "rules/verdict.h"

namespace lockkeeper {

class Confirmations {
 public:
  /// Proves success, or lists what is missing: every node (planned or not) reports the target
  /// kubelet and is Ready, the gate says go, and the share of Ready pods reaches `ratio_min`.
  static std::expected<Confirmations, std::vector<std::string>> prove(
      const ClusterFacts& cluster, const Verdict& gate, const WorkloadFacts& workloads,
      const Version& target, double ratio_min);

  /// The proof that an earlier outcome noted, or nothing when one of the three is missing.
  static std::optional<Confirmations> recalled(const Notes& notes);

  [[nodiscard]] Notes notes() const;
  [[nodiscard]] const std::string& versions() const { return versions_; }
  [[nodiscard]] const std::string& alerts() const { return alerts_; }
  [[nodiscard]] const std::string& pods() const { return pods_; }

 private:
  Confirmations(std::string versions, std::string alerts, std::string pods);

  std::string versions_;
  std::string alerts_;
  std::string pods_;
};

}  // namespace lockkeeper
