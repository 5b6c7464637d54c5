// SPDX-License-Identifier: Apache-2.0
#pragma once

// Our own budgets, well below Slack's limits, so that nothing is ever refused for its size: a
// cluster of 500 nodes has to fit as well. What does not fit is handed back as plain text for a
// file. Pure functions for any thread.

#include <cstddef>
#include <string>
#include <string_view>

namespace lockkeeper::slack {

inline constexpr std::size_t kTextBudget = 3000;    // the fallback text of every message
inline constexpr std::size_t kBlocksBudget = 20;    // blocks of one message
inline constexpr std::size_t kLetterBudget = 9000;  // text and all text of all blocks together
// Slack closes the socket, or silently drops the answer, at 20,480 bytes.
inline constexpr std::size_t kAckBytesMax = 16U << 10U;

/// What people see of one message: the text for notifications and screen readers, and the blocks,
/// a JSON array, empty when the text is all there is.
struct Layout {
  std::string text;
  std::string blocks;

  bool operator==(const Layout&) const = default;
};

struct Fitted {
  Layout layout;
  std::string rest;  // what was left out, as lines of plain text; empty: everything fits
};

/// Leaves out the last sections and contexts first; headers, buttons and inputs stay, because
/// people act on them. A context block says how many blocks are left out. Blocks that cannot be
/// read are left out whole.
Fitted fit(const Layout& layout);

/// The text that a reader of a screen reader, or a file, gets of blocks: one line for each text.
std::string plain_text(std::string_view blocks);

/// The message that carries an envelope's acknowledgement, `payload` (a JSON object, or empty) with
/// it. One that would be too large is cut to its text; one without a text goes without payload.
std::string ack_frame(std::string_view envelope_id, std::string_view payload);

}  // namespace lockkeeper::slack
