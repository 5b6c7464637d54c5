// SPDX-License-Identifier: Apache-2.0
#pragma once

// Text that goes to Slack and comes from there: what strangers wrote (node labels, annotations,
// reasons) can neither mention anybody nor forge a link, and nothing is cut inside an escape or a
// character. Slack's rules: https://docs.slack.dev/messaging/formatting-message-text
// Pure functions for any thread.

#include <cstddef>
#include <string>
#include <string_view>

#include "rules/time.h"

namespace lockkeeper::slack {

/// The length that Slack's limits mean: UTF-16 units, as in JavaScript, of valid UTF-8.
std::size_t length(std::string_view text);

/// `text` as valid UTF-8 without what garbles a line or a reader: control characters but newline
/// and tab, NUL, overrides of the writing direction, zero-width marks. Invalid bytes become U+FFFD.
/// Enough for a plain_text object, where nothing is interpreted.
std::string clean(std::string_view text);

/// Clean, and `&`, `<` and `>` escaped: for a value in a mrkdwn text. It is not idempotent: each
/// value is escaped exactly once. An unescaped `<!channel>` in an annotation pings everybody.
std::string escaped(std::string_view text);

/// The value in a code span on one line, in which `*`, `_` and `~` have no meaning; backticks
/// become U+02CB, which looks like one.
std::string code(std::string_view text);

/// `<url|label>` for an http or https URL, else the escaped label alone.
std::string link(std::string_view url, std::string_view label);

/// A mrkdwn text of at most `length_max`, cut where necessary: never inside a character, an entity
/// such as `&amp;` or a `<...>`, and with its code spans and blocks closed. A cut text ends in
/// "…". `length_max` is at least 8.
std::string cut(std::string_view mrkdwn, std::size_t length_max);

/// The same for a plain text, of which every character counts as itself.
std::string cut_plain(std::string_view text, std::size_t length_max);

/// What somebody typed behind a slash command, as they meant it: entities are read once,
/// `<@U1|bob>` becomes `<@U1>`, a link becomes its address, and odd blanks become plain ones.
/// Names that people can change are dropped here, so that nobody can trust them by mistake.
std::string typed(std::string_view text);

/// The same words with `command` where they name the bot's command as "/upgrade": a workspace may
/// know it by another name. Paths such as "/upgrade/x" and "a/upgrade" stay.
std::string naming(std::string_view text, std::string_view command);

/// "17:31 UTC", which Slack shows as the reader's own time.
std::string local_time(Time at);

}  // namespace lockkeeper::slack
