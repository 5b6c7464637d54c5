// SPDX-License-Identifier: Apache-2.0
#include "integrations/slack/envelope.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "integrations/slack/json.h"
#include "rules/text.h"

namespace lockkeeper::slack {
namespace {

// Slack's ids are short; what is longer is not one of its ids.
constexpr std::size_t kIdBytesMax = 255;
constexpr std::size_t kTextBytesMax = 8U << 10U;
constexpr std::size_t kInputsMax = 100;
constexpr std::size_t kLifetimeSecondsMax = 7 * 24 * 3600;

std::string id_of(const Json& object, std::string_view name) {
  std::string id = text_of(object, name);
  return id.size() <= kIdBytesMax ? id : std::string();
}

/// Longer than an id, such as a URL or what a person typed.
std::string words_of(const Json& object, std::string_view name) {
  std::string words = text_of(object, name);
  return words.size() <= kTextBytesMax ? words : clipped(words, kTextBytesMax);
}

/// What one control holds: a text, what was chosen, several of both.
std::string state_value(const Json& control) {
  if (const Json& value = member(control, "value"); value.is_string())
    return words_of(control, "value");
  if (const Json& chosen = member(control, "selected_option"); chosen.is_object())
    return words_of(chosen, "value");
  for (const auto* one : {"selected_user", "selected_channel", "selected_date", "selected_time"})
    if (member(control, one).is_string()) return words_of(control, one);
  std::string all;
  for (const auto* many : {"selected_options", "selected_users"}) {
    for (const auto& item : member(control, many)) {
      const std::string value =
          item.is_string() ? item.get<std::string>() : words_of(item, "value");
      all += (all.empty() ? "" : ",") + value;
    }
  }
  return clipped(all, kTextBytesMax);
}

void take_view(const Json& view, Interaction& into) {
  into.view = id_of(view, "id");
  into.view_hash = id_of(view, "hash");
  into.callback = id_of(view, "callback_id");
  into.metadata = words_of(view, "private_metadata");
  const Json& values = member(member(view, "state"), "values");
  if (!values.is_object()) return;
  for (const auto& [block, controls] : values.items()) {
    if (!controls.is_object()) continue;
    for (const auto& [action, control] : controls.items()) {
      if (into.inputs.size() == kInputsMax) return;
      into.inputs[clipped(block + "." + action, kIdBytesMax)] = state_value(control);
    }
  }
}

void take_slash(const Json& payload, Interaction& into) {
  into.deed = Deed::slash;
  into.user = id_of(payload, "user_id");
  into.channel = id_of(payload, "channel_id");
  into.team = id_of(payload, "team_id");
  into.command = id_of(payload, "command");
  into.text = words_of(payload, "text");
  if (!into.trigger.empty()) into.key = "slash " + into.trigger;
}

void take_press(const Json& payload, Interaction& into) {
  const Json& actions = member(payload, "actions");
  const Json& container = member(payload, "container");
  const Json& message = member(payload, "message");
  if (!actions.is_array() || actions.empty()) return;
  const Json& action = actions.front();
  into.deed = Deed::press;
  into.action = id_of(action, "action_id");
  into.block = id_of(action, "block_id");
  into.value = state_value(action);
  into.pressed_at = id_of(action, "action_ts");
  into.message = id_of(container, "message_ts");
  if (into.message.empty()) into.message = id_of(message, "ts");
  into.thread = id_of(container, "thread_ts");
  if (into.thread.empty()) into.thread = id_of(message, "thread_ts");
  if (into.channel.empty()) into.channel = id_of(container, "channel_id");
  into.ephemeral = truth_of(container, "is_ephemeral");
  if (member(payload, "view").is_object()) take_view(member(payload, "view"), into);
  into.key = fmt::format("press {} {} {} {}", into.user, into.action, into.value, into.pressed_at);
}

void take_interactive(const Json& payload, Interaction& into) {
  const std::string type = text_of(payload, "type");
  into.user = id_of(member(payload, "user"), "id");
  into.team = id_of(member(payload, "team"), "id");
  into.channel = id_of(member(payload, "channel"), "id");
  into.event = clipped(type, kIdBytesMax);
  if (type == "block_actions") return take_press(payload, into);
  if (type != "view_submission" && type != "view_closed") return;
  into.deed = type == "view_submission" ? Deed::submit : Deed::dismiss;
  take_view(member(payload, "view"), into);
  into.key = fmt::format("{} {} {}", into.deed == Deed::submit ? "submit" : "dismiss", into.view,
                         into.view_hash);
}

/// An event may come without its wrapper, and some, such as app_rate_limited, have no inner event.
void take_event(const Json& payload, Interaction& into) {
  const Json& inner = member(payload, "event");
  const Json& event = inner.is_object() ? inner : payload;
  into.event = id_of(event, "type");
  into.user = id_of(event, "user");
  into.channel = id_of(event, "channel");
  into.team = id_of(payload, "team_id");
  if (const std::string id = id_of(payload, "event_id"); !id.empty()) into.key = "event " + id;
  // The tab beside it, with the messages, is none of ours.
  if (into.event == "app_home_opened" && id_of(event, "tab") != "messages") into.deed = Deed::home;
  if (into.event == "app_uninstalled" || into.event == "tokens_revoked")
    into.deed = Deed::uninstall;
}

Interaction interaction_of(const std::string& id, const std::string& type, const Json& frame) {
  const Json& payload = member(frame, "payload");
  Interaction made;
  made.envelope = id;
  made.app = id_of(payload, "api_app_id");
  made.trigger = id_of(payload, "trigger_id");
  made.response_url = words_of(payload, "response_url");
  made.retry = static_cast<int>(std::clamp<std::int64_t>(number_of(frame, "retry_attempt"), 0, 99));
  if (type == "slash_commands") {
    take_slash(payload, made);
  } else if (type == "interactive") {
    take_interactive(payload, made);
  } else if (type == "events_api") {
    take_event(payload, made);
  }
  made.key = clipped(made.key.empty() ? "envelope " + id : made.key, kTextBytesMax);
  return made;
}

/// The id in a text that is no readable JSON. Inside a string its quotes would be escaped, so the
/// first hit is a real member.
std::string rescued_id(std::string_view text) {
  constexpr std::string_view kName = "\"envelope_id\"";
  const std::size_t at = text.find(kName);
  if (at == text.npos) return {};
  auto rest = text.substr(at + kName.size());
  rest.remove_prefix(std::min(rest.find_first_not_of(" \t\r\n:"), rest.size()));
  if (!rest.starts_with('"')) return {};
  rest.remove_prefix(1);
  const std::size_t end = rest.find('"');
  if (end == rest.npos || end > kIdBytesMax) return {};
  const auto id = rest.substr(0, end);
  const bool plain =
      std::ranges::all_of(id, [](unsigned char c) { return c > 0x20 && c < 0x7F && c != '\\'; });
  return plain ? std::string(id) : std::string();
}

Hello hello_of(const Json& frame) {
  const Json& info = member(frame, "connection_info");
  const Json& debug = member(frame, "debug_info");
  Hello hello;
  hello.connections =
      static_cast<int>(std::clamp<std::int64_t>(number_of(frame, "num_connections"), 0, 1000));
  hello.app = id_of(info, "app_id");
  hello.host = id_of(debug, "host");
  const auto seconds = std::clamp<std::int64_t>(number_of(debug, "approximate_connection_time"), 0,
                                                kLifetimeSecondsMax);
  hello.lifetime = std::chrono::seconds(seconds);
  return hello;
}

constexpr std::array<std::pair<Deed, std::string_view>, 7> kDeeds = {{
    {Deed::slash, "slash"},
    {Deed::press, "press"},
    {Deed::submit, "submit"},
    {Deed::dismiss, "dismiss"},
    {Deed::home, "home"},
    {Deed::uninstall, "uninstall"},
    {Deed::other, "other"},
}};

/// Calls `visit` with the name and the member of every string of an interaction, for both ways.
template <class Some, class Visit>
void each_string(Some& of, Visit visit) {
  visit("envelope", of.envelope);
  visit("key", of.key);
  visit("app", of.app);
  visit("team", of.team);
  visit("user", of.user);
  visit("channel", of.channel);
  visit("trigger", of.trigger);
  visit("response_url", of.response_url);
  visit("command", of.command);
  visit("text", of.text);
  visit("action", of.action);
  visit("block", of.block);
  visit("value", of.value);
  visit("pressed_at", of.pressed_at);
  visit("message", of.message);
  visit("thread", of.thread);
  visit("view", of.view);
  visit("view_hash", of.view_hash);
  visit("callback", of.callback);
  visit("metadata", of.metadata);
  visit("event", of.event);
}

}  // namespace

std::optional<RunMark> run_mark(std::string_view value) {
  const std::size_t colon = value.rfind(':');
  if (colon == 0 || colon == value.npos) return std::nullopt;
  RunMark mark{.run = std::string(value.substr(0, colon))};
  const auto digits = value.substr(colon + 1);
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), mark.seq);
  const bool whole = read.ec == std::errc() && read.ptr == digits.data() + digits.size();
  if (!whole || mark.seq < 0) return std::nullopt;
  return mark;
}

