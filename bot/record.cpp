// SPDX-License-Identifier: Apache-2.0
#include "bot/record.h"

#include <fmt/format.h>

#include <array>
#include <optional>

#include "bot/json_fields.h"
#include "bot/plan_json.h"

namespace lockkeeper {
namespace {

using json_fields::get;
using json_fields::get_word;
using json_fields::Json;
using json_fields::Malformed;

/// The enumerator whose to_string is `text`; enumerators count from 0 to `last`.
template <typename Enum>
std::optional<Enum> parse_enum(std::string_view text, Enum last) {
  for (int i = 0; i <= static_cast<int>(last); ++i) {
    if (to_string(static_cast<Enum>(i)) == text) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

auto reader(auto last) {
  return [last](std::string_view text) { return parse_enum(text, last); };
}

Json reasons_json(const std::vector<std::string>& reasons) {
  return Json(reasons);
}

Json to_json(const Opened& body) {
  Json json = {
      {"plan", Json::parse(encode_plan(body.plan))}, {"by", body.by}, {"reason", body.reason}};
  if (!body.baseline.empty()) json["baseline"] = body.baseline;
  if (body.approval)
    json["approval"] = {{"by", body.approval->by}, {"request", body.approval->request}};
  return json;
}
Json to_json(const Intent& body) {
  return {{"step", body.step}};
}
Json to_json(const Outcome& body) {
  return {{"step", body.step},
          {"result", to_string(body.result)},
          {"detail", body.detail},
          {"notes", body.notes}};
}
Json to_json(const Held& body) {
  return {{"holder", to_string(body.holder)},
          {"reasons", reasons_json(body.reasons)},
          {"memory", body.memory}};
}
Json to_json(const Released& body) {
  return {{"holder", to_string(body.holder)}, {"why", body.why}};
}
Json to_json(const Ordered& body) {
  return {{"verb", to_string(body.verb)}, {"by", body.by}, {"reason", body.reason}};
}
Json to_json(const Latched& body) {
  return {{"by", body.by}, {"reasons", reasons_json(body.reasons)}};
}
Json to_json(const Closed& body) {
  return {{"ending", to_string(body.ending)}, {"reasons", reasons_json(body.reasons)}};
}
Json to_json(const RulesChanged& body) {
  return {{"digest", body.digest}, {"changes", body.changes}};
}

Json to_json(const Requested& body) {
  return {{"digest", body.digest},
          {"by", body.by},
          {"reason", body.reason},
          {"request", body.request},
          {"summary", body.summary},
          {"outline", body.outline},
          {"expires", to_string(body.expires)}};
}
Json to_json(const Decided& body) {
  Json json = {{"request", body.request},
               {"ruling", to_string(body.ruling)},
               {"by", body.by},
               {"why", body.why}};
  if (!body.run.empty()) json["run"] = body.run;
  return json;
}

Opened opened_from(const Json& json) {
  auto plan = decode_plan(get<Json>(json, "plan").dump());
  if (!plan) throw Malformed(plan.error().what);
  // Not in the records of bots that knew nothing of it.
  auto baseline = json.contains("baseline") ? get<Notes>(json, "baseline") : Notes();
  Opened opened{std::move(*plan), get<std::string>(json, "by"), get<std::string>(json, "reason"),
                std::move(baseline)};
  if (json.contains("approval")) {
    const auto approval = get<Json>(json, "approval");
    opened.approval = {get<std::string>(approval, "by"), get<std::int64_t>(approval, "request")};
  }
  return opened;
}

Requested requested_from(const Json& json) {
  const auto text = [&](const char* name) { return get<std::string>(json, name); };
  const auto expires = parse_time(text("expires"));
  if (!expires) throw Malformed("\"expires\": " + expires.error().what);
  return {text("digest"),  text("by"),      text("reason"),
          text("request"), text("summary"), get<Notes>(json, "outline"),
          *expires};
}

Decided decided_from(const Json& json) {
  return {get<std::int64_t>(json, "request"), get_word(json, "ruling", reader(Ruling::refused)),
          get<std::string>(json, "by"), get<std::string>(json, "why"),
          json.contains("run") ? get<std::string>(json, "run") : std::string()};
}

Body body_from(std::string_view kind, const Json& json) {
  const auto reasons = [&] { return get<std::vector<std::string>>(json, "reasons"); };
  if (kind == "opened") return opened_from(json);
  if (kind == "intent") return Intent{get<int>(json, "step")};
  if (kind == "outcome") {
    return Outcome{get<int>(json, "step"),
                   get_word(json, "result", reader(StepResult::interrupted)),
                   get<std::string>(json, "detail"), get<Notes>(json, "notes")};
  }
  if (kind == "held") {
    return Held{get_word(json, "holder", reader(Holder::doubt)), reasons(),
                get<Notes>(json, "memory")};
  }
  if (kind == "released") {
    return Released{get_word(json, "holder", reader(Holder::doubt)), get<std::string>(json, "why")};
  }
  if (kind == "ordered") {
    return Ordered{get_word(json, "verb", reader(Verb::clear)), get<std::string>(json, "by"),
                   get<std::string>(json, "reason")};
  }
  if (kind == "latched") return Latched{get<std::string>(json, "by"), reasons()};
  if (kind == "closed") return Closed{get_word(json, "ending", reader(Ending::cleared)), reasons()};
  if (kind == "rules") {
    return RulesChanged{get<std::string>(json, "digest"),
                        get<std::vector<std::string>>(json, "changes")};
  }
  if (kind == "requested") return requested_from(json);
  if (kind == "decided") return decided_from(json);
  throw Malformed(fmt::format("a record of kind '{}' is unknown", clipped(kind, 40)));
}

}  // namespace

std::string_view to_string(StepResult result) {
  constexpr std::array<std::string_view, 4> names = {"done", "skipped", "failed", "interrupted"};
  return names.at(static_cast<std::size_t>(result));
}

std::string_view to_string(Holder holder) {
  constexpr std::array<std::string_view, 3> names = {"gate", "person", "doubt"};
  return names.at(static_cast<std::size_t>(holder));
}

std::string_view to_string(Verb verb) {
  constexpr std::array<std::string_view, 4> names = {"pause", "resume", "abort", "clear"};
  return names.at(static_cast<std::size_t>(verb));
}

std::string_view to_string(Ending ending) {
  constexpr std::array<std::string_view, 7> names = {"done",   "dry",     "partial", "refused",
                                                     "failed", "aborted", "cleared"};
  return names.at(static_cast<std::size_t>(ending));
}

std::string_view to_string(Ruling ruling) {
  constexpr std::array<std::string_view, 6> names = {"approved", "declined", "withdrawn",
                                                     "expired",  "changed",  "refused"};
  return names.at(static_cast<std::size_t>(ruling));
}

std::string_view kind_of(const Body& body) {
  constexpr std::array<std::string_view, 11> names = {"opened",   "intent",    "outcome", "held",
                                                      "released", "ordered",   "latched", "closed",
                                                      "rules",    "requested", "decided"};
  static_assert(std::variant_size_v<Body> == names.size());
  return names.at(body.index());
}

std::string encode(const Body& body) {
  // Invalid UTF-8 (a node's log) is replaced rather than thrown at: a record is always written.
  return std::visit([](const auto& one) { return to_json(one); }, body)
      .dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<Body> decode(std::string_view kind, std::string_view text) {
  const auto json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return fail(fmt::format("the journal's {} record is not JSON", kind));
  try {
    return body_from(kind, json);
  } catch (const Malformed& why) {
    return fail(fmt::format("the journal's {} record is malformed: {}", kind, why.what()));
  }
}

}  // namespace lockkeeper
