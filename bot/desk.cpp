// SPDX-License-Identifier: Apache-2.0
#include "bot/desk.h"

#include <fmt/format.h>

#include <array>

#include "bot/detector.h"
#include "bot/messages.h"
#include "bot/planner.h"
#include "bot/reporter.h"
#include "bot/status_text.h"

namespace lockkeeper {
namespace {

constexpr int kHistoryRuns = 10;
constexpr std::size_t kReasonBytesMax = 500;

Reply ok(std::string text) {
  return {Reply::Code::ok, std::move(text), {}};
}
Reply malformed(std::string text) {
  return {Reply::Code::malformed, std::move(text), {}};
}
Reply conflict(std::string text) {
  return {Reply::Code::conflict, std::move(text), {}};
}
Reply failed(const Failure& failure) {
  return {Reply::Code::failed, failure.what, {}};
}

/// The words of an order: a reason, and the digest behind --confirm.
struct OrderWords {
  std::string reason;
  std::string confirm;
};

Result<OrderWords> order_words(const std::vector<std::string>& words) {
  OrderWords order;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--confirm") {
      if (i + 1 == words.size()) return fail("--confirm needs the plan's digest");
      order.confirm = words[++i];
    } else if (words[i].starts_with("--")) {
      constexpr std::array<std::string_view, 1> known = {"--confirm"};
      return fail(
          fmt::format("unknown option '{}'{}", clipped(words[i], 40), suggestion(words[i], known)));
    } else {
      order.reason += (order.reason.empty() ? "" : " ") + words[i];
    }
  }
  order.reason = clipped(order.reason, kReasonBytesMax);
  return order;
}

Result<UpgradeRequest> request_of(const Command& command) {
  if (command.rest.starts_with('{')) return parse_request_json(command.rest);
  return parse_request_words(command.words);
}

std::string refusal_text(const Refusal& refusal) {
  if (refusal.reasons.size() == 1) return refusal.reasons.front();
  return fmt::format("{} reasons against it:\n  {}", refusal.reasons.size(),
                     joined(refusal.reasons, "\n  "));
}

std::string closing_words(const Progress& progress) {
  return fmt::format("run {} of {} to {}, plan {}", progress.run, progress.plan->cluster,
                     to_string(progress.plan->target), digest(*progress.plan));
}

}  // namespace

Desk::Desk(World& world, Clock& clock, Journal& journal, Gate& gate, Inbox& inbox,
           Activity& activity, const Settings& settings, std::function<void()> stir)
    : world_(world),
      clock_(clock),
      journal_(journal),
      gate_(gate),
      inbox_(inbox),
      activity_(activity),
      settings_(settings),
      approvals_(journal),
      stir_(std::move(stir)) {}

Reply Desk::handle(const Actor& actor, std::string_view line) {
  const auto command = parse_command(line);
  if (!command) return malformed(command.error().what);
  // What detection starts, the settings have allowed; nobody else can speak as this actor.
  const bool by_itself = actor == kDetectionActor && command->verb->name == "start" &&
                         settings_.detection.on_available == DetectionSettings::OnAvailable::start;
  const auto permission = by_itself
                              ? Permission{true, {}}
                              : authorise(actor, command->verb->act, settings_.authority, groups_);
  if (!permission.allowed) return {Reply::Code::denied, permission.why, {}};
  return dispatch(actor, *command);
}

Reply Desk::dispatch(const Actor& actor, const Command& command) {
  const std::string_view verb = command.verb->name;
  if (verb == "plan") return plan(command);
  if (verb == "start") return start(actor, command);
  if (verb == "pause") return order(Verb::pause, actor, command);
  if (verb == "resume") return order(Verb::resume, actor, command);
  if (verb == "abort") return order(Verb::abort, actor, command);
  if (verb == "approve") return approve(actor, command);
  if (verb == "decline" || verb == "withdraw") return decline(actor, command);
  if (verb == "history") return history(command);
  if (verb == "check") return check(command);
  if (verb == "report") return report(command);
  if (verb == "help") return ok(help_text(command.words.empty() ? "" : command.words.front()));
  if (!command.words.empty()) {
    return malformed(fmt::format("/upgrade {} takes no words behind it", verb));
  }
  if (verb == "status") return status();
  if (verb == "why") return why();
  if (verb == "nodes") return nodes();
  if (verb == "alerts") return alerts();
  if (verb == "rules") return ok(rules_text(gate_.rules(clock_.moment())));
  if (verb == "clear") return clear();
  return whoami(actor);
}

