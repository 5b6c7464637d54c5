// SPDX-License-Identifier: Apache-2.0
#include "tests/lab/apiserver/selector.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "rules/text.h"

namespace lockkeeper::lab {
namespace {

using Op = Requirement::Op;

/// Splits at commas that stand outside parentheses.
std::vector<std::string_view> terms_of(std::string_view text) {
  std::vector<std::string_view> terms;
  int depth = 0;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && text[i] == '(') ++depth;
    if (i < text.size() && text[i] == ')') --depth;
    if (i < text.size() && (text[i] != ',' || depth > 0)) continue;
    terms.push_back(trimmed(text.substr(begin, i - begin)));
    begin = i + 1;
  }
  return terms;
}

bool is_key(std::string_view key) {
  if (key.empty()) return false;
  return std::ranges::all_of(key, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.' || c == '/';
  });
}

std::optional<Requirement> set_term(std::string_view term) {
  const std::size_t open = term.find('(');
  if (open == std::string_view::npos || !term.ends_with(')')) return std::nullopt;
  std::string_view head = trimmed(term.substr(0, open));
  const std::size_t blank = head.rfind(' ');
  if (blank == std::string_view::npos) return std::nullopt;
  const std::string_view word = head.substr(blank + 1);
  if (word != "in" && word != "notin") return std::nullopt;
  Requirement need{.key = std::string(trimmed(head.substr(0, blank))),
                   .op = word == "in" ? Op::in : Op::not_in,
                   .values = {}};
  const std::string_view inner = term.substr(open + 1, term.size() - open - 2);
  for (const auto value : terms_of(inner))
    need.values.emplace_back(value);
  return need;
}

std::optional<Requirement> term_of(std::string_view term) {
  if (term.find('(') != std::string_view::npos) return set_term(term);
  if (term.starts_with('!')) {
    return Requirement{.key = std::string(trimmed(term.substr(1))), .op = Op::absent, .values = {}};
  }
  const std::size_t at = term.find_first_of("=!<>");
  if (at == std::string_view::npos)
    return Requirement{.key = std::string(term), .op = Op::exists, .values = {}};
  Requirement need{.key = std::string(trimmed(term.substr(0, at))), .op = Op::in, .values = {}};
  std::string_view rest = term.substr(at);
  if (rest.starts_with("!=")) need.op = Op::not_in;
  if (rest.starts_with('>')) need.op = Op::greater;
  if (rest.starts_with('<')) need.op = Op::less;
  const bool doubled = rest.starts_with("!=") || rest.starts_with("==");
  if (rest.starts_with('!') && !doubled) return std::nullopt;
  need.values.emplace_back(trimmed(rest.substr(doubled ? 2 : 1)));
  return need;
}

std::optional<long> number_of(std::string_view text) {
  long value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

bool holds(const Requirement& need, const Json& labels) {
  const auto at = labels.find(need.key);
  const bool present = at != labels.end() && at->is_string();
  if (need.op == Op::exists) return present;
  if (need.op == Op::absent) return !present;
  if (!present) return need.op == Op::not_in;
  const auto& value = at->get_ref<const std::string&>();
  const bool listed = std::ranges::find(need.values, value) != need.values.end();
  if (need.op == Op::in) return listed;
  if (need.op == Op::not_in) return !listed;
  const auto have = number_of(value);
  const auto bound = number_of(need.values.front());
  if (!have || !bound) return false;
  return need.op == Op::greater ? *have > *bound : *have < *bound;
}

/// Which fields a resource can be selected by, beyond name and namespace.
bool offers(const Resource& resource, std::string_view field) {
  constexpr std::array<std::string_view, 9> kPod = {
      "spec.nodeName",    "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName",
      "spec.hostNetwork", "status.phase",       "status.podIP",       "status.nominatedNodeName",
      "status.podIPs"};
  constexpr std::array<std::string_view, 11> kEvent = {"involvedObject.kind",
                                                       "involvedObject.namespace",
                                                       "involvedObject.name",
                                                       "involvedObject.uid",
                                                       "involvedObject.apiVersion",
                                                       "involvedObject.resourceVersion",
                                                       "involvedObject.fieldPath",
                                                       "reason",
                                                       "reportingComponent",
                                                       "source",
                                                       "type"};
  const auto in = [&](const auto& list) { return std::ranges::find(list, field) != list.end(); };
  if (field == "metadata.name") return true;
  if (field == "metadata.namespace") return resource.namespaced;
  if (resource.plural == "pods") return in(kPod);
  if (resource.plural == "events") return in(kEvent) || field.starts_with("regarding.");
  if (resource.plural == "nodes") return field == "spec.unschedulable";
  if (resource.plural == "secrets") return field == "type";
  if (resource.plural == "namespaces") return field == "status.phase";
  if (resource.plural == "jobs") return field == "status.successful";
  return false;
}

std::string value_of(const Json& body, std::string_view path) {
  const Json* value = find(body, path);
  if (value == nullptr) return path == "spec/unschedulable" ? "false" : "";
  if (value->is_string()) return value->get<std::string>();
  return value->is_primitive() ? value->dump() : std::string();
}

}  // namespace

