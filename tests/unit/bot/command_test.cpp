// SPDX-License-Identifier: Apache-2.0
#include "bot/command.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <set>

namespace lockkeeper {
namespace {

using Words = std::vector<std::string>;

Words words_of(std::string_view line) {
  const auto command = parse_command(line);
  REQUIRE_MESSAGE(command.has_value(), line);
  return command->words;
}

std::string verb_of(std::string_view line) {
  const auto command = parse_command(line);
  return command ? std::string(command->verb->name) : command.error().what;
}

}  // namespace

TEST_CASE("a line is a verb and its words, with or without /upgrade in front") {
  for (const auto* line : {"/upgrade start 1.34.7 --dry-run", "start 1.34.7 --dry-run",
                           "  /upgrade \t start  1.34.7\t--dry-run  "}) {
    CHECK(verb_of(line) == "start");
    CHECK(words_of(line) == Words{"1.34.7", "--dry-run"});
  }
}

TEST_CASE("a line end that an entry left on the line is no word") {
  CHECK(verb_of("status\n") == "status");
  CHECK(words_of("status\n").empty());
  CHECK(words_of("/upgrade status\r\n").empty());
  CHECK(words_of("pause for\nlunch\r\n") == Words{"for", "lunch"});
}

TEST_CASE("an empty line asks for help") {
  CHECK(verb_of("") == "help");
  CHECK(verb_of("/upgrade") == "help");
  CHECK(verb_of("  /upgrade  ") == "help");
}

TEST_CASE("quotes keep words together and vanish") {
  CHECK(words_of("pause \"two words\" more") == Words{"two words", "more"});
  CHECK(words_of("pause 'two words'") == Words{"two words"});
  CHECK(words_of("pause --reason=\"a b\"c") == Words{"--reason=a bc"});
  CHECK(words_of("pause \"\"") == Words{""});
  CHECK(words_of("pause \"it's\"") == Words{"it's"});
  CHECK(words_of("pause it's fine") == Words{"it's", "fine"});
}

TEST_CASE("an open quote is a failure that names it") {
  CHECK(verb_of("pause \"two words") == "the closing \" is missing");
  CHECK(verb_of("pause 'two words") == "the closing ' is missing");
}

TEST_CASE("what phones make of plain characters is read as meant") {
  CHECK(words_of("start 1.34.7 \u2014dry-run") == Words{"1.34.7", "--dry-run"});
  CHECK(words_of("start 1.34.7 \u2013dry-run") == Words{"1.34.7", "--dry-run"});
  CHECK(words_of("pause \u201ctwo words\u201d") == Words{"two words"});
  CHECK(words_of("pause \u2018two words\u2019") == Words{"two words"});
  CHECK(words_of("pause Ana\u2019s lunch") == Words{"Ana's", "lunch"});
  CHECK(words_of("start\u00a01.34.7\u202f--dry-run") == Words{"1.34.7", "--dry-run"});
  CHECK(words_of("\ufeffstart 1.34\u200b.7") == Words{"1.34.7"});
}

TEST_CASE("an unknown command is quoted, with the nearest one where there is one") {
  CHECK(verb_of("/upgrade strat 1.34.7") ==
        "unknown command 'strat' (did you mean \"start\"?); /upgrade help lists them");
  CHECK(verb_of("destroy everything") == "unknown command 'destroy'; /upgrade help lists them");
  CHECK(verb_of("START 1.34.7").starts_with("unknown command 'START'"));
  CHECK(verb_of("/upgradestart 1.34.7").starts_with("unknown command '/upgradestart'"));
  CHECK(verb_of(std::string(5'000, 'x')).size() < 120);
}

TEST_CASE("a JSON object means start, and start and plan take one") {
  const std::string json = R"({"target_version": "1.34.7"})";
  for (const auto* before : {"", "/upgrade ", "start ", "/upgrade start   "}) {
    const auto command = parse_command(before + json);
    REQUIRE(command);
    CHECK(command->verb->name == "start");
    CHECK(command->rest == json);
    CHECK(command->words.empty());
  }
  const auto plan = parse_command("plan " + json);
  CHECK(plan->verb->name == "plan");
  CHECK(plan->rest == json);
}

TEST_CASE("braces in a reason are words, not a payload") {
  CHECK(words_of("pause {maintenance} --confirm x") == Words{"{maintenance}", "--confirm", "x"});
  CHECK(words_of("status {}") == Words{"{}"});
}

TEST_CASE("a line beyond 20 KiB, or no UTF-8, is refused") {
  CHECK(verb_of("pause " + std::string(20UL << 10, 'x')) == "the command is longer than 20 KiB");
  CHECK(verb_of("pause " + std::string((20UL << 10) - 6, 'x')) == "pause");
  CHECK(verb_of("pause \xFF") == "the command is not valid UTF-8");
  CHECK(verb_of("pause \xED\xA0\x80") == "the command is not valid UTF-8");
}

TEST_CASE("every verb is known by one name and explains itself in one line") {
  std::set<std::string_view> names;
  for (const auto& verb : verbs()) {
    CHECK(names.insert(verb.name).second);
    CHECK(verb_of(verb.name) == verb.name);
    CHECK_FALSE(verb.help.empty());
    CHECK(verb.help.find('\n') == std::string_view::npos);
    CHECK(help_text().find(verb.name) != std::string::npos);
    CHECK(help_text(verb.name).find(verb.usage) != std::string::npos);
  }
  CHECK(names.size() == 19);
}

TEST_CASE("what changes a run needs an operator, what only looks a viewer") {
  const auto act = [](std::string_view name) { return parse_command(name)->verb->act; };
  for (const auto* name : {"start", "pause", "resume", "abort", "check"})
    CHECK(act(name) == Act::operate);
  for (const auto* name : {"plan", "status", "why", "nodes", "alerts", "history"})
    CHECK(act(name) == Act::view);
  CHECK(act("clear") == Act::administer);
  CHECK(act("help") == Act::help);
  CHECK(act("whoami") == Act::help);
}

TEST_CASE("a line changes something or only reads, as its verb tells") {
  for (const auto* line : {"", "plan 1.34.7", "/upgrade status", "nodes", "whoami", "nonsense"})
    CHECK(only_reads(line));
  for (const auto* line : {"start 1.34.7", "pause", "/upgrade abort now", "clear", "{}"})
    CHECK_FALSE(only_reads(line));
}

TEST_CASE("help shows one verb in detail, and all of them for a word it does not know") {
  CHECK(help_text("pause") == "/upgrade pause [REASON]\n  start no new node until resumed");
  CHECK(help_text("nonsense") == help_text());
}

TEST_CASE("any line is a command or one line of failure") {
  CHECK(rc::check("any line", [] {
    const auto piece = rc::gen::element<std::string>(
        "/upgrade", "start", "pause", "help", " ", "\t", "\n", "\"", "'", "{", "}", "--confirm",
        "\u2014", "\u201c", "\u2019", "\u00a0", "\xFF", std::string(1, '\0'));
    std::string line;
    for (const auto& one : *rc::gen::container<std::vector<std::string>>(piece))
      line += one;
    const auto command = parse_command(line);
    if (command) {
      RC_ASSERT(command->verb != nullptr);
    } else {
      RC_ASSERT(command.error().what.find('\n') == std::string::npos);
    }
  }));
}

}  // namespace lockkeeper
