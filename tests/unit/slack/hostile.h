// SPDX-License-Identifier: Apache-2.0
#pragma once

// Strings as strangers write them, to harm or by mistake, and a reader that takes a message as
// Slack would: which words call somebody or lead somewhere. It shares no code with the product's
// escaping. Values only; one thread.

#include <re2/re2.h>

#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "integrations/slack/calls.h"
#include "integrations/slack/cards.h"
#include "integrations/slack/linter.h"
#include "rules/utf8.h"

namespace lockkeeper::slack {

inline std::string repeated(std::string_view piece, int times) {
  std::string out;
  for (int i = 0; i < times; ++i)
    out += piece;
  return out;
}

// clang-format off: one to a line would be a page.
inline const std::vector<std::string>& pieces() {
  static const std::vector<std::string> all = {
      "<!channel>", "<!here>", "<!here|here>", "<!everyone>", "<@U0BOB>", "<@U0BOB|bob>",
      "<@W0BOB>", "<#C0OPS>", "<#C0OPS|ops>", "<!subteam^S0SRE|@sre>", "<!subteam^S0SRE>",
      "<https://x.example|bank>", "<https://x.example>", "<mailto:a@b.example|c>", "<tel:1|2>",
      "<!date^0^{date}|now>", "<!date^1795176000^{date_short_pretty} {time}^https://x.example|x>",
      "&lt;!channel&gt;", "&amp;lt;!here&amp;gt;", "&#60;!channel&#62;", "&#x3c;!here&#x3e;", "&",
      "&lt", "&;", "<", ">", "<<", ">>", "<!", "<@", "|", "<!channel", "!here>", "<\n!channel>",
      "\xEF\xBC\x9C!channel\xEF\xBC\x9E", "@here", "@channel", "@everyone", "@bob",
      "#ops-upgrades", "https://x.example/?a=b&c=<d>", "`", "``", "```", "`<!channel>`",
      "```<!here>```", "*", "_", "~", "*bold*", "_it_", "~no~", "> quoted", "\n> quoted", "\n",
      "\r\n", "\t", ":tada:", ":no_entry::rocket:", "\u202e", "\u2066", "\u2069", "\u200b",
      "\u200d", "\u200e", "\ufeff", "\u2028", "\u00a0", "\u061c", "\U000E0001",
      std::string(1, '\0'), "\x01\x1b[31m", "\x7f", "\xff\xfe", "\xc3", "\xed\xa0\x80", "\xf0\x9f",
      "\xf0\x9f\x9a\x80", "\xc0\xbc!channel>", "e\u0301", "\u65e5\u672c", "\"", "'", "\\",
      "\\u003c!channel\\u003e", "{{.Labels}}", "%s%n", "${x}", "]]>", "</script>",
      "\",\"verb\":\"abort\"", "--confirm 1e48f532", " ", ""};
  return all;
}
// clang-format on

/// So many strings, the same each time.
inline std::vector<std::string> hostile_strings(std::size_t count) {
  std::vector<std::string> strings = pieces();
  for (const auto* piece : {"<!channel>", "&", "<", "`", "\xF0\x9F\x9A\x80", "\n", "\xff", "*"})
    strings.push_back(repeated(piece, 3000));
  strings.push_back(repeated("x", 2995) + "<!channel>" + repeated("&", 30));
  std::mt19937 lots(7);
  while (strings.size() < count) {
    std::string text;
    const auto many = 1 + lots() % 12;
    for (unsigned long i = 0; i < many; ++i)
      text += pieces()[lots() % pieces().size()] + (lots() % 3 == 0 ? repeated("x", 40) : "");
    strings.push_back(std::move(text));
  }
  return strings;
}

/// Reads a message as Slack would. Complaints are collected, with where they come from.
class Reader {
 public:
  /// A text in which Slack looks for `<...>`: each must be one that the bot itself writes.
  void mrkdwn(const std::string& where, const std::string& text) {
    letters(where, text);
    static const RE2 ours(R"(<!date\^\d+\^\{date_short_pretty\} \{time\}\|\d\d:\d\d UTC>)");
    static const RE2 entity("&(amp|lt|gt);");
    for (std::size_t at = 0; at < text.size(); ++at) {
      re2::StringPiece rest(text.data() + at, text.size() - at);
      const bool fine = text[at] == '&'   ? RE2::Consume(&rest, entity)
                        : text[at] == '<' ? RE2::Consume(&rest, ours)
                                          : text[at] != '>';
      if (!fine) complain(where, text.substr(at));
      // Behind what was consumed; the loop adds the one letter that is always looked at.
      const std::size_t next = text.size() - rest.size();
      if (next > at) at = next - 1;
    }
  }

  /// Nothing is looked for in it, but people read it.
  void letters(const std::string& where, const std::string& text) {
    if (invalid_utf8_at(text) != text.size()) complain(where, "invalid UTF-8");
    for (const auto* hidden : {"\u202e", "\u2066", "\u2069", "\u200b", "\u200e", "\ufeff", "\u2028",
                               "\u061c", "\U000E0001", "\x1b", "\x01", "\x7f"})
      if (text.find(hidden) != text.npos) complain(where, "hidden letters");
    if (text.find('\0') != text.npos) complain(where, "NUL");
  }

  /// All text objects below.
  void objects(const std::string& where, const nlohmann::json& value) {
    if (value.is_object() && value.contains("type") && value["type"] == "mrkdwn") {
      mrkdwn(where, value["text"]);
      if (!value.value("verbatim", false)) complain(where, "Slack may make links of its words");
    } else if (value.is_object() && value.contains("type") && value["type"] == "plain_text") {
      letters(where, value["text"]);
    } else if (value.is_structured()) {
      for (const auto& [name, inner] : value.items())
        objects(where + "/" + name, inner);
    }
  }

  /// The body of a call, or the payload of an acknowledgement.
  void message(const std::string& body) {
    const auto said = nlohmann::json::parse(body, nullptr, false);
    if (!said.is_object()) return complain("", "no JSON");
    if (const auto found = lint_message(body); !found.empty()) complain("", described(found));
    mrkdwn("/text", said.value("text", ""));
    if (said.value("parse", "") != "none" || said.value("link_names", true))
      complain("", "Slack may make links of its words");
    if (said.contains("blocks")) objects("/blocks", said["blocks"]);
  }

  /// All ways that a layout may go.
  void layout(const Layout& layout) {
    const auto fitted = fit(layout).layout;
    const Posting posting{.channel = "C0OPS", .thread = {}, .name = "run:r-1", .layout = fitted};
    message(post_message(posting, Urgency::news).body);
    message(update_message({"C0OPS", "1.2"}, fitted, Urgency::news).body);
    message(post_ephemeral("U0ANA", posting, Urgency::news).body);
    message(respond("https://hooks.example.test/x", fitted, false, true).body);
    message(slash_ack(fitted));
    const auto frame = nlohmann::json::parse(ack_frame("e-1", slash_ack(fitted)));
    message(frame["payload"].dump());
  }

  std::vector<std::string> complaints;

 private:
  void complain(const std::string& where, const std::string& what) {
    complaints.push_back(where + ": " + what.substr(0, 80));
  }
};

}  // namespace lockkeeper::slack
