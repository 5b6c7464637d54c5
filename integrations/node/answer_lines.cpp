// SPDX-License-Identifier: Apache-2.0
#include "integrations/node/answer_lines.h"

#include <algorithm>

#include "integrations/ssh/printable.h"

namespace lockkeeper::node {
namespace {

constexpr std::string_view kEnd = "end=yes";

}  // namespace

Result<AnswerLines> read_answer(std::string_view text, std::string_view greeting,
                                std::span<const std::string_view> known) {
  AnswerLines values;
  bool greeted = false;
  bool ended = false;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!greeted && line != greeting) return fail("not an answer: " + ssh::last_line(line));
    if (ended) return fail("more after the end: " + ssh::last_line(line));
    ended = line == kEnd;
    const auto equals = line.find('=');
    if (greeted && !ended) {
      const auto key = line.substr(0, equals);
      if (equals == std::string_view::npos || std::ranges::find(known, key) == known.end())
        return fail("not a line of an answer: " + ssh::last_line(line));
      values[std::string(key)].push_back(ssh::printable(line.substr(equals + 1)));
    }
    greeted = true;
  }
  if (!ended) return fail("it breaks off");
  return values;
}

std::string text_of(const AnswerLines& lines, std::string_view key) {
  const auto at = lines.find(key);
  return at == lines.end() ? std::string() : at->second.back();
}

}  // namespace lockkeeper::node
