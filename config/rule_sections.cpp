// SPDX-License-Identifier: Apache-2.0

// The tables of [rule NAME] and [window NAME]: the rule language.

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
                                 RuleAction::abort, RuleAction::resume};
constexpr std::array kPhases = {Phase::precheck, Phase::between, Phase::drain, Phase::upgrade,
                                Phase::soak};
constexpr std::array kStandings = {NodeStanding::pending, NodeStanding::next, NodeStanding::active,
                                   NodeStanding::done, NodeStanding::outside};
constexpr std::array kStates = {StateScope::firing, StateScope::pending, StateScope::any};
constexpr std::array kSources = {Source::prometheus, Source::webhook, Source::alertmanager};
constexpr std::array kPreexisting = {Preexisting::as_new, Preexisting::ignore, Preexisting::abort};
constexpr std::array kEndActions = {EndAction::release, EndAction::pause};
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

/// A window adds itself each time, as a line of `match` does.
Key<Rule> windows_key(std::string name, std::vector<Window> Rule::* member, std::string help) {
  Key<Rule> key;
  key.name = std::move(name);
  key.help = std::move(help);
  key.form = windows_value().form;
  key.empty_means = member == &Rule::active ? "always" : "never";
  key.repeatable = true;
  key.read = [member, read = windows_value().read](
                 Rule& rule, std::string_view text,
                 const std::filesystem::path&) -> ReadValue<void> {
    auto windows = read(text);
    if (!windows) return std::unexpected(windows.error());
    auto& all = rule.*member;
    all.insert(all.end(), windows->begin(), windows->end());
    return {};
  };
  key.show = [member, show = windows_value().show](const Rule& rule) { return show(rule.*member); };
  return key;
}

ValueKind<std::string> reason_value() {
  auto read = [](std::string_view text) -> ReadValue<std::string> {
    auto checked = checked_reason(text);
    if (!checked) return refuse(checked.error().what);
    return text_value().read(*checked);
  };
  return {"text, in which ${labels.NAME} and ${node} are filled in", read, text_value().show};
}

/// `any`, or one of them.
ValueKind<std::optional<Source>> source_value() {
  const auto one = choice_value(words_of(kSources));
  auto read = [read = one.read](std::string_view text) -> ReadValue<std::optional<Source>> {
    if (text == "any") return std::optional<Source>();
    const auto value = read(text);
    if (!value) return std::unexpected(value.error());
    return std::optional(*value);
  };
  auto show = [](const std::optional<Source>& source) {
    return source ? std::string(to_string(*source)) : "any";
  };
  return {"any, or " + one.form, read, show};
}

// The keys in four groups, in the order of the reference.

const auto at_rule = [](auto Rule::* member) {
  return [member](auto& rule) -> auto& { return rule.*member; };
};

void add_meaning(Table<Rule>& table) {
  table.keys.push_back(match_key());
  table.key("action", at_rule(&Rule::action), choice_value(words_of(kActions)),
            "pause: no new node is begun; abort: the run ends at its next safe point and stays so; "
            "resume: see resumes");
  table.last().required = true;
  table.key("reason", at_rule(&Rule::reason), reason_value(), "shown with every verdict", "none")
      .key("runbook", at_rule(&Rule::runbook), text_value(), "where to read on, shown behind it",
           "none");
}

