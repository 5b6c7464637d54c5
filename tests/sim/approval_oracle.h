// SPDX-License-Identifier: Apache-2.0
#pragma once

// Judges approvals by the journal alone: where the settings ask for one, no run opens but for a
// start that was asked for, was approved by somebody else, and has not been decided otherwise. It
// shares no code with the book of the bot. Values only.

#include <map>
#include <set>
#include <string>

#include "bot/record.h"

namespace lockkeeper::sim {

class ApprovalOracle {
 public:
  /// What is wrong with this record where it stands, or "". `needed`: by the settings in force.
  std::string appended(const Record& record, bool needed);

 private:
  struct Asked {
    Requested what;
    std::set<Actor> approved_by;
    std::string run;    // of the newest approval
    bool over = false;  // declined, withdrawn, expired, void
    bool opened = false;
  };

  std::string decided(const Decided& body, Time at);
  std::string opened(const Opened& body);

  std::map<std::int64_t, Asked> asked_;  // by the number of their records
};

}  // namespace lockkeeper::sim
