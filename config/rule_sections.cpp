// SPDX-License-Identifier: Apache-2.0

// The table of [rule NAME]: the rule language.

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include "config/sections.h"

namespace lockkeeper {
namespace {

// Longer is a slip of the unit.
constexpr Millis kYear = 366 * 24h;

/// A kind of value that need not be there; nothing is shown as nothing.
template <class V>
ValueKind<std::optional<V>> optional_value(const ValueKind<V>& kind) {
  auto read = [read = kind.read](std::string_view text) -> ReadValue<std::optional<V>> {
    auto value = read(text);
    if (!value) return std::unexpected(value.error());
    return std::optional<V>(std::move(*value));
  };
  auto show = [show = kind.show](const std::optional<V>& value) {
    return value ? show(*value) : std::string();
  };
  return {kind.form, read, show};
}

/// A list of words, or `any`, which stands for `meaning_of_any`.
template <class E>
ValueKind<std::set<E>> set_value(const ValueKind<E>& kind, const std::set<E>& meaning_of_any) {
  auto read = [read = kind.read, meaning_of_any](std::string_view text) -> ReadValue<std::set<E>> {
    if (text == "any") return meaning_of_any;
    std::set<E> values;
    for (const auto word : split(text, ',')) {
      if (word == "any") return refuse("any stands alone");
      const auto value = read(word);
      if (!value) return std::unexpected(value.error());
      values.insert(*value);
    }
    return values;
  };
  auto show = [show = kind.show, meaning_of_any](const std::set<E>& values) {
    if (values == meaning_of_any) return std::string("any");
    std::vector<std::string> words;
    for (const auto value : values)
      words.push_back(show(value));
    return joined(words);
  };
  return {"any, or a list of: " + kind.form.substr(std::string_view("one of ").size()), read, show};
}

/// Each value with the word that messages use for it, so that both are the same.
template <class E, std::size_t N>
std::vector<std::pair<std::string_view, E>> words_of(const std::array<E, N>& values) {
  std::vector<std::pair<std::string_view, E>> words;
  for (const auto value : values)
    words.emplace_back(to_string(value), value);
  return words;
}

// In the order of the reference.
constexpr std::array kActions = {RuleAction::ignore, RuleAction::notify, RuleAction::pause,
                                 RuleAction::abort};
constexpr std::array kPhases = {Phase::precheck, Phase::between, Phase::drain, Phase::upgrade,
                                Phase::soak};
constexpr std::array kStandings = {NodeStanding::pending, NodeStanding::next, NodeStanding::active,
                                   NodeStanding::done, NodeStanding::outside};
constexpr std::array kTimeouts = {OnTimeout::stay, OnTimeout::abort, OnTimeout::proceed};

/// `match` adds an alternative each time it stands there.
Key<Rule> match_key() {
  Key<Rule> key;
  key.name = "match";
  key.help = "several lines are alternatives, the matchers of one line must all hold";
  key.form = matchers_value().form;
  key.required = true;
  key.repeatable = true;
  key.read = [read = matchers_value().read](Rule& rule, std::string_view text,
                                            const std::filesystem::path&) -> ReadValue<void> {
    auto matchers = read(text);
    if (!matchers) return std::unexpected(matchers.error());
    rule.match.push_back(std::move(*matchers));
    return {};
  };
  key.show = [](const Rule& rule) {
    std::vector<std::string> lines;
    for (const auto& line : rule.match)
      lines.push_back(to_string(line));
    return joined(lines, " or ");
  };
  return key;
}

/// Label references in a reason belong to the wider language.
ValueKind<std::string> reason_value() {
  auto read = [](std::string_view text) -> ReadValue<std::string> {
    if (text.contains("${")) return refuse("references like ${...} are not supported yet here");
    return text_value().read(text);
  };
  return {"text", read, text_value().show};
}

/// The keys that exist, and by name those of the wider language: whoever copies a rule that needs
/// one must not get a rule that silently does less.
Table<Rule> made_rule_table() {
  const auto at = [](auto Rule::* member) {
    return [member](auto& rule) -> auto& { return rule.*member; };
  };
  Table<Rule> table{"rule NAME",
                    "What an alert means; the first rule that matches decides.",
                    {},
                    {},
                    {"state", "source", "hold_for", "min_pause", "min_alerts", "preexisting",
                     "honor_silences", "active", "not_active", "expires", "sticky", "resumes",
                     "runbook", "severity", "node_missing"}};
  table.keys.push_back(match_key());
  table.key("action", at(&Rule::action), choice_value(words_of(kActions), {"resume"}),
            "pause: no new node is begun; abort: the run ends at its next safe point and stays so");
  table.last().required = true;
  table
      .key("phase", at(&Rule::phases),
           set_value(choice_value(words_of(kPhases)),
                     std::set<Phase>(kPhases.begin(), kPhases.end())),
           "where in a run the rule counts")
      .key("node", at(&Rule::node), optional_value(node_template_value()),
           "the node that the alert speaks of; the rule is for alerts that name one",
           "not about a node")
      .key("node_state", at(&Rule::standings),
           set_value(choice_value(words_of(kStandings)), std::set<NodeStanding>{}),
           "how that node stands to the run")
      .key("node_within", at(&Rule::node_within), optional_value(duration_value(1s, kYear)),
           "only for this long after that standing began", "at any time")
      .key("resume_after", at(&Rule::resume_after), duration_value(0s, kYear),
           "quiet time before the pause is lifted", "resume_after of [gate]")
      .key("max_pause", at(&Rule::max_pause), optional_value(duration_value(1s, kYear)),
           "how long the pause may last", "no limit")
      .key("on_timeout", at(&Rule::on_timeout), choice_value(words_of(kTimeouts)),
           "what happens when max_pause is over")
      .key("reason", at(&Rule::reason), reason_value(), "shown with every verdict", "none");
  return table;
}

}  // namespace

const Table<Rule>& rule_table() {
  static const Table<Rule> table = made_rule_table();
  return table;
}

}  // namespace lockkeeper
