// SPDX-License-Identifier: Apache-2.0
#include "integrations/web/texts.h"

#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>

#include "integrations/json/reader.h"
#include "rules/text.h"

namespace lockkeeper::web {
namespace {

using Json = nlohmann::ordered_json;

/// Finds the member "text" on top, and nothing else.
class TextFinder : public json::Listener {
 public:
  std::optional<std::string> text;

  Status begin(const json::Path& path, json::Shape shape) override {
    if (path.depth() == 0 && shape != json::Shape::object) {
      return json::wrong_type(path, "an object");
    }
    return is_text(path) ? json::wrong_type(path, "a string") : Status();
  }
  Status end(const json::Path&, json::Shape) override { return {}; }
  Status value(const json::Path& path, const json::Value& value) override {
    if (path.depth() == 0) return json::wrong_type(path, "an object");
    if (!is_text(path)) return {};
    if (value.kind != json::Value::Kind::text) return json::wrong_type(path, "a string");
    text = value.text;
    return {};
  }

 private:
  static bool is_text(const json::Path& path) { return path.depth() == 1 && path.key(0) == "text"; }
};

std::string_view tone_name(Tone tone) {
  switch (tone) {
    case Tone::detail:
      return "detail";
    case Tone::news:
      return "news";
    case Tone::needs_you:
      return "needs_you";
    case Tone::trouble:
      return "trouble";
  }
  return "news";
}

/// One line; bytes that are not UTF-8 must not keep an answer from being sent.
std::string dumped(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace

Result<std::string> command_in(std::string_view body) {
  // Strict also where it is only passed on: two "text" members would mean different things to
  // different readers.
  if (trimmed(body).empty()) return fail("the body is empty");
  TextFinder finder;
  if (auto read = json::read(body, {}, finder); !read) return std::unexpected(read.error());
  return finder.text ? std::move(*finder.text) : std::string(body);
}

std::string json_of(const CommandAnswer& answer) {
  return dumped({{"ok", answer.ok}, {"text", answer.text}, {"confirm", answer.confirm}});
}

std::string json_of(const About& about, const WebhookMark& mark, const Board& board) {
  return dumped({{"name", "lockkeeper"},
                 {"cluster", about.cluster},
                 {"version", about.version},
                 {"configuration", about.configuration},
                 {"started", to_string(board.started())},
                 {"webhook", mark.at},
                 {"test", mark.test}});
}

std::string json_of(const Board& board, std::uint64_t after) {
  Json messages = Json::array();
  for (const Posted& posted : board.after(after)) {
    messages.push_back({{"number", posted.number},
                        {"at", to_string(posted.at)},
                        {"tone", tone_name(posted.message.tone)},
                        {"ending", posted.message.ending},
                        {"run", posted.message.run},
                        {"text", posted.message.text}});
  }
  return dumped(
      {{"started", to_string(board.started())},
       {"last", messages.empty() ? board.last() : messages.back()["number"].get<std::uint64_t>()},
       {"messages", std::move(messages)}});
}

Result<std::uint64_t> message_number(std::string_view text) {
  std::uint64_t number = 0;
  if (text.empty()) return number;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) {
    return fail("after: not a message's number");
  }
  return number;
}

}  // namespace lockkeeper::web
