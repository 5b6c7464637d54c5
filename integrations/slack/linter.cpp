// SPDX-License-Identifier: Apache-2.0
#include "integrations/slack/linter.h"

#include <fmt/format.h>

#include <algorithm>

#include "integrations/slack/lint_walk.h"
#include "integrations/slack/text.h"

namespace lockkeeper::slack {

void LintWalk::section(const Json& value, const std::string& at) {
  known(value, at, {"type", "block_id", "text", "fields", "accessory", "expand"});
  const bool fields = value.contains("fields");
  text(value, at, "text", !fields, 3000, false);
  if (fields && list(value, at, "fields", 10)) {
    for (std::size_t i = 0; i < value["fields"].size(); ++i)
      text_object(value["fields"][i], fmt::format("{}/fields/{}", at, i), 2000, false);
  }
  if (value.contains("accessory")) {
    element(value["accessory"], below(at, "accessory"),
            {"button", "image", "overflow", "static_select", "multi_static_select", "users_select",
             "multi_users_select", "radio_buttons", "checkboxes"});
  }
}

void LintWalk::context(const Json& value, const std::string& at) {
  known(value, at, {"type", "block_id", "elements"});
  if (!list(value, at, "elements", 10)) return;
  for (std::size_t i = 0; i < value["elements"].size(); ++i) {
    const Json& part = value["elements"][i];
    const std::string here = fmt::format("{}/elements/{}", at, i);
    if (text_of(part, "type") == "image") {
      image(part, here, false);
    } else {
      text_object(part, here, 3000, false);
    }
  }
}

void LintWalk::actions(const Json& value, const std::string& at) {
  known(value, at, {"type", "block_id", "elements"});
  if (!list(value, at, "elements", 25)) return;
  for (std::size_t i = 0; i < value["elements"].size(); ++i) {
    element(value["elements"][i], fmt::format("{}/elements/{}", at, i),
            {"button", "overflow", "static_select", "users_select", "radio_buttons", "checkboxes"});
  }
}

void LintWalk::input_block(const Json& value, const std::string& at) {
  known(value, at, {"type", "block_id", "label", "element", "hint", "optional", "dispatch_action"});
  has_input_ = true;
  text(value, at, "label", true, 2000, true);
  text(value, at, "hint", false, 2000, true);
  flag(value, at, "optional");
  element(member(value, "element"), below(at, "element"),
          {"plain_text_input", "static_select", "multi_static_select", "users_select",
           "multi_users_select", "radio_buttons", "checkboxes"});
}

void LintWalk::block(const Json& value, const std::string& at) {
  if (!object(value, at)) return;
  action_ids_.clear();
  string(value, at, "block_id", false, kBlockIdMax);
  const std::string id = text_of(value, "block_id");
  if (!id.empty() && !block_ids_.insert(id).second) add(below(at, "block_id"), "used twice");
  const std::string type = text_of(value, "type");
  if (type == "section") return section(value, at);
  if (type == "context") return context(value, at);
  if (type == "actions") return actions(value, at);
  if (type == "image") return image(value, at, true);
  if (type == "input") return input_block(value, at);
  if (type == "divider") return known(value, at, {"type", "block_id"});
  if (type == "header") {
    known(value, at, {"type", "block_id", "text"});
    return text(value, at, "text", true, 150, true);
  }
  if (type == "markdown" && surface_ == Surface::message) {
    known(value, at, {"type", "block_id", "text"});
    text_total_ += length(text_of(value, "text"));
    return string(value, at, "text", true, 12'000);
  }
  add(below(at, "type"), fmt::format("\"{}\" is no block for this", clean(type)));
}

void LintWalk::blocks(const Json& all, const std::string& at) {
  if (!all.is_array()) return add(at, "must be a list");
  const std::size_t most = surface_ == Surface::message ? kMessageBlocksMax : kViewBlocksMax;
  if (all.size() > most) add(at, fmt::format("more than {} blocks", most));
  for (std::size_t i = 0; i < std::min(all.size(), most); ++i)
    block(all[i], fmt::format("{}/{}", at, i));
  if (surface_ == Surface::message && text_total_ > kBlocksTextMax)
    add(at, fmt::format("all text together is longer than {}", kBlocksTextMax));
}

void LintWalk::message(const Json& body) {
  if (!object(body, "")) return;
  string(body, "", "text", false, kMessageTextMax, 0);
  const Json& all = member(body, "blocks");
  if (!all.is_null()) blocks(all, "/blocks");
  const bool removes = truth_of(body, "delete_original");
  if (text_of(body, "text").empty() && all.empty() && !removes) add("/text", "there is no text");
  const Json& metadata = member(body, "metadata");
  if (metadata.is_null()) return;
  if (!object(metadata, "/metadata")) return;
  known(metadata, "/metadata", {"event_type", "event_payload"});
  string(metadata, "/metadata", "event_type", true, 255);
  object(member(metadata, "event_payload"), "/metadata/event_payload");
}

void LintWalk::view(const Json& view) {
  if (!object(view, "")) return;
  known(view, "",
        {"type", "title", "blocks", "close", "submit", "private_metadata", "callback_id",
         "clear_on_close", "notify_on_close", "external_id", "submit_disabled"});
  one_of(view, "", "type", {"modal", "home"});
  if (surface_ == Surface::modal) {
    text(view, "", "title", true, 24, true);
    text(view, "", "submit", false, 24, true);
    text(view, "", "close", false, 24, true);
  }
  string(view, "", "private_metadata", false, 3000, 0);
  string(view, "", "callback_id", false, 255);
  string(view, "", "external_id", false, 255, 0);
  blocks(member(view, "blocks"), "/blocks");
  if (surface_ == Surface::modal && has_input_ && !view.contains("submit"))
    add("/submit", "a modal with inputs needs it");
  if (dumped(view).size() > kViewBytesMax)
    add("", fmt::format("larger than {} bytes", kViewBytesMax));
}

namespace {

const std::vector<Offence>& no_json() {
  static const std::vector<Offence> offence = {{"", "no JSON"}};
  return offence;
}

}  // namespace

std::vector<Offence> lint_message(std::string_view json) {
  const auto body = parsed(json);
  if (!body) return no_json();
  LintWalk linter(Surface::message);
  linter.message(*body);
  return std::move(linter).offences();
}

std::vector<Offence> lint_view(std::string_view json) {
  const auto view = parsed(json);
  if (!view) return no_json();
  LintWalk linter(text_of(*view, "type") == "home" ? Surface::home : Surface::modal);
  linter.view(*view);
  return std::move(linter).offences();
}

std::vector<Offence> lint_blocks(std::string_view json) {
  const auto all = parsed(json);
  if (!all) return no_json();
  LintWalk linter(Surface::message);
  linter.blocks(*all, "");
  return std::move(linter).offences();
}

std::string described(const std::vector<Offence>& offences) {
  if (offences.empty()) return {};
  const auto& first = offences.front();
  const std::string more =
      offences.size() > 1 ? fmt::format(" (and {} more)", offences.size() - 1) : "";
  return fmt::format("{}: {}{}", first.pointer, first.what, more);
}

}  // namespace lockkeeper::slack