std::optional<Time> time_of(std::string_view ts) {
  const auto seconds_text = ts.substr(0, ts.find('.'));
  std::int64_t seconds = 0;
  const char* const end = seconds_text.data() + seconds_text.size();
  const auto read = std::from_chars(seconds_text.data(), end, seconds);
  // The year 9999: what comes later is no time.
  if (read.ec != std::errc() || read.ptr != end || seconds < 0 || seconds > 253'402'300'799)
    return std::nullopt;
  int millis = 0;
  if (seconds_text.size() < ts.size()) {
    const auto fraction = std::string(ts.substr(seconds_text.size() + 1, 3));
    const char* const last = fraction.data() + fraction.size();
    const auto part = std::from_chars(fraction.data(), last, millis);
    if (part.ec != std::errc() || part.ptr != last || millis < 0) return std::nullopt;
  }
  return Time(std::chrono::seconds(seconds) + Millis(millis));
}

Frame read_frame(std::string_view text) {
  const auto frame = parsed(text);
  if (!frame) return Strange{"no JSON, or too deep", rescued_id(text)};
  if (!frame->is_object()) return Strange{"no object", {}};
  const std::string type = text_of(*frame, "type");
  const std::string id = id_of(*frame, "envelope_id");
  if (id.empty() && type == "hello") return hello_of(*frame);
  if (id.empty() && type == "disconnect") return Goodbye{id_of(*frame, "reason")};
  if (id.empty()) return Strange{"neither hello, disconnect nor envelope", {}};
  return Envelope{id, clipped(type, kIdBytesMax), interaction_of(id, type, *frame)};
}

std::string encode(const Interaction& interaction) {
  Json line = Json::object();
  for (const auto& [deed, name] : kDeeds)
    if (deed == interaction.deed) line["deed"] = name;
  each_string(interaction, [&](const char* name, const std::string& value) {
    if (!value.empty()) line[name] = value;
  });
  if (interaction.ephemeral) line["ephemeral"] = true;
  if (interaction.retry != 0) line["retry"] = interaction.retry;
  for (const auto& [name, value] : interaction.inputs)
    line["inputs"][name] = value;
  return dumped(line);
}

std::optional<Interaction> decode(std::string_view line) {
  const auto object = parsed(line);
  if (!object || text_of(*object, "envelope").empty()) return std::nullopt;
  Interaction made;
  const std::string deed = text_of(*object, "deed");
  const auto known = std::ranges::find(kDeeds, deed, &decltype(kDeeds)::value_type::second);
  if (known == kDeeds.end()) return std::nullopt;
  made.deed = known->first;
  each_string(made, [&](const char* name, std::string& value) { value = text_of(*object, name); });
  made.ephemeral = truth_of(*object, "ephemeral");
  made.retry = static_cast<int>(number_of(*object, "retry"));
  const Json& inputs = member(*object, "inputs");
  if (!inputs.is_object()) return made;
  for (const auto& [name, value] : inputs.items())
    if (value.is_string()) made.inputs[name] = value.get<std::string>();
  return made;
}

}  // namespace lockkeeper::slack
