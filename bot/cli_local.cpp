// SPDX-License-Identifier: Apache-2.0

// The subcommands that need no daemon: check, plan, rules, ssh.

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "bot/cli_commands.h"
#include "bot/gate_text.h"
#include "bot/messages.h"
#include "bot/planner.h"
#include "config/describe.h"
#include "config/findings.h"
#include "config/load.h"
#include "integrations/kubernetes/client.h"
#include "integrations/kubernetes/cluster.h"
#include "integrations/kubernetes/connection.h"
#include "integrations/ssh/known_hosts.h"
#include "integrations/system/real_clock.h"
#include "rules/evaluate.h"

namespace lockkeeper::cli {
namespace {

void complain(std::string_view what) {
  fmt::print(stderr, "{}\n", what);
}

Result<Labels> labels_from(const std::string& text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (json.is_discarded() || !json.is_object()) {
    return fail("labels: not a JSON object such as {\"alertname\":\"KubeAPIDown\"}");
  }
  std::vector<Labels::Pair> pairs;
  for (const auto& [name, value] : json.items()) {
    if (!value.is_string())
      return fail(fmt::format("labels: the value of '{}' is not a string", name));
    pairs.emplace_back(name, value.get<std::string>());
  }
  return Labels(std::move(pairs));
}

template <typename Enum>
std::optional<Enum> word_to(std::string_view word, std::initializer_list<Enum> all) {
  for (const auto one : all) {
    if (to_string(one) == word) return one;
  }
  return std::nullopt;
}

std::string effect_text(const Rule& rule) {
  auto text = fmt::format("{}: {}", rule_text(rule), to_string(rule.action));
  if (blocks(rule.action)) {
    text += fmt::format(", resume_after {}", to_string(rule.resume_after));
  }
  if (rule.max_pause) {
    text += fmt::format(", max_pause {} then {}", to_string(*rule.max_pause),
                        to_string(rule.on_timeout));
  }
  if (rule.sticky) text += ", sticky";
  if (!rule.resumes.empty()) text += " of " + joined(rule.resumes);
  return text;
}

/// A word of an option, or a failure that names the nearest one.
template <typename Enum>
Result<Enum> chosen(std::string_view word, std::initializer_list<Enum> all) {
  if (const auto one = word_to(word, all)) return *one;
  std::vector<std::string_view> known;
  for (const auto one : all)
    known.push_back(to_string(one));
  return fail(fmt::format("unknown word '{}'{}", word, suggestion(word, known)));
}

/// Under which circumstances `rules explain` is asked.
struct Asked {
  Situation situation;
  NodeStanding standing = NodeStanding::outside;
  Evidence evidence;
};

Result<Asked> asked_of(const ExplainOptions& options) {
  Asked asked;
  const auto phase = chosen(
      options.phase, {Phase::precheck, Phase::between, Phase::drain, Phase::upgrade, Phase::soak});
  const auto standing = chosen(options.node_standing,
                               {NodeStanding::pending, NodeStanding::next, NodeStanding::active,
                                NodeStanding::done, NodeStanding::outside});
  const auto state = chosen(options.state, {StateScope::firing, StateScope::pending});
  const auto source =
      chosen(options.source, {Source::prometheus, Source::webhook, Source::alertmanager});
  const auto seen = parse_duration(options.seen.empty() ? "0s" : options.seen);
  const auto at =
      options.at.empty() ? Result<Time>(system::RealClock().now()) : parse_time(options.at);
  if (!phase) return std::unexpected(phase.error());
  if (!standing) return std::unexpected(standing.error());
  if (!state) return std::unexpected(state.error());
  if (!source) return std::unexpected(source.error());
  if (!seen) return std::unexpected(seen.error());
  if (!at) return std::unexpected(at.error());
  asked.situation.phase = *phase;
  asked.situation.wall = *at;
  asked.standing = *standing;
  asked.evidence.pending = *state == StateScope::pending;
  asked.evidence.sources = {*source == Source::prometheus, *source == Source::webhook,
                            *source == Source::alertmanager};
  if (!options.seen.empty()) asked.evidence.seen = asked.evidence.seen_any = *seen;
  return asked;
}

}  // namespace

std::optional<Settings> load_or_complain(const std::filesystem::path& file) {
  auto settings = load(file);
  if (settings) return std::move(*settings);
  for (const auto& error : settings.error())
    complain(to_string(error));
  return std::nullopt;
}

int check(const std::filesystem::path& file) {
  const auto settings = load_or_complain(file);
  if (!settings) return kMisused;
  const auto now = system::RealClock().now();
  fmt::print("{}", describe(*settings, now));
  const auto found = findings(*settings, now);
  const bool blocking = std::ranges::any_of(found, &ConfigFinding::blocking);
  return blocking ? kRefused : kFine;
}

int plan(const std::filesystem::path& file, const std::vector<std::string>& words) {
  const auto settings = load_or_complain(file);
  if (!settings) return kMisused;
  const bool json = words.size() == 1 && words.front().starts_with('{');
  const auto request = json ? parse_request_json(words.front()) : parse_request_words(words);
  if (!request) {
    complain(request.error().what);
    return kMisused;
  }
  system::RealClock clock;
  auto connection = kubernetes::Connection::open(settings->kubernetes, clock);
  if (!connection) {
    complain(connection.error().what);
    return kRefused;
  }
  kubernetes::Client client(**connection, clock, settings->kubernetes.request_timeout);
  const auto facts = kubernetes::look(client, settings->kubernetes);
  if (!facts) {
    complain(facts.error().what);
    return kRefused;
  }
  const auto made = make_plan(*facts, *request, *settings, "preview");
  if (!made) {
    for (const auto& reason : made.error().reasons)
      complain(reason);
    return made.error().nothing_to_do ? kFine : kRefused;
  }
  fmt::print("{}\n", messages::plan_text(*made));
  return kFine;
}

int rules_match(const std::string& matchers, const std::string& labels_json) {
  const auto parsed = parse_matchers(matchers);
  if (!parsed) {
    complain(fmt::format("column {}: {}", parsed.error().column, parsed.error().what));
    return kMisused;
  }
  const auto labels = labels_from(labels_json);
  if (!labels) {
    complain(labels.error().what);
    return kMisused;
  }
  const bool match = matches(*parsed, *labels);
  fmt::print("{}\n", match ? "match" : "no match");
  return match ? kFine : kRefused;
}

int rules_explain(const ExplainOptions& options) {
  const auto labels = labels_from(options.labels_json);
  const auto asked = labels ? asked_of(options) : std::unexpected(labels.error());
  if (!asked) {
    complain(asked.error().what);
    return kMisused;
  }
  const auto settings = load_or_complain(options.file);
  if (!settings) return kMisused;
  const auto& book = settings->rules;
  const auto alert = normalised(*labels, book.external_labels, book.ignore_labels);
  Situation situation = asked->situation;
  for (const auto& rule : book.rules) {
    const auto node = rule.node ? rule.node->resolve(alert) : std::nullopt;
    if (node) situation.nodes[*node] = {asked->standing, Millis(0)};
  }
  for (const auto& line : explain(book, alert, situation, asked->evidence)) {
    if (!line.why_not.empty()) fmt::print("no   {}: {}\n", rule_text(*line.rule), line.why_not);
  }
  const auto decision = decide(book, alert, situation, asked->evidence);
  if (decision.rule == &book.fallback && decision.action != book.fallback.action) {
    fmt::print("yes  {}, but not in phase {}: ignored\n", effect_text(book.fallback),
               options.phase);
  } else {
    fmt::print("yes  {}\n", effect_text(*decision.rule));
  }
  return kFine;
}

int ssh_forget(const std::filesystem::path& file, const std::string& host) {
  const auto settings = load_or_complain(file);
  if (!settings) return kMisused;
  const auto gone = ssh::forget_host(settings->ssh.known_hosts, host);
  if (!gone) {
    complain(gone.error().what);
    return kRefused;
  }
  if (*gone == 0) {
    complain(fmt::format("{}: no key of {} is pinned", settings->ssh.known_hosts.string(), host));
    return kRefused;
  }
  fmt::print("{}: forgot {} of {}\n", settings->ssh.known_hosts.string(),
             counted(static_cast<std::size_t>(*gone), "key"), host);
  return kFine;
}

}  // namespace lockkeeper::cli
