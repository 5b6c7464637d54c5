// SPDX-License-Identifier: Apache-2.0

// The kinds of values of the rule language and of [authority].

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/value.h"
#include "rules/text.h"

namespace lockkeeper {
namespace {

// Who can give an order: the console, a client of the HTTP API, the command line on this machine, a
// person of Slack, and everybody of a user group there.
constexpr std::array<std::string_view, 5> kActorKinds = {"console", "http", "cli", "slack",
                                                         "slack-group"};
constexpr std::string_view kActorForm =
    "console:NAME, http:NAME, cli:NAME, slack:U... or slack-group:S...";

/// Text is written as it was read.
std::string same(const std::string& value) {
  return value;
}

/// An empty list matches every alert; nobody writes that on purpose.
ReadValue<Matchers> read_matchers(std::string_view text) {
  auto matchers = parse_matchers(text);
  if (!matchers) return refuse(matchers.error().what, matchers.error().column);
  if (matchers->empty()) {
    return refuse("an empty list matches every alert; to say that, write alertname=~\".*\"");
  }
  return std::move(*matchers);
}

/// Read as matchers, so that names and quotes follow the same rules; only `=` makes sense.
ReadValue<Labels> read_labels(std::string_view text) {
  const auto matchers = parse_matchers(text);
  if (!matchers) return refuse(matchers.error().what, matchers.error().column);
  Labels labels;
  for (const auto& matcher : *matchers) {
    if (matcher.op != MatchOp::equal) {
      return refuse(fmt::format("write {}=\"value\": a label has one value", matcher.name));
    }
    if (matcher.value.empty()) {
      return refuse(fmt::format("label {} has no value", matcher.name));
    }
    if (!labels.get(matcher.name).empty()) {
      return refuse(fmt::format("label {} stands twice", matcher.name));
    }
    labels.set(matcher.name, matcher.value);
  }
  return labels;
}

/// Ids, because names in Slack can be changed and given to somebody else.
bool slack_id(std::string_view name, std::string_view beginnings) {
  return name.size() > 1 && beginnings.contains(name.front()) &&
         std::ranges::all_of(
             name, [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); });
}

/// kind:name, where the name may be * for all of the kind, but not a pattern.
ReadValue<std::string> read_actor(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::string_view kind = text.substr(0, colon);
  if (std::ranges::find(kActorKinds, kind) == kActorKinds.end()) {
    return refuse(fmt::format("'{}' is not {}{}", clipped(text, 80), kActorForm,
                              suggestion(kind.substr(0, 40), kActorKinds)));
  }
  const std::string_view name =
      colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  if (kind == "slack-group" && !slack_id(name, "S"))
    return refuse("write slack-group:S0123ABCD, with the group's id");
  if (kind == "slack" && name != "*" && !slack_id(name, "UW"))
    return refuse("write slack:U0123ABCD, with the person's id (/upgrade whoami tells it)");
  const bool fine = name == "*" || (!name.empty() && std::ranges::all_of(name, [](char c) {
                      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                             (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.' || c == '@';
                    }));
  if (!fine) {
    return refuse(fmt::format("write {}:NAME for one, or {}:* for everybody there", kind, kind));
  }
  return std::string(text);
}

}  // namespace

ValueKind<std::string> actor_value() {
  return {std::string(kActorForm) + "; * as NAME is everybody there", read_actor, same};
}

ValueKind<std::string> person_value() {
  auto read = [](std::string_view text) -> ReadValue<std::string> {
    const std::size_t equals = std::min(text.find('='), text.size());
    const auto name = trimmed(text.substr(0, equals));
    std::string person(name);
    char before = '=';
    for (const auto entry : split(text.substr(std::min(equals + 1, text.size())), '+')) {
      const auto actor = read_actor(entry);
      if (!actor) return std::unexpected(actor.error());
      if (actor->ends_with(":*") || actor->starts_with("slack-group:"))
        return refuse(fmt::format("{} is more than one person", *actor));
      person += before + *actor;
      before = '+';
    }
    if (!name.empty() && before == '+') return person;
    return refuse(fmt::format("'{}' is not NAME=ENTRY+ENTRY", clipped(text, 80)));
  };
  return {"NAME=ENTRY+ENTRY, such as ana=slack:U0ANA+http:ana", read, same};
}

// UTF-8 names are fine; what would end the name in a matcher is not.
ValueKind<std::string> label_name_value() {
  auto read = [](std::string_view text) -> ReadValue<std::string> {
    const bool bad = text.find_first_of(" \t\"'{}=~!") != std::string_view::npos;
    if (!text.empty() && !bad) return std::string(text);
    return refuse(fmt::format("'{}' is not the name of a label", clipped(text, 40)));
  };
  return {"a label's name", read, same};
}

ValueKind<Matchers> matchers_value() {
  return {"matchers, separated by commas", read_matchers,
          [](const Matchers& matchers) { return to_string(matchers); }};
}

ValueKind<Labels> labels_value() {
  auto show = [](const Labels& labels) {
    Matchers matchers;
    for (const auto& [name, value] : labels.pairs())
      matchers.push_back({name, MatchOp::equal, value, {}});
    return matchers.empty() ? std::string() : to_string(matchers);
  };
  return {"name=\"value\" pairs, separated by commas", read_labels, show};
}

ValueKind<NodeTemplate> node_template_value() {
  auto read = [](std::string_view text) -> ReadValue<NodeTemplate> {
    auto node = parse_node_template(text);
    if (!node) return refuse(node.error().what);
    return std::move(*node);
  };
  return {"text with label references like ${labels.node} or ${labels.instance:host}", read,
          [](const NodeTemplate& node) { return to_string(node); }};
}

}  // namespace lockkeeper
