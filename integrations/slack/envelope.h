// SPDX-License-Identifier: Apache-2.0
#pragma once

// What Slack says over the socket, as values. Reading survives everything: unknown types, missing
// members, payloads of any kind. Whatever has an envelope id is to be acknowledged, understood or
// not, because Slack sends an unacknowledged envelope again for ever
// (abdolence/slack-morphism-rust#390). Pure functions for any thread.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "rules/time.h"

namespace lockkeeper::slack {

/// The first message on a socket; nothing counts as connected before it.
struct Hello {
  int connections = 0;  // all open sockets of the app, other processes' included; 0: not said
  std::string app;      // "A0UPGRADER", or empty
  std::string host;
  Millis lifetime{};  // until Slack will renew the connection; 0: not said
};

/// Slack wants the socket closed.
struct Goodbye {
  std::string reason;  // warning, refresh_requested, too_many_websockets, link_disabled, ...
};

/// What a person did.
enum class Deed {
  slash,      // typed the command
  press,      // pressed a button, or chose from a menu
  submit,     // sent a modal
  dismiss,    // closed a modal (only for views with notify_on_close)
  home,       // opened the App Home
  uninstall,  // took the app off the workspace, or revoked its tokens
  other,      // an event or interaction that is acknowledged and no more
};

/// One deed with everything that the bot may need to answer it. Strings are "" where Slack said
/// nothing. Only ids tell who somebody is: names can be changed.
struct Interaction {
  Deed deed = Deed::other;
  std::string envelope;
  std::string key;  // of the deed itself: the same for every copy, whatever its envelope
  std::string app;
  std::string team;
  std::string user;
  std::string channel;
  std::string trigger;       // opens a modal, once and within 3 s
  std::string response_url;  // at most 5 answers within 30 min

  // slash
  std::string command;
  std::string text;  // as Slack sent it, at most 8 KiB: read it with typed()

  // press
  std::string action;  // "run.pause"
  std::string block;
  std::string value;       // of the button, or of what was chosen
  std::string pressed_at;  // action_ts, "1795196220.456789"
  std::string message;     // ts of the message, empty for an ephemeral one
  std::string thread;      // ts of the thread that the message is in
  bool ephemeral = false;

  // submit and dismiss; press when the control is in a view
  std::string view;
  std::string view_hash;
  std::string callback;
  std::string metadata;  // private_metadata: it was on somebody's machine, so check it
  std::map<std::string, std::string> inputs;  // "block.action" -> value; several: "a,b"

  // home and other
  std::string event;
  int retry = 0;

  bool operator==(const Interaction&) const = default;
};

/// The run and the sequence number that a button's value carries: "r-7f3:17".
struct RunMark {
  std::string run;
  std::int64_t seq = 0;

  bool operator==(const RunMark&) const = default;
};

/// Nothing when the value is none of ours.
std::optional<RunMark> run_mark(std::string_view value);

/// A Slack timestamp, "1795196220.456789", as wall time. Nothing when it is none.
std::optional<Time> time_of(std::string_view ts);

/// An envelope, of a known type or not.
struct Envelope {
  std::string id;
  std::string type;  // "slash_commands", "interactive", "events_api", ...
  Interaction interaction;
};

/// What cannot be read. It is acknowledged when it has an id, and nothing else happens.
struct Strange {
  std::string what;         // why, for the log; never repeats what the text said
  std::string envelope_id;  // as far as it can be told
};

using Frame = std::variant<Hello, Goodbye, Envelope, Strange>;

/// Reads one text message of the socket.
Frame read_frame(std::string_view text);

/// An interaction as one line of JSON for the inbox, and back. Decoding a line that encode() did
/// not write gives nothing.
std::string encode(const Interaction& interaction);
std::optional<Interaction> decode(std::string_view line);

}  // namespace lockkeeper::slack