Outcome<LabelSelector> LabelSelector::parse(std::string_view text) {
  LabelSelector selector;
  if (trimmed(text).empty()) return selector;
  for (const auto term : terms_of(text)) {
    auto need = term_of(term);
    const bool numeric = need && (need->op == Op::greater || need->op == Op::less);
    if (!need || !is_key(need->key) || (numeric && !number_of(need->values.front()))) {
      return refuse(bad_request(fmt::format("unable to parse requirement: \"{}\"", term)));
    }
    selector.requirements_.push_back(std::move(*need));
  }
  return selector;
}

LabelSelector LabelSelector::of(const Json& selector) {
  LabelSelector made;
  for (const auto& [key, value] : map_at(selector, "matchLabels").items()) {
    if (value.is_string()) made.requirements_.push_back({key, Op::in, {value.get<std::string>()}});
  }
  for (const auto& expression : list_at(selector, "matchExpressions")) {
    const auto word = text_at(expression, "operator");
    Requirement need{.key = string_at(expression, "key"), .op = Op::in, .values = {}};
    if (word == "NotIn") need.op = Op::not_in;
    if (word == "Exists") need.op = Op::exists;
    if (word == "DoesNotExist") need.op = Op::absent;
    if (word == "Gt") need.op = Op::greater;
    if (word == "Lt") need.op = Op::less;
    for (const auto& value : list_at(expression, "values"))
      need.values.push_back(value.get<std::string>());
    made.requirements_.push_back(std::move(need));
  }
  return made;
}

bool LabelSelector::matches(const Json& labels) const {
  return std::ranges::all_of(requirements_, [&](const auto& need) { return holds(need, labels); });
}

Outcome<FieldSelector> FieldSelector::parse(std::string_view text, const Resource& resource) {
  FieldSelector selector;
  if (trimmed(text).empty()) return selector;
  for (const auto term : terms_of(text)) {
    const std::size_t at = term.find_first_of("=!");
    if (at == std::string_view::npos) {
      return refuse(
          bad_request(fmt::format("invalid selector: '{}'; can't understand '{}'", text, term)));
    }
    const bool equal = term[at] == '=';
    const bool doubled = term.substr(at).starts_with("==") || !equal;
    Term made{
        .field = std::string(trimmed(term.substr(0, at))),
        .value = std::string(trimmed(term.substr(std::min(term.size(), at + (doubled ? 2U : 1U))))),
        .equal = equal};
    if (!offers(resource, made.field)) {
      return refuse(bad_request(fmt::format("field label not supported: {}", made.field)));
    }
    std::ranges::replace(made.field, '.', '/');
    // Both kinds of Event are kept in the form of the core group.
    if (made.field.starts_with("regarding/")) made.field.replace(0, 9, "involvedObject");
    selector.terms_.push_back(std::move(made));
  }
  return selector;
}

bool FieldSelector::matches(const Json& body) const {
  return std::ranges::all_of(terms_, [&](const Term& term) {
    return (value_of(body, term.field) == term.value) == term.equal;
  });
}

std::string_view FieldSelector::demanded(std::string_view field) const {
  const auto at = std::ranges::find_if(
      terms_, [&](const Term& term) { return term.equal && term.field == field; });
  return at == terms_.end() ? std::string_view() : std::string_view(at->value);
}

bool Selection::matches(const Json& body) const {
  return labels.matches(map_at(body, "metadata/labels")) && fields.matches(body);
}

}  // namespace lockkeeper::lab