void add_scope(Table<Rule>& table) {
  table
      .key("state", at_rule(&Rule::state), choice_value(words_of(kStates)),
           "which state of the alert the rule is for")
      .key("source", at_rule(&Rule::source), source_value(),
           "who must vouch for the alert; a webhook alone never aborts")
      .key("phase", at_rule(&Rule::phases),
           set_value(choice_value(words_of(kPhases)),
                     std::set<Phase>(kPhases.begin(), kPhases.end())),
           "where in a run the rule counts")
      .key("node", at_rule(&Rule::node), optional_value(node_template_value()),
           "the node that the alert speaks of; the rule is for alerts that name one",
           "not about a node")
      .key("node_missing", at_rule(&Rule::node_missing_matches),
           choice_value<bool>({{"skip", false}, {"match", true}}),
           "whether the rule is also for alerts that name none")
      .key("node_state", at_rule(&Rule::standings),
           set_value(choice_value(words_of(kStandings)), std::set<NodeStanding>{}),
           "how that node stands to the run")
      .key("node_within", at_rule(&Rule::node_within), optional_value(duration_value(1s, kYear)),
           "only for this long after that standing began", "at any time")
      .key("hold_for", at_rule(&Rule::hold_for), duration_value(0s, kYear),
           "only when seen for this long without a gap, by good polls")
      .key("min_alerts", at_rule(&Rule::min_alerts), count_value(1, 100'000),
           "only when so many distinct alerts match that no earlier rule decides about");
}

void add_times(Table<Rule>& table) {
  table.keys.push_back(
      windows_key("active", &Rule::active, "only inside of one of these weekly windows"));
  table.keys.push_back(
      windows_key("not_active", &Rule::not_active, "only outside of all these windows"));
  table.key("expires", at_rule(&Rule::expires), optional_value(time_value()),
            "from then on the rule is as if it were not there; a date is its first moment, UTC",
            "never");
}

void add_pause(Table<Rule>& table) {
  table
      .key("preexisting", at_rule(&Rule::preexisting), choice_value(words_of(kPreexisting)),
           "what alerts mean that fired when the run began, for that run")
      .key("honor_silences", at_rule(&Rule::honor_silences), flag_value(),
           "whether what Alertmanager silences or inhibits is ignored", "honor_silences of [gate]")
      .key("resume_after", at_rule(&Rule::resume_after), duration_value(0s, kYear),
           "quiet time before the pause is lifted", "resume_after of [gate]")
      .key("min_pause", at_rule(&Rule::min_pause), duration_value(0s, kYear),
           "how long the pause lasts at least")
      .key("max_pause", at_rule(&Rule::max_pause), optional_value(duration_value(1s, kYear)),
           "how long the pause may last", "no limit")
      .key("on_timeout", at_rule(&Rule::on_timeout), choice_value(words_of(kTimeouts)),
           "what happens when max_pause is over")
      .key("sticky", at_rule(&Rule::sticky), flag_value(),
           "whether the pause ends only after /upgrade resume, given when the alert is gone")
      .key("resumes", at_rule(&Rule::resumes), list_value(text_value(), "a list of names of rules"),
           "of action resume: the pauses of these rules are void while an alert of this one fires",
           "none");
}

/// From and to are one key.
Key<Window> day_time_key() {
  Key<Window> key;
  key.name = "time";
  key.help = "by the clocks of the zone; a window over midnight belongs to the day it begins on";
  key.form = "FROM-TO, such as 22:00-05:00";
  key.required = true;
  key.read = [](Window& window, std::string_view text,
                const std::filesystem::path&) -> ReadValue<void> {
    const auto time = parse_day_time(text);
    if (!time) return refuse(time.error().what);
    window.from = time->first;
    window.to = time->second;
    return {};
  };
  key.show = [](const Window& window) {
    return window.from == window.to ? "" : day_time_text(window.from, window.to);
  };
  return key;
}

Table<Window> made_window_table() {
  const auto at = [](auto Window::* member) {
    return [member](auto& window) -> auto& { return window.*member; };
  };
  Table<Window> table{"window NAME", "A weekly window that rules can name.", {}, {}, {}};
  table.key("days", at(&Window::days), days_value(), "the days on which it begins");
  table.last().required = true;
  table.keys.push_back(day_time_key());
  table.key("zone", at(&Window::zone), zone_value(), "whose clocks count");
  table.last().required = true;
  table.key("end_action", at(&Window::end_action), choice_value(words_of(kEndActions)),
            "what becomes of a pause whose alert still fires when the window ends: released, or "
            "kept until the alert is gone");
  return table;
}

}  // namespace

const Table<Rule>& rule_table() {
  static const Table<Rule> table = [] {
    Table<Rule> made{"rule NAME",
                     "What an alert means; the first rule of which all keys hold decides.",
                     {},
                     {},
                     {}};
    add_meaning(made);
    add_scope(made);
    add_times(made);
    add_pause(made);
    return made;
  }();
  return table;
}

const Table<Window>& window_table() {
  static const Table<Window> table = made_window_table();
  return table;
}

}  // namespace lockkeeper