Reply Desk::plan(const Command& command) {
  const auto request = request_of(command);
  if (!request) return malformed(request.error().what);
  const auto facts = world_.look();
  if (!facts) return failed(facts.error());
  const auto plan = make_plan(*facts, *request, settings_, "preview");
  if (!plan) {
    return plan.error().nothing_to_do ? ok(refusal_text(plan.error()))
                                      : conflict(refusal_text(plan.error()));
  }
  return ok(messages::plan_text(*plan));
}

Reply Desk::start(const Actor& actor, const Command& command) {
  const auto request = request_of(command);
  if (!request) return malformed(request.error().what);
  const auto made = prepare(*request);
  if (!made) return made.error().reply;
  const auto seal = digest(*made);
  const bool needs_approval = settings_.authority.approvals > 0 && !request->dry_run;
  if (!request->dry_run && request->confirm != seal) {
    const auto lead =
        request->confirm.empty()
            ? std::string()
            : fmt::format("plan {} is not what would be done now:\n", request->confirm);
    return {Reply::Code::ok,
            fmt::format("{}{}\n{}nothing has started; repeat with --confirm {} to {}", lead,
                        messages::plan_text(*made),
                        needs_approval ? "another person has to approve it\n" : "", seal,
                        needs_approval ? "ask for that" : "start it"),
            seal};
  }
  if (needs_approval) return ask(actor, *request, *made);
  return open(*made, actor, request->reason);
}

std::expected<Plan, Desk::Obstacle> Desk::prepare(const UpgradeRequest& request) {
  const auto cannot = [](Reply reply) { return std::unexpected(Obstacle{std::move(reply)}); };
  const auto open_now = open_run();
  if (!open_now) return cannot(failed(open_now.error()));
  if (*open_now) {
    return cannot(conflict(
        fmt::format("run {} is open ({}); one run at a time", (*open_now)->run, activity_.line())));
  }
  const auto facts = world_.look();
  if (!facts) return cannot(failed(facts.error()));
  if (!facts->run.empty() && !run_progress(facts->run)) {
    return cannot(
        conflict(fmt::format("the cluster is claimed by run {}, which this journal does not "
                             "know; if it is lost: /upgrade clear",
                             clipped(facts->run, 80))));
  }
  const auto run = new_run_id();
  if (!run) return cannot(failed(run.error()));
  auto made = make_plan(*facts, request, settings_, *run);
  if (!made) {
    auto why = refusal_text(made.error());
    return std::unexpected(
        Obstacle{made.error().nothing_to_do ? ok(std::move(why)) : conflict(std::move(why)), true});
  }
  const auto baseline =
      gate_.baseline(made->ignore_alerts, made->ignore_for, clock_.now(), clock_.moment());
  if (!baseline) return cannot(conflict(baseline.error().what));
  return std::move(*made);
}

Reply Desk::open(const Plan& plan, const Actor& by, const std::string& reason,
                 std::optional<Approval> approval) {
  auto baseline =
      gate_.baseline(plan.ignore_alerts, plan.ignore_for, clock_.now(), clock_.moment());
  if (!baseline) return conflict(baseline.error().what);
  const auto record = journal_.append(
      clock_.now(), plan.run, Opened{plan, by, reason, std::move(*baseline), std::move(approval)});
  if (!record) return failed(record.error());
  stir_();
  return ok(fmt::format("run {} is open: {}", plan.run, messages::plan_summary(plan)));
}

Reply Desk::order(Verb verb, const Actor& actor, const Command& command) {
  const auto words = order_words(command.words);
  if (!words) return malformed(words.error().what);
  const auto run = open_run();
  if (!run) return failed(run.error());
  if (!*run)
    return conflict(fmt::format("no run is open, there is nothing to {}", to_string(verb)));
  const Progress& progress = **run;
  if (verb == Verb::abort && progress.latched) return ok("the run is ending already");
  if (verb == Verb::pause && progress.person_hold) return ok("it is paused already");
  const auto seal = digest(*progress.plan);
  if (verb != Verb::pause && words->confirm != seal) {
    return {Reply::Code::ok,
            fmt::format("{} {}? repeat with --confirm {}", to_string(verb), closing_words(progress),
                        seal),
            seal};
  }
  if (!inbox_.room()) return {Reply::Code::failed, "too many orders are waiting; try again", {}};
  auto record = journal_.append(clock_.now(), progress.run, Ordered{verb, actor, words->reason});
  if (!record) return failed(record.error());
  inbox_.put(std::move(*record));
  stir_();
  return ok(fmt::format("{} is noted for {}; it takes effect at the next safe point (now: {})",
                        to_string(verb), closing_words(progress), activity_.line()));
}

