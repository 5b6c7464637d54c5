// SPDX-License-Identifier: Apache-2.0
#include "integrations/slack/conversation.h"

#include <fmt/format.h>

#include <utility>

#include "integrations/slack/answer.h"
#include "integrations/slack/request_card.h"
#include "integrations/slack/text.h"
#include "integrations/system/log.h"

namespace lockkeeper::slack {
namespace {

constexpr std::string_view kStartForm = "upgrade.start";
constexpr std::string_view kNoneOfOurs = "That button is none of this bot's; nothing was done.";
// Why somebody paused or aborted, when a button said so.
constexpr std::string_view kByButton = "\"by its button in Slack\"";

Actor actor_of(const Interaction& deed) {
  return "slack:" + deed.user;
}

}  // namespace

Conversation::Conversation(ConversationPorts ports, Outbox& outbox, Ask ask, const Clock& clock)
    : ports_(std::move(ports)), outbox_(outbox), ask_(std::move(ask)), clock_(clock) {}

void Conversation::take(const Interaction& deed, Slip& slip) {
  // Nobody did it, so nobody may.
  if (deed.user.empty()) return;
  if (deed.deed == Deed::slash) typed_command(deed, slip);
  if (deed.deed == Deed::submit) sent(deed, slip);
  if (deed.deed == Deed::home && ports_.home) {
    slip.ack({});
    ports_.home(deed.user, {});
  }
  if (deed.deed != Deed::press) return;
  // Slack ignores what the acknowledgement of a click says.
  slip.ack({});
  pressed(deed);
}

Layout Conversation::asked(const Interaction& deed, const std::string& line) {
  Reply reply = ports_.desk(actor_of(deed), line);
  if (auto file = report_file(reply, line, ports_.draw)) {
    outbox_.upload({.thread_of = {},
                    .channel = deed.channel,
                    .file_name = std::move(file->file_name),
                    .title = "Report",
                    .content = std::move(file->content),
                    .urgency = Urgency::approval});
    reply.text = "The report comes into this channel as a file. If it does not, invite me here.";
  }
  const auto open = reply.confirm.empty() ? std::nullopt : ports_.open_run();
  return answer_layout(reply, line, open ? &*open : nullptr);
}

void Conversation::answer(const Interaction& deed, Layout layout, bool replace) {
  if (!deed.response_url.empty()) {
    outbox_.answer(deed.response_url, std::move(layout), false, replace);
    return;
  }
  // A button of the App Home: there is where its reader looks.
  if (deed.channel.empty() && ports_.home) return ports_.home(deed.user, layout.text);
  Note note;
  note.channel = deed.channel;
  note.urgency = Urgency::approval;
  note.layout = std::move(layout);
  outbox_.whisper(deed.user, std::move(note));
}

void Conversation::obey(const Interaction& deed, const std::string& line, bool replace) {
  answer(deed, asked(deed, line), replace);
}

void Conversation::typed_command(const Interaction& deed, Slip& slip) {
  Layout layout = fit(asked(deed, command_line(typed(deed.text)))).layout;
  if (!slip.ack(slash_ack(layout))) answer(deed, std::move(layout));
}

void Conversation::pressed(const Interaction& deed) {
  const auto at = time_of(deed.pressed_at);
  const Millis age = at ? clock_.now() - *at : kClickKept + Millis(1);
  if (age > kClickKept) {
    answer(deed, plain_layout(at ? fmt::format("That click took {} to arrive, so nothing was done; "
                                               "press again if you still mean it.",
                                               to_string(age))
                                 : "That click does not say when it was made; nothing was done."));
    ports_.show_again();
  } else if (deed.action.starts_with("run.")) {
    pressed_run(deed);
  } else if (deed.action == "card.confirm") {
    pressed_order(deed);
  } else if (deed.action == "card.start") {
    open_modal(deed);
  } else if (deed.action.starts_with("request.")) {
    const auto line = request_line(deed.action, deed.value);
    if (line.empty()) return answer(deed, plain_layout(kNoneOfOurs));
    obey(deed, line, deed.ephemeral);
  } else if (deed.action == "card.plan") {
    if (const auto line = start_line(deed.value); !line.empty()) obey(deed, line, deed.ephemeral);
  }
}

/// The open run, when the button with this mark belongs to the state in which it is.
std::optional<RunPicture> Conversation::run_of(const Interaction& deed, std::string_view verb,
                                               std::string_view mark) {
  const auto meant = run_mark(mark);
  auto open = ports_.open_run();
  std::string refusal;
  if (!meant) {
    refusal = kNoneOfOurs;
  } else if (!open || open->progress.run != meant->run) {
    refusal = fmt::format("Run {} is not open any more; nothing was done.", meant->run);
  } else if (open->mark(verb) != mark) {
    refusal = fmt::format(
        "Run {} has moved on ({}); nothing was done. Its message has the buttons "
        "for that.",
        meant->run, where_it_is(*open));
  } else {
    return open;
  }
  // A card has had its time; the run's message is never replaced.
  answer(deed, plain_layout(refusal), deed.ephemeral);
  ports_.show_again();
  return std::nullopt;
}

void Conversation::pressed_run(const Interaction& deed) {
  if (deed.action == "run.why") return obey(deed, "why", false);
  const auto open = run_of(deed, deed.action.substr(4), deed.value);
  if (!open) return;
  if (deed.action == "run.pause") {
    obey(deed, fmt::format("pause {}", kByButton), false);
  } else if (deed.action == "run.resume" || deed.action == "run.abort") {
    // The dialog has asked already.
    obey(deed,
         fmt::format("{} {} --confirm {}", deed.action.substr(4), kByButton,
                     digest(*open->progress.plan)),
         false);
  }
}

void Conversation::pressed_order(const Interaction& deed) {
  const auto order = card_order(deed.value);
  if (!run_of(deed, order ? order->verb : "", order ? order->mark : "")) return;
  obey(deed, order->line, deed.ephemeral);
}

/// At once: the trigger is good for three seconds.
void Conversation::open_modal(const Interaction& deed) {
  const auto modal = start_modal(deed.value, deed.channel, clock_.now());
  if (!modal) {
    answer(deed, plain_layout(kNoneOfOurs));
    return;
  }
  const Answer opened = ask_(open_view(deed.trigger, *modal));
  if (opened.ok()) return;
  system::log(system::Level::warn, "slack: " + opened.described("views.open"));
  answer(deed, plain_layout("The form did not open, Slack or the bot took too long; press again."));
}

void Conversation::sent(const Interaction& deed, Slip& slip) {
  if (deed.callback != kStartForm) return;
  const auto reason = deed.inputs.find("reason.in");
  const auto order =
      start_order(deed.metadata, reason == deed.inputs.end() ? "" : reason->second, clock_.now());
  if (!order.complaint.empty()) {
    slip.ack(reason_errors(order.complaint));
    return;
  }
  // The form closes; reading the cluster takes longer than Slack waits.
  slip.ack({});
  Note note;
  note.channel = order.channel;
  note.urgency = Urgency::approval;
  note.layout = asked(deed, order.line);
  outbox_.whisper(deed.user, std::move(note));
}

}  // namespace lockkeeper::slack
