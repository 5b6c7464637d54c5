// SPDX-License-Identifier: Apache-2.0
#pragma once

// A preflight that failed does not wedge the pipeline (requirement D5): what detection starts by
// itself is tried again after every check, and people hear of it once. A retry is quiet as long as
// it can still come to the same refusal as the run before, but for numbers such as "3h ago"; it is
// said in full when it comes to another one, when something holds it, and when it gets further.

#include <deque>
#include <mutex>
#include <optional>
#include <string>

#include "bot/ports.h"
#include "bot/progress.h"

namespace lockkeeper {

/// Why a version is not started once more without a person; empty: it is. A run that got somewhere
/// and failed needs one. A run that preflight refused changed nothing.
std::string why_not_again(Journal& journal, const Version& version);

class QuietRetries : public Chat {
 public:
  /// Both outlive it. What is not quiet is said to `next`, in its order, on the caller's thread.
  QuietRetries(Journal& journal, Chat& next) : journal_(journal), next_(next) {}

  /// Of one thread at a time for each run, as the runner speaks.
  void say(Message message) noexcept override;

  /// Whether nothing of this run is to be seen, now or ever. Any thread.
  bool hides(const std::string& run);

 private:
  enum class Standing { loud, undecided, repeats };

  Standing standing(const std::string& run);

  Journal& journal_;
  Chat& next_;
  std::mutex mutex_;
  std::string run_;  // whose standing is known
  Standing standing_ = Standing::loud;
  std::deque<Message> held_back_;  // of run_; bounded
};

}  // namespace lockkeeper
