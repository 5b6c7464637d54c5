// SPDX-License-Identifier: Apache-2.0

#include "integrations/slack/text.h"

#include <doctest/doctest.h>

#include <string>

#include "rules/utf8.h"

namespace lockkeeper::slack {

TEST_CASE("nothing that a stranger wrote mentions anybody or forges a link") {
  CHECK(escaped("<!channel> & <@U0BOB>") == "&lt;!channel&gt; &amp; &lt;@U0BOB&gt;");
  CHECK(escaped("<https://x|bank>") == "&lt;https://x|bank&gt;");
  CHECK(escaped("&amp;") == "&amp;amp;");
  for (const char* hostile : {"<!here>", "<<!everyone>>", "<@U1>\n<!subteam^S1>", "<!channel"})
    CHECK(escaped(hostile).find('<') == std::string::npos);
}

TEST_CASE("what garbles a line is gone, and what is not UTF-8 is replaced") {
  CHECK(clean(std::string("a\0b", 3)) == "ab");
  CHECK(clean("a\x1b[2Jb\r\n\tc") == "a[2Jb\n\tc");
  CHECK(clean("user\u202Egnp.exe\u2066\u200B") == "usergnp.exe");
  CHECK(clean("\xff"
              "a\xC3") ==
        "\uFFFD"
        "a\uFFFD");
  CHECK(clean("\xED\xA0\x80").find('\xED') == std::string::npos);
  CHECK(clean("wörker 🚀 👩‍🚀") == "wörker 🚀 👩‍🚀");
}

TEST_CASE("a code span stays one, whatever is in it") {
  CHECK(code("*bold* _it_") == "`*bold* _it_`");
  CHECK(code("a`b") == "`a\u02CBb`");
  CHECK(code("a\nb") == "`a b`");
  CHECK(code("<!channel>") == "`&lt;!channel&gt;`");
  CHECK(code("") == "` `");
}

TEST_CASE("a link leads where it says, or is no link") {
  CHECK(link("https://grafana/d?a=1&b=2", "Board") == "<https://grafana/d?a=1&amp;b=2|Board>");
  CHECK(link("https://x/|y>z", "L|M") == "<https://x/%7Cy%3Ez|L/M>");
  CHECK(link("javascript:alert(1)", "Runbook") == "Runbook");
  CHECK(link("https://x y", "<!channel>") == "&lt;!channel&gt;");
}

TEST_CASE("lengths are counted as Slack counts them") {
  CHECK(length("abc") == 3);
  CHECK(length("wörker") == 6);
  CHECK(length("🚀") == 2);
}

TEST_CASE("a text that fits is not touched") {
  CHECK(cut("short", 10) == "short");
  CHECK(cut("exactly 10", 10) == "exactly 10");
}

TEST_CASE("a cut is never inside an entity, a mention, a character or a code span") {
  CHECK(cut("abc&amp;defgh", 10) == "abc…");
  CHECK(cut("ab<@U0BOB|bob> and more", 12) == "ab…");
  CHECK(cut("🚀🚀🚀🚀🚀🚀", 10) == "🚀🚀…");
  CHECK(cut("say `kubectl get nodes` now", 15) == "say `kubec`…");
  CHECK(cut("```\na\nb\nc\nd\ne\nf\n```", 14) == "```\na\nb\nc\n```…");
  CHECK(cut_plain("a<b>cdefghij", 6) == "a<b>c…");
}

TEST_CASE("every cut of a hostile text is whole, however long it may be") {
  const std::string hostile =
      "&lt;!channel&gt; `a&amp;b` wörker 🚀 <https://x|y> ```block &gt; 👩‍🚀``` end "
      "&amp; "
      "<broken";
  for (std::size_t most = 8; most < 100; ++most) {
    CAPTURE(most);
    const std::string text = cut(hostile, most);
    CHECK(length(text) <= most);
    CHECK(invalid_utf8_at(text) == text.size());
    const std::size_t amp = text.rfind('&');
    if (amp != std::string::npos) CHECK(text.find(';', amp) != std::string::npos);
  }
}

TEST_CASE("the command is named as the workspace knows it, and nothing else is") {
  CHECK(naming("to see it: /upgrade plan 1.34.7; or `/upgrade`", "/k8s") ==
        "to see it: /k8s plan 1.34.7; or `/k8s`");
  CHECK(naming("/upgrade", "/k8s-upgrade") == "/k8s-upgrade");
  for (const auto* other : {"/upgrades", "a/upgrade", "/upgrade/x", "//upgrade", "/upgrade-x", ""})
    CHECK(naming(other, "/k8s") == other);
  CHECK(naming("/upgrade help", "/upgrade") == "/upgrade help");
  CHECK(naming("/upgrade help", "") == "/upgrade help");
}

TEST_CASE("what was typed is read as it was meant") {
  CHECK(typed("start prod &amp; &lt;now&gt;") == "start prod & <now>");
  CHECK(typed("--approver <@U0BOB|bob> in <#C0OPS|ops>") == "--approver <@U0BOB> in <#C0OPS>");
  CHECK(typed("<!subteam^S0SRE|@sre>") == "<!subteam^S0SRE>");
  CHECK(typed("<http://x/?a=1&amp;b|x> <https://y>") == "http://x/?a=1&b https://y");
  CHECK(typed("a\u00A0b\u200Bc") == "a bc");
  CHECK(typed("&amp;lt;") == "&lt;");
  CHECK(typed("&&&&; &nbsp; < & ;") == "&&&&; &nbsp; < & ;");
}

}  // namespace lockkeeper::slack
