// SPDX-License-Identifier: Apache-2.0

// Starts that another person has to approve. Every decision is in the journal before it has any
// effect. Resume and abort need nobody else: what makes a cluster safe must not wait.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "bot/desk.h"
#include "bot/detector.h"
#include "bot/messages.h"
#include "bot/people.h"

namespace lockkeeper {
namespace {

constexpr std::size_t kWhyBytesMax = 500;

Reply conflict(std::string text) {
  return {Reply::Code::conflict, std::move(text), {}};
}
Reply failed(const Failure& failure) {
  return {Reply::Code::failed, failure.what, {}};
}

/// The words of a decision.
struct DecisionWords {
  std::string digest;
  std::string reason;
  std::int64_t request = 0;  // of the card with the button; 0: none was pressed
  bool show = false;         // only what would be approved, for a card
};

Result<DecisionWords> decision_words(const Command& command) {
  DecisionWords decision;
  const auto& words = command.words;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--show") {
      decision.show = true;
    } else if (words[i] == "--request" && i + 1 < words.size()) {
      const auto& number = words[++i];
      std::from_chars(number.data(), number.data() + number.size(), decision.request);
    } else if (words[i].starts_with("--")) {
      constexpr std::array<std::string_view, 2> known = {"--show", "--request"};
      return fail(
          fmt::format("unknown option '{}'{}", clipped(words[i], 40), suggestion(words[i], known)));
    } else if (decision.digest.empty()) {
      decision.digest = words[i];
    } else {
      decision.reason += (decision.reason.empty() ? "" : " ") + words[i];
    }
  }
  decision.reason = clipped(decision.reason, kWhyBytesMax);
  return decision;
}

std::string how_to_decide(const StartRequest& request) {
  return fmt::format(
      "another person approves it with /upgrade approve {0}, or declines it with /upgrade decline "
      "{0}",
      request.what.digest);
}

}  // namespace

void Desk::tell(Tone tone, std::string text) {
  if (chat_ == nullptr) return;
  Message message{
      tone, {}, fmt::format("[k8s-upgrade] {}: {}", settings_.cluster.name, std::move(text))};
  message.of_request = true;
  chat_->say(std::move(message));
}

Reply Desk::ask(const Actor& actor, const UpgradeRequest& request, const Plan& plan) {
  tend();
  const auto known = approvals_.all();
  if (!known) return failed(known.error());
  const auto seal = digest(plan);
  std::size_t waiting = 0;
  for (const auto& one : *known) {
    waiting += one.waits() ? 1U : 0U;
    const bool same = one.what.digest == seal;
    if (same && one.waits())
      return {Reply::Code::ok, fmt::format("it waits already: {}", waiting_line(one)), {}};
    // Who has been told no does not ask again every night.
    const bool declined = one.decided && one.decided->ruling == Ruling::declined;
    if (same && declined && actor == kDetectionActor) return conflict(decided_line(one));
  }
  if (actor != kDetectionActor && !is_known(actor, settings_.authority)) {
    return conflict(
        fmt::format("nobody could approve it: [authority] people does not say who {} is", actor));
  }
  if (waiting >= kRequestsMax)
    return conflict(fmt::format("{} starts wait for approval already:{}", waiting, waiting_text()));
  const Time now = clock_.now();
  const auto expires = std::chrono::floor<std::chrono::seconds>(
      now + std::max<Millis>(settings_.authority.approval_lifetime, std::chrono::seconds(1)));
  auto asked = approvals_.ask(now, {seal, actor, request.reason, encode_request(request),
                                    messages::plan_summary(plan), outline(plan), Time(expires)});
  if (!asked) return failed(asked.error());
  tell(Tone::needs_you,
       fmt::format("waits for approval: {}\n  {}", waiting_line(*asked), how_to_decide(*asked)));
  return {Reply::Code::ok,
          fmt::format("nothing has started; it waits for approval until {}: {} (who may: {})",
                      to_string(asked->what.expires), how_to_decide(*asked),
                      who_may(Act::approve, settings_.authority)),
          {}};
}

/// The one that waits, or one clear answer about it.
std::expected<StartRequest, Reply> Desk::waiting_request(const std::string& digest,
                                                         std::int64_t seq) {
  auto known = approvals_.all();
  if (!known) return std::unexpected(failed(known.error()));
  const StartRequest* found = nullptr;
  for (const auto& one : *known) {
    if (one.what.digest != digest || (seq != 0 && one.seq != seq)) continue;
    // The newest, unless an older one still waits.
    if (found == nullptr || one.waits() || !found->waits()) found = &one;
  }
  if (found == nullptr) {
    const auto waiting = waiting_text();
    return std::unexpected(
        conflict(digest.empty() ? "which plan? its digest is missing" + waiting
                                : fmt::format("no start with plan '{}' has been asked for{}",
                                              clipped(digest, 40), waiting)));
  }
  if (!found->waits()) return std::unexpected(conflict(decided_line(*found)));
  if (clock_.now() < found->what.expires) return *found;
  const auto ended = end_request(*found, {found->seq, Ruling::expired, {}, {}, {}});
  return std::unexpected(ended.ok() ? conflict(ended.text) : ended);
}

