// SPDX-License-Identifier: Apache-2.0
#pragma once

// The form in which scripts that look at a node answer: lines key=value between a greeting and an
// end. Read strictly, so that a program which died in the middle, and a login that greets people,
// are never taken for an answer. Pure functions for any thread.

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rules/result.h"

namespace lockkeeper::node {

/// Each key with its values in order, made printable.
using AnswerLines = std::map<std::string, std::vector<std::string>, std::less<>>;

/// Reads a whole answer; keys that are not `known` are refused.
Result<AnswerLines> read_answer(std::string_view text, std::string_view greeting,
                                std::span<const std::string_view> known);

/// The last value of a key, or "".
std::string text_of(const AnswerLines& lines, std::string_view key);

}  // namespace lockkeeper::node
