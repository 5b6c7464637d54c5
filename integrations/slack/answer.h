// SPDX-License-Identifier: Apache-2.0
#pragma once

// What an answer of Slack's Web API means: HTTP status, `ok`, error words and Retry-After as one
// verdict, and what is to be done about each error. Pure functions for any thread.

#include <string>
#include <string_view>
#include <vector>

#include "integrations/http/client.h"
#include "rules/text.h"

namespace lockkeeper::slack {

enum class Verdict {
  ok,
  refused,    // Slack says no, `error` says why
  limited,    // asked too often, not done: again after `retry_after`
  unreached,  // certainly not done: no connection
  uncertain,  // it may have been done: no answer, or none that can be read
  unsent,     // never left: too late, or too many waiting
};

struct Answer {
  Verdict verdict = Verdict::unsent;
  std::string error;                 // "not_in_channel"; else why there is no answer, for the log
  std::string body;                  // JSON, when Slack answered with any
  Millis retry_after{};              // limited only; 0: Slack did not say
  std::string needed;                // the scope that is missing
  std::string scopes;                // the token's, from x-oauth-scopes: "chat:write,commands"
  std::vector<std::string> details;  // "[ERROR] ... [json-pointer:/blocks/3/text]", bounded

  [[nodiscard]] bool ok() const { return verdict == Verdict::ok; }
  /// A string of the answer by its JSON pointer, for example "/message/ts"; "" when there is none.
  [[nodiscard]] std::string at(std::string_view pointer) const;
  /// "chat.update: invalid_blocks ([ERROR] ...)": one line for the log, without any payload.
  [[nodiscard]] std::string described(std::string_view method) const;
};

/// `json` is false for response URLs and uploads, whose good answer is any 2xx.
Answer read_answer(const http::Answered& answered, bool json = true);

/// What to do about an error (the table "errors that matter").
enum class Reaction {
  drop,       // our bug, or past help: log it
  again,      // Slack's trouble: try again; a post may have happened
  wait,       // rate limit
  halt,       // the token is good for nothing any more: unready, and one line
  scope,      // this method only: a scope is missing
  elsewhere,  // this channel cannot be used: the admin channel
  fresh,      // the message cannot be changed any more: post a new one
  plain,      // the layout is refused: text only
  shorter,    // the text is too long
  bare,       // the metadata is too large
  direct,     // that person is not in the channel: a direct message
  late,       // the trigger is used up: "click again"
  closed,     // user groups cannot be read: nobody of them is authorised
};

Reaction reaction_to(std::string_view error);

}  // namespace lockkeeper::slack