/// Why this person may not approve it, although he or she is an approver.
std::optional<Reply> Desk::objection_to(const Actor& actor, const StartRequest& request) {
  const auto& by = request.what.by;
  // What nobody asked for, anybody may approve.
  if (by == kDetectionActor) return std::nullopt;
  const auto like = likeness(by, actor, settings_.authority);
  if (like == Likeness::different) return std::nullopt;
  auto why = like == Likeness::same
                 ? fmt::format(
                       "{} asked for plan {}: another person has to approve it (who may: "
                       "{})",
                       by, request.what.digest, who_may(Act::approve, settings_.authority))
                 : fmt::format(
                       "it cannot be told whether {} and {}, who asked for plan {}, are two "
                       "people; [authority] people says so",
                       actor, by, request.what.digest);
  if (std::ranges::find(request.refused, actor) == request.refused.end())
    std::ignore = approvals_.decide(clock_.now(), {request.seq, Ruling::refused, actor, why, {}});
  return Reply{Reply::Code::denied, std::move(why), {}};
}

Reply Desk::approve(const Actor& actor, const Command& command) {
  const auto words = decision_words(command);
  if (!words) return {Reply::Code::malformed, words.error().what, {}};
  const auto found = waiting_request(words->digest, words->request);
  if (!found) return found.error();
  if (auto objection = objection_to(actor, *found)) return std::move(*objection);
  const auto request = parse_request_json(found->what.request);
  if (!request) return failed(request.error());
  const auto made = prepare(*request);
  if (!made && !made.error().of_plan) return made.error().reply;
  const auto seal = made ? digest(*made) : std::string();
  if (seal != found->what.digest) {
    const auto why =
        made ? fmt::format("the plan would be another one now ({}): {}", seal,
                           joined(differences(found->what.outline, outline(*made)), "; "))
             : "there would be no plan now: " + made.error().reply.text;
    auto reply = end_request(*found, {found->seq, Ruling::changed, actor, why, {}});
    if (reply.ok()) reply.code = Reply::Code::conflict;
    return reply;
  }
  if (words->show) return {Reply::Code::ok, waiting_line(*found), seal};
  return open_approved(actor, *found, *made);
}

Reply Desk::open_approved(const Actor& actor, const StartRequest& request, const Plan& plan) {
  const auto written =
      approvals_.decide(clock_.now(), {request.seq, Ruling::approved, actor, {}, plan.run});
  if (!written) return failed(written.error());
  auto reply = open(plan, request.what.by, request.what.reason, Approval{actor, request.seq});
  // Whether it is open, the journal knows.
  approvals_.forget();
  if (!reply.ok()) return reply;
  reply.text = fmt::format("approved: {}", reply.text);
  tell(Tone::news, fmt::format("plan {} is approved by {}, asked for by {}: run {}",
                               request.what.digest, actor, request.what.by, plan.run));
  return reply;
}

Reply Desk::decline(const Actor& actor, const Command& command) {
  const auto words = decision_words(command);
  if (!words) return {Reply::Code::malformed, words.error().what, {}};
  const auto found = waiting_request(words->digest, words->request);
  if (!found) return found.error();
  const bool own = likeness(found->what.by, actor, settings_.authority) == Likeness::same;
  if (command.verb->name == "withdraw" && !own) {
    return {Reply::Code::denied,
            fmt::format("only {} may withdraw plan {}; others decline it", found->what.by,
                        found->what.digest),
            {}};
  }
  return end_request(
      *found, {found->seq, own ? Ruling::withdrawn : Ruling::declined, actor, words->reason, {}});
}

/// Nothing is started by it.
Reply Desk::end_request(const StartRequest& request, Decided decided) {
  StartRequest ended = request;
  ended.decided_at = clock_.now();
  ended.decided = decided;
  if (auto written = approvals_.decide(ended.decided_at, std::move(decided)); !written)
    return failed(written.error());
  auto line = decided_line(ended);
  tell(Tone::news, line);
  return {Reply::Code::ok, std::move(line), {}};
}

void Desk::tend() {
  const auto waiting = approvals_.waiting();
  if (!waiting) return;
  for (const auto& request : *waiting) {
    if (clock_.now() < request.what.expires) continue;
    std::ignore = end_request(request, {request.seq, Ruling::expired, {}, {}, {}});
  }
}

std::string Desk::waiting_text() {
  const auto waiting = approvals_.waiting();
  if (!waiting) return "\nwhat waits for approval cannot be told: " + waiting.error().what;
  std::string text;
  for (const auto& request : *waiting)
    text += "\nwaits for approval: " + waiting_line(request);
  return text;
}

}  // namespace lockkeeper
