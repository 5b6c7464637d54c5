// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where people's commands arrive, whatever the entry: terminal, HTTP, chat. The desk reads, answers
// and authorises at once; an order it makes durable in the journal and hands to the runner, which
// obeys at its next safe point. What changes a cluster needs a confirmation that carries the plan's
// digest, so nobody starts, resumes or aborts what they have not seen.
//
// One thread at a time calls handle() with what changes something, and one with what only reads:
// reading a cluster may take a while, for which no order waits.

#include <functional>
#include <string>

#include "bot/activity.h"
#include "bot/approvals.h"
#include "bot/command.h"
#include "bot/gate.h"
#include "bot/inbox.h"
#include "bot/plan.h"
#include "bot/ports.h"
#include "bot/progress.h"
#include "bot/request.h"
#include "config/settings.h"

namespace lockkeeper {

class Reporter;

/// The desk's answer to one command.
struct Reply {
  enum class Code { ok, malformed, denied, conflict, failed };

  Code code = Code::ok;
  std::string text;
  std::string confirm;  // the digest to repeat, when the command waits for a confirmation

  [[nodiscard]] bool ok() const { return code == Code::ok; }
};

class Desk {
 public:
  /// Everything is owned by the caller and outlives the desk. `stir` wakes the runner.
  Desk(World& world, Clock& clock, Journal& journal, Gate& gate, Inbox& inbox, Activity& activity,
       const Settings& settings, std::function<void()> stir);

  /// What `check` does: asks for a look for new versions. Set before the first command.
  void on_check(std::function<void(bool forget)> ask) { ask_check_ = std::move(ask); }

  /// Who makes what `report` answers. Set before the first command.
  void report_with(Reporter& reporter) { reporter_ = &reporter; }

  /// Where it is said what becomes of starts that wait for approval. Set before the first command.
  void speak_through(Chat& chat) { chat_ = &chat; }

  /// Obeys or refuses one typed line. Never throws; takes as long as the reads it needs.
  Reply handle(const Actor& actor, std::string_view line);

  /// Who knows the groups of [authority]; without, they are empty. Asked within handle().
  void look_up_groups(GroupCheck check) { groups_ = std::move(check); }

  /// Ends what has waited for too long. Called now and then, as handle() is.
  void tend();

  /// What waits for approval; any thread.
  [[nodiscard]] Approvals& approvals() { return approvals_; }

 private:
  /// Why nothing can be started now; `of_plan`: because there would be no such plan.
  struct Obstacle {
    Reply reply;
    bool of_plan = false;
  };

  Reply dispatch(const Actor& actor, const Command& command);
  Reply plan(const Command& command);
  Reply start(const Actor& actor, const Command& command);
  Reply open(const Plan& plan, const Actor& by, const std::string& reason,
             std::optional<Approval> approval = {});
  Reply order(Verb verb, const Actor& actor, const Command& command);
  Reply status();
  Reply why();
  Reply nodes();
  Reply alerts();
  Reply history(const Command& command);
  Reply check(const Command& command);
  Reply report(const Command& command);
  Reply clear();
  [[nodiscard]] Reply whoami(const Actor& actor) const;

  // Starts that need another person (desk_approvals.cpp).
  Reply ask(const Actor& actor, const UpgradeRequest& request, const Plan& plan);
  Reply approve(const Actor& actor, const Command& command);
  Reply decline(const Actor& actor, const Command& command);
  Reply open_approved(const Actor& actor, const StartRequest& request, const Plan& plan);
  Reply end_request(const StartRequest& request, Decided decided);
  std::optional<Reply> objection_to(const Actor& actor, const StartRequest& request);
  std::expected<StartRequest, Reply> waiting_request(const std::string& digest, std::int64_t seq);
  std::string waiting_text();
  void tell(Tone tone, std::string text);

  /// The plan for this request as the cluster is now, when it could be started at once.
  std::expected<Plan, Obstacle> prepare(const UpgradeRequest& request);

  /// The open run's progress; nothing when there is none.
  Result<std::optional<Progress>> open_run();
  Result<Progress> run_progress(const std::string& run);
  /// An id that no run of the journal has.
  Result<std::string> new_run_id();

  World& world_;
  Clock& clock_;
  Journal& journal_;
  Gate& gate_;
  Inbox& inbox_;
  Activity& activity_;
  const Settings& settings_;
  Approvals approvals_;
  Chat* chat_ = nullptr;
  std::function<void()> stir_;
  std::function<void(bool forget)> ask_check_;
  GroupCheck groups_;
  Reporter* reporter_ = nullptr;
};

}  // namespace lockkeeper
