// SPDX-License-Identifier: Apache-2.0
#include "integrations/slack/lint_walk.h"

#include <algorithm>

#include "integrations/slack/text.h"

namespace lockkeeper::slack {

bool LintWalk::object(const Json& value, const std::string& at) {
  if (value.is_object()) return true;
  add(at, "must be an object");
  return false;
}

void LintWalk::known(const Json& object, const std::string& at, Names names) {
  for (const auto& [name, value] : object.items())
    if (std::ranges::find(names, name) == names.end()) add(below(at, name), "unknown member");
}

void LintWalk::string(const Json& object, const std::string& at, std::string_view name,
                      bool required, std::size_t most, std::size_t least) {
  const Json& value = member(object, name);
  if (value.is_null() && !required) return;
  if (!value.is_string()) return add(below(at, name), "must be a string");
  const std::size_t units = length(value.get_ref<const std::string&>());
  if (units < least) add(below(at, name), fmt::format("shorter than {}", least));
  if (units > most) add(below(at, name), fmt::format("longer than {}", most));
}

bool LintWalk::list(const Json& object, const std::string& at, std::string_view name,
                    std::size_t most) {
  const Json& value = member(object, name);
  if (!value.is_array() || value.empty()) {
    add(below(at, name), "must be a list with something in it");
    return false;
  }
  if (value.size() > most) add(below(at, name), fmt::format("more than {}", most));
  return true;
}

void LintWalk::one_of(const Json& object, const std::string& at, std::string_view name,
                      Names words) {
  const Json& value = member(object, name);
  if (value.is_null()) return;
  if (!value.is_string() || std::ranges::find(words, value.get<std::string>()) == words.end())
    add(below(at, name), "not one of " + fmt::format("{}", fmt::join(words, ", ")));
}

void LintWalk::flag(const Json& object, const std::string& at, std::string_view name) {
  const Json& value = member(object, name);
  if (!value.is_null() && !value.is_boolean()) add(below(at, name), "must be true or false");
}

void LintWalk::text(const Json& holder, const std::string& at, std::string_view name, bool required,
                    std::size_t most, bool plain_only) {
  const Json& value = member(holder, name);
  if (value.is_null() && !required) return;
  text_object(value, below(at, name), most, plain_only);
}

void LintWalk::text_object(const Json& value, const std::string& at, std::size_t most,
                           bool plain_only) {
  if (!object(value, at)) return;
  const std::string type = text_of(value, "type");
  if (type == "plain_text") {
    known(value, at, {"type", "text", "emoji"});
    flag(value, at, "emoji");
  } else if (type == "mrkdwn" && !plain_only) {
    known(value, at, {"type", "text", "verbatim"});
    flag(value, at, "verbatim");
  } else {
    add(below(at, "type"), plain_only ? "must be plain_text" : "must be plain_text or mrkdwn");
  }
  string(value, at, "text", true, most);
  text_total_ += length(text_of(value, "text"));
}

void LintWalk::confirm(const Json& holder, const std::string& at) {
  const Json& value = member(holder, "confirm");
  const std::string here = below(at, "confirm");
  if (value.is_null() || !object(value, here)) return;
  known(value, here, {"title", "text", "confirm", "deny", "style"});
  text(value, here, "title", true, 100, true);
  text(value, here, "text", true, 300, false);
  text(value, here, "confirm", true, 30, true);
  text(value, here, "deny", true, 30, true);
  one_of(value, here, "style", {"primary", "danger"});
}

void LintWalk::option(const Json& value, const std::string& at, bool mrkdwn) {
  if (!object(value, at)) return;
  known(value, at, {"text", "value", "description", "url"});
  text(value, at, "text", true, 75, !mrkdwn);
  text(value, at, "description", false, 75, !mrkdwn);
  string(value, at, "value", true, 75);
  string(value, at, "url", false, 3000);
}

void LintWalk::options(const Json& holder, const std::string& at, std::size_t most, bool mrkdwn) {
  if (!list(holder, at, "options", most)) return;
  const Json& all = member(holder, "options");
  for (std::size_t i = 0; i < all.size(); ++i)
    option(all[i], fmt::format("{}/options/{}", at, i), mrkdwn);
}

void LintWalk::button(const Json& value, const std::string& at) {
  known(value, at,
        {"type", "text", "action_id", "url", "value", "style", "confirm", "accessibility_label"});
  text(value, at, "text", true, 75, true);
  string(value, at, "value", false, 2000, 0);
  string(value, at, "url", false, 3000);
  string(value, at, "accessibility_label", false, 75);
  one_of(value, at, "style", {"primary", "danger"});
}

void LintWalk::select(const Json& value, const std::string& at) {
  known(value, at,
        {"type", "action_id", "placeholder", "options", "initial_option", "initial_options",
         "confirm", "max_selected_items", "focus_on_load", "initial_user", "initial_users"});
  text(value, at, "placeholder", false, 150, true);
  const std::string type = text_of(value, "type");
  if (type.ends_with("static_select")) options(value, at, 100, false);
  if (value.contains("initial_option"))
    option(value["initial_option"], below(at, "initial_option"), false);
}

// Five options in an overflow menu is what its documentation says; a sixth was never tried.
void LintWalk::choices(const Json& value, const std::string& at) {
  known(value, at,
        {"type", "action_id", "options", "initial_option", "initial_options", "confirm",
         "focus_on_load"});
  const bool overflow = text_of(value, "type") == "overflow";
  options(value, at, overflow ? 5 : 10, !overflow);
}

void LintWalk::input(const Json& value, const std::string& at) {
  known(value, at,
        {"type", "action_id", "placeholder", "initial_value", "multiline", "min_length",
         "max_length", "dispatch_action_config", "focus_on_load"});
  text(value, at, "placeholder", false, 150, true);
  string(value, at, "initial_value", false, 3000, 0);
  flag(value, at, "multiline");
  const auto least = number_of(value, "min_length");
  const auto most = number_of(value, "max_length", 3000);
  if (least < 0 || least > 3000) add(below(at, "min_length"), "not from 0 to 3000");
  if (most < 1 || most > 3000) add(below(at, "max_length"), "not from 1 to 3000");
}

void LintWalk::image(const Json& value, const std::string& at, bool block) {
  known(value, at, {"type", "image_url", "slack_file", "alt_text", "title", "block_id"});
  string(value, at, "alt_text", true, 2000);
  string(value, at, "image_url", !value.contains("slack_file"), 3000);
  if (block) text(value, at, "title", false, 2000, true);
}

void LintWalk::element(const Json& value, const std::string& at, Names types) {
  if (!object(value, at)) return;
  const std::string type = text_of(value, "type");
  if (std::ranges::find(types, type) == types.end()) {
    return add(below(at, "type"), fmt::format("\"{}\" does not belong here", clean(type)));
  }
  if (type == "image") return image(value, at, false);
  string(value, at, "action_id", false, kActionIdMax);
  const std::string id = text_of(value, "action_id");
  if (!id.empty() && !action_ids_.insert(id).second) add(below(at, "action_id"), "used twice");
  confirm(value, at);
  if (type == "button") return button(value, at);
  if (type == "plain_text_input") return input(value, at);
  if (type.ends_with("_select")) return select(value, at);
  choices(value, at);
}

}  // namespace lockkeeper::slack
