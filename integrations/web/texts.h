// SPDX-License-Identifier: Apache-2.0
#pragma once

// The JSON that goes over the wire between the site and its clients. Pure functions for any thread;
// nlohmann/json stays in texts.cpp.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "integrations/web/board.h"
#include "rules/result.h"

namespace lockkeeper::web {

/// What became of a command.
struct CommandAnswer {
  int status = 200;  // of the HTTP answer: 400 malformed, 403 denied, 409 conflict, ...
  bool ok = false;
  std::string text;
  std::string confirm;  // what to repeat, when the command waits for a confirmation
};

/// Which program answers, and by which configuration it goes: what anybody may know.
struct About {
  std::string cluster;
  std::string version;
  std::string configuration;  // its digest
};

/// The newest webhook that was taken, and the newest test alert in any (bot/doctor.h).
struct WebhookMark {
  std::string at;  // empty: none yet
  std::string test;
};

/// {"name": "lockkeeper", "cluster", "version", "configuration", "started", "webhook", "test"}
std::string json_of(const About& about, const WebhookMark& mark, const Board& board);

/// The line to obey: `text` of {"text": "status"}, or the whole of a JSON object without that
/// member, which is an upgrade request ({"target_version": ...}) for the desk to judge.
Result<std::string> command_in(std::string_view body);

/// {"ok": true, "text": "...", "confirm": "..."}
std::string json_of(const CommandAnswer& answer);

/// {"started": "...", "last": 12, "messages": [{"number", "at", "tone", "ending", "run", "text"},
/// ...]}
std::string json_of(const Board& board, std::uint64_t after);

/// The digits of `after=`; "" is 0.
Result<std::uint64_t> message_number(std::string_view text);

}  // namespace lockkeeper::web
