// SPDX-License-Identifier: Apache-2.0

// The reading of matchers. The rows m001 to m104 were verified against Alertmanager's classic and
// its UTF-8 parser; where the two agree we do as they do, where they differ we refuse and name the
// way that means the same to both.

#include <doctest/doctest.h>

#include "rules/matcher.h"

namespace lockkeeper {
namespace {

const Labels kNotReady{
    {"alertname", "KubeNodeNotReady"}, {"severity", "critical"}, {"node", "worker-3"}};
const Labels kWatchdog{{"alertname", "Watchdog"}, {"severity", "none"}};
const Labels kNothing{};

Labels one(std::string_view name, std::string_view value) {
  Labels labels;
  labels.set(name, value);
  return labels;
}

bool match(std::string_view text, const Labels& labels) {
  const auto matchers = parse_matchers(text);
  if (!matchers) FAIL(matchers.error().what);
  return matches(*matchers, labels);
}

/// "column: reason", or "accepted".
std::string refusal(std::string_view text) {
  const auto matchers = parse_matchers(text);
  if (matchers) return "accepted";
  return std::to_string(matchers.error().column) + ": " + matchers.error().what;
}

}  // namespace

TEST_CASE("m001-m005 one matcher and several, with and without braces and blanks") {
  CHECK(match("alertname=KubeNodeNotReady", kNotReady));
  CHECK_FALSE(match("alertname=KubeNodeNotReady", kWatchdog));
  CHECK_FALSE(match("alertname=KubeNodeNotReady", kNothing));
  CHECK(match("{alertname=\"KubeNodeNotReady\"}", kNotReady));
  CHECK_FALSE(match("{alertname=\"KubeNodeNotReady\"}", kWatchdog));
  CHECK(match("  alertname  =  \"KubeNodeNotReady\"  ", kNotReady));
  CHECK(match("alertname=\"KubeNodeNotReady\",severity=\"critical\"", kNotReady));
  CHECK_FALSE(match("alertname=\"KubeNodeNotReady\",severity=\"critical\"", kWatchdog));
}

TEST_CASE("m007 a comma at the end, and blanks around commas") {
  CHECK(match("alertname=\"KubeNodeNotReady\",", kNotReady));
  CHECK(match("{alertname=\"KubeNodeNotReady\" , severity=critical , }", kNotReady));
}

TEST_CASE("m008, m009 a brace without its partner is tolerated by one dialect only") {
  CHECK(refusal("{alertname=\"KubeNodeNotReady\"") == "30: the closing '}' is missing");
  CHECK(refusal("alertname=\"KubeNodeNotReady\"}") == "29: remove the '}', or begin with '{'");
  CHECK(refusal(" {a=\"b\"}") == "2: remove the blank before '{'");
  CHECK(refusal("{a=\"b\"} ") == "8: expected the end after '}', found ' '");
  CHECK(refusal("{{a=\"b\"}}") == "2: expected a label name, found '{'");
  CHECK(refusal("{") == "2: expected a label name, found the end of the text");
}

TEST_CASE("m010, m011 an empty list matches everything") {
  for (const auto* text : {"{}", "", "{ }", "  "}) {
    CAPTURE(text);
    CHECK(match(text, kNotReady));
    CHECK(match(text, kNothing));
  }
}

TEST_CASE("m014, m015 a comma with nothing before it is refused") {
  CHECK(refusal(",") == "1: expected a label name, found ','");
  CHECK(refusal("alertname=\"a\",,severity=\"b\"") == "15: expected a label name, found ','");
  CHECK(refusal("{,}") == "2: expected a label name, found ','");
}

TEST_CASE("m017-m023 a missing label equals the empty string, for all four operators") {
  CHECK_FALSE(match("severity!=\"critical\"", kNotReady));
  CHECK(match("severity!=\"critical\"", kWatchdog));
  CHECK(match("severity!=\"critical\"", kNothing));
  CHECK_FALSE(match("severity=\"\"", kNotReady));
  CHECK(match("severity=\"\"", kNothing));
  CHECK(match("severity=\"\"", one("severity", "")));
  CHECK(match("severity!=\"\"", kNotReady));
  CHECK_FALSE(match("severity!=\"\"", kNothing));
  CHECK(match("team=~\".*\"", kNothing));
  CHECK(match("team=~\".*\"", one("team", "x")));
  CHECK_FALSE(match("team=~\".+\"", kNothing));
  CHECK(match("team=~\".+\"", one("team", "x")));
}

TEST_CASE("m019 no value at all is refused") {
  CHECK(refusal("severity=") == "10: expected a value; write \"\" for the empty one");
  CHECK(refusal("severity=,a=b") == "10: expected a value; write \"\" for the empty one");
  CHECK(refusal("{severity=}") == "11: expected a value; write \"\" for the empty one");
}

TEST_CASE("m025-m031 regular expressions are anchored, and a dot is no newline") {
  CHECK(match("severity!~\"info|none\"", kNotReady));
  CHECK_FALSE(match("severity!~\"info|none\"", kWatchdog));
  CHECK(match("severity!~\"info|none\"", kNothing));
  CHECK(match("severity!~\"info|none\"", one("severity", "information")));
  CHECK(match("severity=~\"warning|critical\"", kNotReady));
  CHECK_FALSE(match("severity=~\"warning|critical\"", one("severity", "critical2")));
  CHECK_FALSE(match("severity=~\"warning|critical\"", one("severity", "xwarning")));
  CHECK_FALSE(match("alertname=~\"Kube\"", kNotReady));
  CHECK(match("alertname=~\"Kube\"", one("alertname", "Kube")));
  CHECK(match("alertname=~\"(?i)kubenode.*\"", kNotReady));
  CHECK_FALSE(match("alertname=~\"a.b\"", one("alertname", "a\nb")));
  CHECK(match("alertname=~\"a.b\"", one("alertname", "axb")));
}

TEST_CASE("m035, m036 a backslash is doubled") {
  CHECK(match("node=~\"worker-\\\\d+\"", kNotReady));
  CHECK(refusal("node=~\"worker-\\d+\"") == "15: double the backslash: \\\\d");
  CHECK(refusal("node=~\"\\\xC3\xA4\"") == "8: double the backslash: \\\\\xC3\xA4");
}

TEST_CASE("m039-m045, m098, m104 what RE2 or an older Go would not compile is refused") {
  CHECK(refusal("alertname=~\"a(?=b)\"") ==
        "12: bad regular expression: invalid perl operator: (?=");
  CHECK(refusal("alertname=~\"(a)\\\\1\"") ==
        "12: bad regular expression: invalid escape sequence: \\1");
  CHECK(match("alertname=\"(\"", one("alertname", "(")));
  CHECK(refusal("alertname=~\"a{1001}\"") ==
        "12: bad regular expression: invalid repetition size: {1001}");
  CHECK(refusal("alertname=~\"(x{500}){500}\"").starts_with("12: bad regular expression: "));
  CHECK(refusal("alertname=~\"(?<x>K).*\"") ==
        "12: bad regular expression: invalid perl operator: (?<");
}

TEST_CASE("m050, m051 a comma belongs into quotes") {
  CHECK(match("summary=\"a,b\"", one("summary", "a,b")));
  CHECK(refusal("summary=a,b") == "12: expected =, !=, =~ or !~, found the end of the text");
}

TEST_CASE("m053, m055 escapes that mean different things are refused") {
  CHECK(refusal("summary=\"tab\\tx\"") == "13: double the backslash: \\\\t");
  CHECK(refusal("summary=\"\\u00e9\"") == "10: double the backslash: \\\\u");
  CHECK(match("summary=\"a\\nb\\\"c\\\\d\"", one("summary", "a\nb\"c\\d")));
  CHECK(match("summary=\"a\tb\"", one("summary", "a\tb")));
  CHECK(refusal("summary=\"a\nb\"") == "11: write a newline inside quotes as \\n");
}

TEST_CASE("m058 a quote that is never closed is refused where it opens") {
  CHECK(refusal("summary=\"oops") == "9: the closing quote is missing");
  CHECK(refusal("summary=\"oops\\") == "14: the closing quote is missing");
  CHECK(refusal("summary=\"a\" \"b\"") == "13: expected ',', found '\"'");
  CHECK(refusal("summary=\"a\"b") == "12: expected ',', found 'b'");
}

TEST_CASE("m061-m067 what one dialect reads as a bare value is to be quoted") {
  CHECK(refusal("summary='x'") == "9: quote the value, it begins with '''");
  CHECK(refusal("summary=a b") == "11: quote the value, or write ',' before 'b'");
  CHECK(refusal("summary=a=b") == "10: quote the value, or write ',' before '='");
  CHECK(refusal("summary=a'b") == "10: quote the value, or write ',' before '''");
  CHECK(refusal("summary=a\\b") == "10: quote the value, or write ',' before '\\'");
  CHECK(refusal("summary=`a`") == "9: quote the value, it begins with '`'");
  CHECK(match("summary=~a|b", one("summary", "a")));
  CHECK(match("summary=~a|b", one("summary", "b")));
  CHECK_FALSE(match("summary=~a|b", one("summary", "a|b")));
  CHECK(match("summary=~a.*(b|c)+", one("summary", "axbc")));
}

TEST_CASE("m069, m094 text is compared as it is, without normalising") {
  CHECK(match("node=\"wörker-3\"", one("node", "w\xC3\xB6rker-3")));
  CHECK_FALSE(match("node=\"wörker-3\"", one("node", "wo\xCC\x88rker-3")));
  CHECK(match("alertname=\"😀\"", one("alertname", "😀")));
  CHECK(match("alertname=😀", one("alertname", "😀")));
}

TEST_CASE("m072-m076 a label name beyond the classic ones is quoted") {
  CHECK(refusal("größe=\"x\"") == "1: quote the label name: \"größe\"");
  CHECK(refusal("foo.bar=x") == "1: quote the label name: \"foo.bar\"");
  CHECK(refusal("a=b, 1a=x") == "6: quote the label name: \"1a\"");
  CHECK(match("\"alertname\"=\"KubeNodeNotReady\"", kNotReady));
  CHECK(match("\"größe\"=\"x\"", one("größe", "x")));
  CHECK(match("{\"foo.bar\" != x}", kNothing));
  CHECK(match("a:b_C9=x", one("a:b_C9", "x")));
  CHECK(refusal("\"\"=\"x\"") == "1: a label name cannot be empty");
}

TEST_CASE("m082-m089 other languages are refused where they begin to differ") {
  CHECK(refusal("alertname==x") == "11: quote the value, it begins with '='");
  CHECK(match("alertname!~\"Watchdog\"", kNotReady));
  CHECK_FALSE(match("alertname!~\"Watchdog\"", kWatchdog));
  CHECK(match("alertname!~\"Watchdog\"", kNothing));
  CHECK(refusal("alertname=\"Watchdog\";severity=\"none\"") == "21: expected ',', found ';'");
  CHECK(refusal("alertname=\"a\" or alertname=\"b\"") == "15: expected ',', found 'o'");
  CHECK(refusal("alertname") == "10: expected =, !=, =~ or !~, found the end of the text");
  CHECK(refusal("alertname ~ \"x\"") == "11: expected =, !=, =~ or !~, found '~'");
  CHECK(refusal("=\"x\"") == "1: expected a label name, found '='");
}

TEST_CASE("blanks beyond ASCII are not blanks in both dialects") {
  CHECK(refusal("a=\"b\",\xC2\xA0"
                "c=\"d\"") == "7: expected a label name, found '\xC2\xA0'");
  CHECK(refusal("a=b\xC2\xA0") == "4: quote the value, or write ',' before '\xC2\xA0'");
  CHECK(refusal("a=\"b\"\v") == "6: expected ',', found '\v'");
  CHECK(match("\na\t=\f\"b\"\r", one("a", "b")));
}

TEST_CASE("the same label twice must hold twice") {
  CHECK(match("a!=\"x\",a!=\"y\"", one("a", "z")));
  CHECK_FALSE(match("a!=\"x\",a!=\"y\"", one("a", "y")));
}

TEST_CASE("columns count characters, not bytes") {
  CHECK(refusal("a=\"äöü\" b") == "9: expected ',', found 'b'");
}

TEST_CASE("what is not UTF-8 or too long is refused") {
  CHECK(refusal("a=\"ä\xFF\"") == "5: not valid UTF-8");
  CHECK(refusal("a=\"" + std::string(70'000, 'x') + "\"") == "1: longer than 65536 bytes");
  CHECK(match("a=\"" + std::string(60'000, 'x') + "\"", one("a", std::string(60'000, 'x'))));
}

TEST_CASE("matchers are written so that both dialects read them") {
  const auto shown = [](std::string_view text) { return to_string(*parse_matchers(text)); };
  CHECK(shown("") == "{}");
  CHECK(shown("a=b,c!=d,e=~f,g!~h") == "{a=\"b\", c!=\"d\", e=~\"f\", g!~\"h\"}");
  CHECK(shown("\"größe\"=\"a\\\"b\\\\\\n\"") == "{\"größe\"=\"a\\\"b\\\\\\n\"}");
  CHECK(shown("\"alertname\"=x") == "{alertname=\"x\"}");
}

TEST_CASE("the first matcher that fails is told") {
  const auto matchers = parse_matchers("alertname=~\"Kube.*\",severity=\"warning\",team=\"x\"");
  REQUIRE(matchers.has_value());
  CHECK(to_string(*first_mismatch(*matchers, kNotReady)) == "severity=\"warning\"");
  CHECK(first_mismatch(Matchers{}, kNotReady) == nullptr);
}

}  // namespace lockkeeper
