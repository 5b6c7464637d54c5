// SPDX-License-Identifier: Apache-2.0
#include "integrations/slack/request_card.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "integrations/slack/text.h"

namespace lockkeeper::slack {
namespace {

constexpr std::size_t kReasonMax = 500;
constexpr std::size_t kOutcomeMax = 2500;
// A message that says since a while that somebody is awaited is corrected after a restart, too.
constexpr Millis kCorrectedFor = std::chrono::hours(24);
constexpr std::size_t kDigestLength = 8;

std::string state_of(const StartRequest& request) {
  if (request.waits()) return "waits for approval";
  switch (request.decided->ruling) {
    case Ruling::approved:
      return "is approved";
    case Ruling::declined:
      return "is declined";
    case Ruling::withdrawn:
      return "is withdrawn";
    case Ruling::expired:
      return "has expired";
    case Ruling::changed:
    case Ruling::refused:
      return "is void";
  }
  return "is void";
}

/// "17:4be1c2d3".
std::string value_of(const StartRequest& request) {
  return fmt::format("{}:{}", request.seq, request.what.digest);
}

bool is_digest(std::string_view text) {
  return text.size() == kDigestLength && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

}  // namespace

std::string request_text(const StartRequest& request) {
  const auto& what = request.what;
  auto text = fmt::format("*{}*\nAsked for by {} at {}", escaped(what.summary), code(what.by),
                          local_time(request.at));
  if (!what.reason.empty()) text += ": " + cut(escaped(what.reason), kReasonMax);
  if (request.waits()) text += fmt::format("\nWaits until {}", local_time(what.expires));
  return text;
}

std::vector<Button> request_buttons(const StartRequest& request, Buttons whose) {
  const auto value = value_of(request);
  const auto what = fmt::format("{}, asked for by {}", request.what.summary, request.what.by);
  if (whose == Buttons::of_who_asked)
    return {{"request.withdraw", "Withdraw", value, "",
             Dialog{"Withdraw the start?", what, "Withdraw"}}};
  return {{"request.approve", "Approve", value, "primary",
           Dialog{"Approve the start?", what, "Approve"}},
          {"request.decline", "Decline", value, "danger",
           Dialog{"Decline the start?", what, "Decline"}}};
}

Layout request_layout(const StartRequest& request, std::string_view cluster,
                      std::string_view command) {
  const auto lead = fmt::format("[k8s-upgrade] {}: a start {}", cluster, state_of(request));
  std::vector<Json> blocks = {header_block(lead), section_block(request_text(request))};
  if (request.waits()) {
    blocks.push_back(actions_block(fmt::format("request.{}", request.seq),
                                   request_buttons(request, Buttons::of_approvers)));
    blocks.push_back(context_block(escaped(
        fmt::format("Another person approves it. Who asked takes it back with {} withdraw {}",
                    command, request.what.digest))));
  } else {
    blocks.push_back(
        section_block(cut(escaped(naming(decided_line(request), command)), kOutcomeMax)));
  }
  const auto line = request.waits() ? waiting_line(request) : decided_line(request);
  return layout_of(cut(escaped(fmt::format("{}: {}", lead, naming(line, command))), kOutcomeMax),
                   blocks);
}

Layout approval_layout(const Reply& reply) {
  const Button button{"request.approve", "Approve", "0:" + reply.confirm, "primary",
                      Dialog{"Approve the start?", reply.text, "Approve"}};
  const auto text = cut(escaped(reply.text), kOutcomeMax);
  return layout_of(text,
                   {section_block(text), actions_block("approve." + reply.confirm, {button})});
}

std::string request_line(std::string_view action, std::string_view value) {
  const auto colon = std::min(value.find(':'), value.size());
  const auto digest = value.substr(std::min(colon + 1, value.size()));
  std::int64_t seq = -1;
  const auto [end, error] = std::from_chars(value.data(), value.data() + colon, seq);
  if (error != std::errc() || end != value.data() + colon || seq < 0 || !is_digest(digest))
    return {};
  for (const std::string_view verb : {"approve", "decline", "withdraw"})
    if (action == fmt::format("request.{}", verb))
      return fmt::format("{} {} --request {}", verb, digest, seq);
  return {};
}

RequestCards::RequestCards(Ports ports, std::string cluster, std::string command)
    : ports_(std::move(ports)), cluster_(std::move(cluster)), command_(std::move(command)) {}

void RequestCards::look(std::span<const StartRequest> requests, Time now) {
  std::erase_if(shown_, [&](const auto& entry) {
    return std::ranges::find(requests, entry.first, &StartRequest::seq) == requests.end();
  });
  for (const auto& request : requests) {
    auto layout = request_layout(request, cluster_, command_);
    auto& shown = shown_[request.seq];
    if (shown == layout) continue;
    const bool first = shown.text.empty();
    shown = layout;
    const auto name = request_name(request.seq);
    if (!first) tell_who_asked(request, layout.text);
    if (request.waits()) {
      // Under its name: what an earlier process has posted is edited.
      Note note;
      note.name = name;
      note.urgency = Urgency::approval;
      note.layout = std::move(layout);
      ports_.post(std::move(note));
    } else if (!first || (now - request.decided_at < kCorrectedFor && ports_.posted(name))) {
      ports_.update(name, std::move(layout));
    }
  }
}

/// An edited message notifies nobody.
void RequestCards::tell_who_asked(const StartRequest& request, const std::string& text) {
  constexpr std::string_view kInSlack = "slack:";
  const auto& by = request.what.by;
  if (request.waits() || !by.starts_with(kInSlack) || request.decided->by == by) return;
  Note note;
  note.channel = by.substr(kInSlack.size());
  note.layout = {text, ""};
  ports_.post(std::move(note));
}

std::string request_name(std::int64_t seq) {
  return fmt::format("request:{}", seq);
}

}  // namespace lockkeeper::slack
