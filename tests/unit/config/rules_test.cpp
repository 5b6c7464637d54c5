// SPDX-License-Identifier: Apache-2.0

// The [rule NAME] sections: from text to a RuleBook.

#include <doctest/doctest.h>

#include "config/sections.h"
#include "tests/unit/config/loading.h"

namespace lockkeeper {
namespace {

using testing::kRequired;
using testing::TemporaryFolder;

/// A rule stands from line 6 on.
std::string rule_refusal(const TemporaryFolder& folder, std::string_view text) {
  return testing::refusal(folder, kRequired + std::string(text));
}

std::string rule_refusal(std::string_view text) {
  const TemporaryFolder folder;
  return rule_refusal(folder, text);
}

RuleBook book(const TemporaryFolder& folder, std::string_view text) {
  return testing::loaded(folder, kRequired + std::string(text)).rules;
}

Rule only_rule(std::string_view text) {
  const TemporaryFolder folder;
  const auto rules =
      book(folder, "[gate]\nbuiltin_ignores = no\nresume_after = 3m\n" + std::string(text)).rules;
  REQUIRE(rules.size() == 1);
  return rules[0];
}

std::string names(const RuleBook& rules) {
  std::vector<std::string> words;
  for (const auto& rule : rules.rules)
    words.push_back(rule.name);
  return joined(words, " ");
}

}  // namespace

TEST_CASE("a rule with every key") {
  const auto rule = only_rule(
      "[rule storage]\nmatch = alertname=~\"Ceph.*\",severity=\"critical\"\n"
      "match = alertname=\"Longhorn\"\naction = pause\nphase = between, soak, drain\n"
      "node = ${labels.node}\nnode_state = active, done\nnode_within = 15m\nresume_after = 10m\n"
      "max_pause = 4h\non_timeout = abort\nreason = storage heals slowly\n");
  CHECK(rule.name == "storage");
  CHECK(rule.line == 9);
  CHECK(rule.file.ends_with("/l.ini"));
  REQUIRE(rule.match.size() == 2);
  CHECK(to_string(rule.match[0]) == "{alertname=~\"Ceph.*\", severity=\"critical\"}");
  CHECK(rule.action == RuleAction::pause);
  CHECK(rule.phases == std::set<Phase>{Phase::between, Phase::soak, Phase::drain});
  CHECK(rule.node->resolve(Labels{{"node", "w1"}}) == "w1");
  CHECK(rule.standings == std::set<NodeStanding>{NodeStanding::active, NodeStanding::done});
  CHECK(rule.node_within == Millis(15min));
  CHECK(rule.resume_after == Millis(10min));
  CHECK(rule.max_pause == Millis(4h));
  CHECK(rule.on_timeout == OnTimeout::abort);
  CHECK(rule.reason == "storage heals slowly");
}

TEST_CASE("a rule with nothing but the necessary keys has the defaults") {
  const auto rule = only_rule("[rule x]\nmatch = a=\"b\"\naction = ignore\n");
  CHECK(rule.phases == Rule{}.phases);
  CHECK(rule.resume_after == Millis(3min));
  CHECK_FALSE(rule.node);
  CHECK_FALSE(rule.max_pause);
  CHECK(rule.standings.empty());
}

TEST_CASE("resume_after = 0s is not the same as none") {
  CHECK(only_rule("[rule x]\nmatch = a=\"b\"\naction = pause\nresume_after = 0s\n").resume_after ==
        Millis(0));
  CHECK(only_rule("[rule x]\nmatch = a=\"b\"\naction = pause\nresume_after =\n").resume_after ==
        Millis(3min));
}

TEST_CASE("any stands for all phases and all states") {
  const auto rule = only_rule(
      "[rule x]\nmatch = a=\"b\"\naction = abort\nphase = any\nnode = n\nnode_state = any\n");
  CHECK(rule.phases.size() == 5);
  CHECK(rule.standings.empty());
  CHECK(rule_refusal("[rule x]\nmatch = a=\"b\"\naction = abort\nphase = any, soak\n") ==
        "l.ini:9: phase: any stands alone\n");
}

TEST_CASE("a rule needs a match and an action, and is told both") {
  CHECK(rule_refusal("[rule x]\n") ==
        "l.ini:6: rule x has no match\n"
        "l.ini:6: rule x has no action\n");
  CHECK(rule_refusal("[rule x]\nmatch =\naction = pause\n") == "l.ini:7: match needs a value\n");
  CHECK(
      rule_refusal("[rule x]\nmatch = {}\naction = pause\n") ==
      "l.ini:7: match: an empty list matches every alert; to say that, write alertname=~\".*\"\n");
}

TEST_CASE("a matcher error knows line and column") {
  CHECK(rule_refusal("[rule x]\nmatch = a=\"b\",c=~\"\\d\"\naction = pause\n") ==
        "l.ini:7:19: match: double the backslash: \\\\d\n");
  CHECK(rule_refusal("[rule x]\naction = pause\nmatch   =   größe=\"x\"\n") ==
        "l.ini:8:13: match: quote the label name: \"größe\"\n");
  CHECK(rule_refusal("[rule x]\naction = pause\nmatch = a=~\"(\"\n") ==
        "l.ini:8:12: match: bad regular expression: missing ): (\n");
}

TEST_CASE("a matcher without the key match is told so") {
  CHECK(rule_refusal(
            "[rule x]\nseverity=\"critical\",team=~\"a\"\nmatch = a=\"b\"\naction = pause\n") ==
        "l.ini:7: unknown key \"severity\" in [rule x]; a matcher is written match = and the "
        "matcher\n");
}

TEST_CASE("the words of a rule are checked") {
  const std::string rule = "[rule x]\nmatch = a=\"b\"\n";
  CHECK(rule_refusal(rule + "action = pauze\n") ==
        "l.ini:8: action: 'pauze' is none of ignore, notify, pause, abort, resume (did you mean "
        "\"pause\"?)\n");
  CHECK(rule_refusal(rule + "action = pause\nphase = betwen\n") ==
        "l.ini:9: phase: 'betwen' is none of precheck, between, drain, upgrade, soak (did you mean "
        "\"between\"?)\n");
  CHECK(rule_refusal(rule + "action = pause\nnode = n\nnode_state = finished\n") ==
        "l.ini:10: node_state: 'finished' is none of pending, next, active, done, outside\n");
  CHECK(rule_refusal(rule + "action = pause\nmax_pause = 1h\non_timeout = proceed\n") ==
        "l.ini:10: on_timeout: 'proceed' is none of stay, abort, continue\n");
  CHECK(rule_refusal(rule + "action = pause\nnode = ${nodename}\n") ==
        "l.ini:9: node: write a label reference as ${labels.NAME}, not '${nodename}'\n");
  CHECK(rule_refusal(rule + "action = pause\nreason = on ${x}\n") ==
        "l.ini:9: reason: write a label reference as ${labels.NAME}, not '${x}'\n");
}

TEST_CASE("keys that need another one say so") {
  const std::string rule = "[rule x]\nmatch = a=\"b\"\n";
  CHECK(rule_refusal(rule + "action = pause\non_timeout = abort\n") ==
        "l.ini:9: on_timeout needs max_pause\n");
  CHECK(rule_refusal(rule + "action = pause\nnode_state = done\nnode_within = 1h\n") ==
        "l.ini:9: node_state needs node, such as node = ${labels.node}\n"
        "l.ini:10: node_within needs node, such as node = ${labels.node}\n");
  CHECK(rule_refusal(rule + "action = ignore\nresume_after = 1m\nmax_pause = 1h\n") ==
        "l.ini:9: resume_after is for action = pause only\n"
        "l.ini:10: max_pause is for action = pause only\n");
}

TEST_CASE("a rule has a name, and no two have the same") {
  CHECK(rule_refusal("[rule]\n") == "l.ini:6: [rule] needs a name: [rule NAME]\n");
  CHECK(rule_refusal("[rule a b]\n") ==
        "l.ini:6: [rule a b]: a name is one word of letters, digits, '_', '-' and '.'\n");
  CHECK(rule_refusal("[rule x]\nmatch = a=\"b\"\naction = pause\n[rule x]\nmatch = a=\"c\"\n") ==
        "l.ini:9: [rule x] stands already in line 6\n");
  const TemporaryFolder folder;
  folder.write("rules.ini", "\n[rule x]\nmatch = a=\"b\"\naction = pause\n");
  CHECK(rule_refusal(folder, "[rule x]\nmatch = a=\"b\"\naction = pause\n") ==
        "rules.ini:2: rule x stands already in l.ini:6\n");
}

TEST_CASE("rules are tried in order: built-in, those of the file, those of its rules file") {
  const TemporaryFolder folder;
  folder.write("rules.ini",
               "[rule c]\nmatch = a=\"c\"\naction = pause\n[rule d]\nmatch = a=\"d\"\naction = "
               "abort\n");
  const std::string own = "[rule z]\nmatch = a=\"z\"\naction = notify\n";
  CHECK(names(book(folder, own)) == "builtin-expected builtin-own-run z c d");
  CHECK(names(book(folder, "[gate]\nbuiltin_ignores = no\n" + own)) == "z c d");
  CHECK(book(folder, own).rules.back().file == folder.path() / "rules.ini");
  CHECK(book(folder, own).rules.back().line == 4);
}

TEST_CASE("a rules file that is named must be there, the default one need not") {
  const TemporaryFolder folder;
  CHECK(rule_refusal(folder, "[gate]\nrules_file = mine.ini\ndefault_action = pause\n") ==
        "l.ini:7: rules_file: mine.ini does not exist\n");
  folder.write("mine.ini", "[rule m]\nmatch = a=\"b\"\naction = pause\n");
  CHECK(rule_refusal(folder, "[gate]\nrules_file = mine.ini\n") == "accepted");
  CHECK(rule_refusal(folder, "[gate]\ndefault_action = pause\n") == "accepted");
  CHECK(rule_refusal(folder, "[gate]\nrules_file = .\ndefault_action = pause\n")
            .ends_with(": is a directory, not a file\n"));
}

TEST_CASE("a misspelt key that a rule needs is told once") {
  const TemporaryFolder folder;
  folder.write("rules.ini", "[rule x]\nmacth = a=\"b\"\nacton = pause\n");
  CHECK(rule_refusal(folder, "") ==
        "rules.ini:2: unknown key \"macth\" in [rule x] (did you mean \"match\"?)\n"
        "rules.ini:3: unknown key \"acton\" in [rule x] (did you mean \"action\"?)\n");
}

TEST_CASE("a rules file holds rules only, and its errors follow those of the main file") {
  const TemporaryFolder folder;
  folder.write("rules.ini", "[gate]\ndefault_action = ignore\n[rule x]\nmatch = {\n");
  CHECK(rule_refusal(folder, "[ssh2]\n") ==
        "l.ini:6: unknown section [ssh2] (did you mean \"ssh\"?)\n"
        "rules.ini:1: [gate] does not belong here: a rules file holds [rule NAME] and [window "
        "NAME] sections only\n"
        "rules.ini:3: rule x has no action\n"
        "rules.ini:4:10: match: expected a label name, found the end of the text\n");
}

}  // namespace lockkeeper