Reply Desk::status() {
  const auto view = gate_.view(clock_.moment());
  const auto run = open_run();
  if (!run) return failed(run.error());
  if (*run) return ok(status_text(**run, view, activity_.line()) + waiting_text());
  const auto runs = journal_.runs(1);
  if (!runs) return failed(runs.error());
  if (runs->empty()) return ok(idle_text(nullptr, view) + waiting_text());
  const auto newest = run_progress(runs->front());
  if (!newest) return failed(newest.error());
  return ok(idle_text(&*newest, view) + waiting_text());
}

Reply Desk::why() {
  const auto run = open_run();
  if (!run) return failed(run.error());
  return ok(why_text(*run ? &**run : nullptr, gate_.view(clock_.moment())));
}

Reply Desk::nodes() {
  const auto facts = world_.look();
  return facts ? ok(nodes_text(*facts)) : failed(facts.error());
}

Reply Desk::alerts() {
  return ok(alerts_text(gate_.view(clock_.moment())));
}

Reply Desk::history(const Command& command) {
  if (command.words.size() > 1) return malformed("/upgrade history takes at most one run");
  if (!command.words.empty()) {
    const auto& run = command.words.front();
    const auto records = journal_.read(run);
    if (!records) return failed(records.error());
    if (records->empty())
      return malformed(fmt::format("no run '{}' in the journal", clipped(run, 40)));
    const auto progress = fold(*records);
    return progress ? ok(messages::timeline(*progress)) : failed(progress.error());
  }
  const auto runs = journal_.runs(kHistoryRuns);
  if (!runs) return failed(runs.error());
  if (runs->empty()) return ok("no run yet");
  std::vector<std::string> lines;
  for (const auto& run : *runs) {
    const auto progress = run_progress(run);
    lines.push_back(progress ? history_line(*progress) : progress.error().what);
  }
  return ok(joined(lines, "\n"));
}

Reply Desk::check(const Command& command) {
  const bool forget = command.words == std::vector<std::string>{"--forget"};
  if (!command.words.empty() && !forget) return malformed("/upgrade check takes --forget at most");
  if (!ask_check_) return {Reply::Code::failed, "this bot does not look for new versions", {}};
  ask_check_(forget);
  return ok("looking for new versions; what is found is said here");
}

Reply Desk::report(const Command& command) {
  const auto request = parse_report_request(command.words);
  if (!request) return malformed(request.error().what);
  if (reporter_ == nullptr) return {Reply::Code::failed, "this bot makes no reports", {}};
  auto text = reporter_->answer(*request);
  return text ? ok(std::move(*text)) : failed(text.error());
}

Reply Desk::clear() {
  const auto run = open_run();
  if (!run) return failed(run.error());
  if (*run) return conflict(fmt::format("run {} is open; abort it instead", (*run)->run));
  const auto removed = world_.clear_orphans();
  if (!removed) return failed(removed.error());
  if (removed->empty()) return ok("nothing to clear");
  return ok(fmt::format("cleared:\n  {}", joined(*removed, "\n  ")));
}

Reply Desk::whoami(const Actor& actor) const {
  std::vector<std::string> problems;
  const auto roles = roles_of(actor, settings_.authority, groups_, &problems);
  auto text =
      fmt::format("you are {}, {}", actor,
                  roles.empty() ? "without a role in [authority]" : "roles " + joined(roles));
  if (!problems.empty()) text += "; " + joined(problems, "; ");
  return ok(std::move(text));
}

Result<std::optional<Progress>> Desk::open_run() {
  const auto run = journal_.open_run();
  if (!run) return std::unexpected(run.error());
  if (!*run) return std::optional<Progress>();
  auto progress = run_progress(**run);
  if (!progress) return std::unexpected(progress.error());
  return std::optional(std::move(*progress));
}

/// An id tells the second in which its run was opened; one that ended within it has taken that.
Result<std::string> Desk::new_run_id() {
  for (Time at = clock_.now();; at += std::chrono::seconds(1)) {
    auto run = make_run_id(at);
    const auto records = journal_.read(run);
    if (!records) return std::unexpected(records.error());
    if (records->empty()) return run;
  }
}

Result<Progress> Desk::run_progress(const std::string& run) {
  const auto records = journal_.read(run);
  if (!records) return std::unexpected(records.error());
  if (records->empty()) return fail(fmt::format("no run '{}' in the journal", clipped(run, 40)));
  return fold(*records);
}

}  // namespace lockkeeper
