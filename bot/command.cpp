// SPDX-License-Identifier: Apache-2.0
#include "bot/command.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "rules/text.h"
#include "rules/utf8.h"

namespace lockkeeper {
namespace {

constexpr std::size_t kLineBytesMax = 20UL << 10;

constexpr std::array kVerbs = {
    VerbRow{"plan", Act::view, "VERSION [--stages LIST]", "show the numbered plan, change nothing"},
    VerbRow{"start", Act::operate,
            "VERSION [--dry-run] [--stages LIST] [--kind patch|minor] [--reason TEXT] "
            "[--ignore-alert NAME,...] [--ignore-for TIME] [--confirm DIGEST]",
            "start an upgrade; shows the plan first and asks for its digest"},
    VerbRow{"status", Act::view, "", "where the run is, what holds it"},
    VerbRow{"pause", Act::operate, "[REASON]", "start no new node until resumed"},
    VerbRow{"resume", Act::operate, "[REASON] [--confirm DIGEST]",
            "end a person's pause or a sticky one, or vouch for a step in doubt"},
    VerbRow{"abort", Act::operate, "[REASON] [--confirm DIGEST]",
            "end the run at its next safe point"},
    VerbRow{"approve", Act::approve, "DIGEST", "let a start that somebody else asked for begin"},
    VerbRow{"decline", Act::approve, "DIGEST [REASON]", "refuse a start that waits for approval"},
    VerbRow{"withdraw", Act::operate, "DIGEST [REASON]",
            "take back a start of yours that waits for approval"},
    VerbRow{"why", Act::view, "", "why the run waits, and what will end it"},
    VerbRow{"nodes", Act::view, "", "the nodes and what they run"},
    VerbRow{"alerts", Act::view, "", "every firing alert and what its rule makes of it"},
    VerbRow{"rules", Act::view, "", "every rule with its place, and what it does now"},
    VerbRow{"history", Act::view, "[RUN]", "the newest runs, or the timeline of one"},
    VerbRow{"report", Act::view, "[RUN] [--long|--json|--svg] [--runs N]",
            "what is running, what is next, and how the last runs went"},
    VerbRow{"check", Act::operate, "[--forget]",
            "look for new versions now; --forget drops what was seen before"},
    VerbRow{"clear", Act::administer, "", "remove what a lost run left on the namespace"},
    VerbRow{"whoami", Act::help, "", "who you are here, and your roles"},
    VerbRow{"help", Act::help, "[VERB]", "this text"},
};

/// What phones and chat clients make of plain characters.
constexpr std::array<std::pair<std::string_view, std::string_view>, 12> kTypography = {{
    {"\r", " "},  // a line end that its entry left on the line
    {"\n", " "},
    {"\u2014", "--"},  // em dash
    {"\u2013", "--"},  // en dash
    {"\u201c", "\""},
    {"\u201d", "\""},
    {"\u2018", "'"},
    {"\u2019", "'"},
    {"\u00a0", " "},  // no-break space
    {"\u200b", ""},   // zero-width space
    {"\ufeff", ""},   // byte order mark
    {"\u202f", " "},  // narrow no-break space
}};

std::string plain_typing(std::string_view line) {
  std::string text(line);
  for (const auto& [typed, plain] : kTypography) {
    for (auto at = text.find(typed); at != std::string::npos;
         at = text.find(typed, at + plain.size())) {
      text.replace(at, typed.size(), plain);
    }
  }
  return text;
}

Result<std::vector<std::string>> split_words(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = 0;
  for (const char c : text) {
    if (quote != 0) {
      if (c == quote) {
        quote = 0;
      } else {
        word += c;
      }
    } else if (c == '"' || (c == '\'' && !in_word)) {
      quote = c;
      in_word = true;
    } else if (c == ' ' || c == '\t') {
      if (in_word) words.push_back(std::exchange(word, {}));
      in_word = false;
    } else {
      word += c;
      in_word = true;
    }
  }
  if (quote != 0) return fail(fmt::format("the closing {} is missing", quote));
  if (in_word) words.push_back(std::move(word));
  return words;
}

/// The line without "/upgrade" in front.
std::string_view without_slash(std::string_view text) {
  constexpr std::string_view slash = "/upgrade";
  if (!text.starts_with(slash)) return text;
  const auto rest = text.substr(slash.size());
  const bool ends_there = rest.empty() || std::string_view(" \t{").contains(rest.front());
  return ends_there ? trimmed(rest) : text;
}

const VerbRow* find_verb(std::string_view name) {
  const auto at = std::ranges::find(kVerbs, name, &VerbRow::name);
  return at == kVerbs.end() ? nullptr : at;
}

std::string verb_suggestion(std::string_view word) {
  std::array<std::string_view, kVerbs.size()> names;
  std::ranges::transform(kVerbs, names.begin(), &VerbRow::name);
  return suggestion(word, names);
}

}  // namespace

std::span<const VerbRow> verbs() {
  return kVerbs;
}

Result<Command> parse_command(std::string_view line) {
  if (line.size() > kLineBytesMax) return fail("the command is longer than 20 KiB");
  if (invalid_utf8_at(line) != line.size()) return fail("the command is not valid UTF-8");
  const std::string typed = plain_typing(line);
  const std::string_view text = without_slash(trimmed(typed));
  Command command;
  if (text.starts_with('{')) {
    command.verb = find_verb("start");
    command.rest = text;
    return command;
  }
  const std::size_t space = std::min(text.find_first_of(" \t"), text.size());
  const std::string_view name = text.empty() ? std::string_view("help") : text.substr(0, space);
  command.verb = find_verb(name);
  if (command.verb == nullptr) {
    return fail(fmt::format("unknown command '{}'{}; /upgrade help lists them", clipped(name, 40),
                            verb_suggestion(name)));
  }
  command.rest = trimmed(text.substr(std::min(space, text.size())));
  const bool takes_payload = name == "start" || name == "plan";
  if (takes_payload && command.rest.starts_with('{')) return command;
  auto words = split_words(command.rest);
  if (!words) return std::unexpected(words.error());
  command.words = std::move(*words);
  return command;
}

bool only_reads(std::string_view line) {
  const auto command = parse_command(line);
  return !command || command->verb->act == Act::view || command->verb->act == Act::help;
}

std::string help_text(std::string_view verb) {
  if (const VerbRow* row = find_verb(verb)) {
    return fmt::format("/upgrade {} {}\n  {}", row->name, row->usage, row->help);
  }
  std::string text = "commands:";
  for (const auto& row : kVerbs)
    text += fmt::format("\n  {:8} {}", row.name, row.help);
  return text + "\n/upgrade help VERB shows the options of one";
}

}  // namespace lockkeeper
