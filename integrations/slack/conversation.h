// SPDX-License-Identifier: Apache-2.0
#pragma once

// Between what people do in Slack and the desk: a typed command, a pressed button and a sent form
// become lines for the desk, by the person who did it, and its answers go back to that person
// alone. Who may do what is the desk's decision for all of them. What changes a run needs a fresh
// click: one that is late, or that belongs to a state which the run has left, is refused kindly.
//
// Called on the threads of the Deeds: an order may come while a question is answered. After a crash
// a deed may come again; each is bound to a digest or a run's state, so that it takes effect once.

#include <functional>
#include <memory>
#include <string>

#include "bot/ports.h"
#include "integrations/slack/cards.h"
#include "integrations/slack/deeds.h"
#include "integrations/slack/outbox.h"
#include "integrations/slack/report_file.h"

namespace lockkeeper::slack {

/// Older clicks are refused: Slack may deliver them minutes late.
inline constexpr Millis kClickKept{120'000};

/// What the conversation needs of the bot. None of them may throw.
struct ConversationPorts {
  std::function<Reply(const Actor& actor, const std::string& line)> desk;
  std::function<std::optional<RunPicture>()> open_run;  // nothing: none is open
  std::function<void()> show_again;                     // a run's message looked old to somebody
  /// Somebody opened the App Home, or pressed a button there, with the answer as mrkdwn.
  std::function<void(const std::string& user, const std::string& said)> home{};
  Draw draw{};  // what `report` gives as a picture
};

class Conversation {
 public:
  /// Sends a call and waits for its answer (Api::ask), to open a modal.
  using Ask = std::function<Answer(Call call)>;

  Conversation(ConversationPorts ports, Outbox& outbox, Ask ask, const Clock& clock);

  void take(const Interaction& deed, Slip& slip);

 private:
  void typed_command(const Interaction& deed, Slip& slip);
  void pressed(const Interaction& deed);
  void pressed_run(const Interaction& deed);
  void pressed_order(const Interaction& deed);
  void open_modal(const Interaction& deed);
  void sent(const Interaction& deed, Slip& slip);
  void obey(const Interaction& deed, const std::string& line, bool replace);
  void answer(const Interaction& deed, Layout layout, bool replace = false);
  [[nodiscard]] Layout asked(const Interaction& deed, const std::string& line);
  std::optional<RunPicture> run_of(const Interaction& deed, std::string_view verb,
                                   std::string_view mark);

  ConversationPorts ports_;
  Outbox& outbox_;
  Ask ask_;
  const Clock& clock_;
};

}  // namespace lockkeeper::slack
