// SPDX-License-Identifier: Apache-2.0

// What libinih 55 does to a text without a word, row by row. Each case first shows that the library
// really bends it, as far as a test can ask it, and then that we refuse it or read it whole.

#include <doctest/doctest.h>
#include <ini.h>

#include <string>

#include "config/ini.h"

namespace lockkeeper {
namespace {

std::string refusal(std::string_view text) {
  std::string lines;
  for (const auto& error : parse_ini(text, "f", {}).errors.listed())
    lines += to_string(error) + "\n";
  return lines;
}

int append_pair(void* out, const char* section, const char* key, const char* value) {
  static_cast<std::string*>(out)->append(section).append(".").append(key).append("=").append(
      std::string(value) + "|");
  return 1;
}

/// What the library alone makes of it.
std::string library(const std::string& text) {
  std::string out;
  ini_parse_string(text.c_str(), append_pair, &out);
  return out;
}

std::string only_value(std::string_view text) {
  const auto file = parse_ini(text, "f", {});
  REQUIRE(file.errors.empty());
  REQUIRE(file.sections.size() == 1);
  REQUIRE(file.sections[0].entries.size() == 1);
  return file.sections[0].entries[0].value;
}

const std::string kIndented =
    "an indented line would continue the value above; begin it in the first column\n";

std::string comment_inside(const std::string& at, const std::string& mark) {
  return "f:" + at + ": \" " + mark +
         "\" inside a value: a comment stands on its own line; in a regular expression write \"[ "
         "]" +
         mark + "\"\n";
}

}  // namespace

TEST_CASE("a line longer than the limit never becomes two") {
  const std::string forged = "[r]\nk = " + std::string(70'000, 'x') + "\naction = ignore\n";
  CHECK(refusal(forged) == "f:2: the line is longer than 65536 bytes\n");
  const std::string comment = "[r]\n#" + std::string(70'000, 'x') + "\naction = ignore\n";
  CHECK(refusal(comment) == "f:2: the line is longer than 65536 bytes\n");
}

TEST_CASE("a tail that looks like a key stays part of its value") {
  // With the default buffer of 200 bytes the library would deliver a second key `action`.
  const std::string value = std::string(195, 'x') + "action=ignore";
  CHECK(only_value("[r]\nk = " + value + "\n") == value);
}

TEST_CASE("a blank and a semicolon cut a value") {
  CHECK(library("[r]\nmatch = a=~\"x ;y\"\n") == "r.match=a=~\"x|");
  CHECK(refusal("[r]\nmatch = a=~\"x ;y\"\n") == comment_inside("2:15", ";"));
  CHECK(refusal("[r]\nk = v\t; why\n") == comment_inside("2:7", ";"));
  CHECK(only_value("[r]\nk = x;y\n") == "x;y");
}

TEST_CASE("a blank and a hash look like a comment but become part of the value") {
  CHECK(library("[r]\nk = v # why\n") == "r.k=v # why|");
  CHECK(refusal("[r]\nk = v # why\n") == comment_inside("2:7", "#"));
  CHECK(only_value("[r]\nk = a=\"v # 1\"\n") == "a=\"v # 1\"");
  CHECK(only_value("[r]\nk = v#1\n") == "v#1");
}

TEST_CASE("a value that begins with a semicolon is lost") {
  CHECK(library("[r]\nm = ;x\n") == "r.m=|");
  const std::string told = ": the value begins with ';' and would be read as a comment\n";
  CHECK(refusal("[r]\nm = ;x\n") == "f:2:5" + told);
  CHECK(refusal("[r]\nm =;x\n") == "f:2:4" + told);
}

TEST_CASE("doubled sections merge and doubled keys both arrive") {
  CHECK(library("[r]\na=1\n[s]\nb=2\n[r]\na=3\n") == "r.a=1|s.b=2|r.a=3|");
  CHECK(refusal("[r]\na=1\n[s]\nb=2\n[r]\na=3\n") == "f:5: [r] stands already in line 1\n");
}

TEST_CASE("a section's name is cut at 49 bytes, may have blanks, and hides what follows it") {
  const std::string fits(49, 's');
  CHECK(parse_ini("[" + fits + "]\nk=v\n", "f", {}).errors.empty());
  CHECK(library("[" + fits + "X]\nk=v\n") == fits + ".k=v|");
  CHECK(refusal("[" + fits + "X]\nk=v\n") == "f:1: the section name is longer than 49 bytes\n");
  CHECK(library("[ r ]\nk=v\n") == " r .k=v|");
  CHECK(refusal("[ r ]\nk=v\n") == "f:1: remove the blanks at the ends of the section name\n");
  CHECK(library("[r] k=v\nl=w\n") == "r.l=w|");
  CHECK(refusal("[r] k=v\n") ==
        "f:1:4: nothing may follow [r] on its line; a comment stands on its own\n");
  CHECK(refusal("[r] # why\n") ==
        "f:1:4: nothing may follow [r] on its line; a comment stands on its own\n");
  CHECK(refusal("[]\nk=v\n") == "f:1: the section has no name\n");
}

TEST_CASE("keys behind a bad section do not fall into the one before") {
  CHECK(library("[a]\n[r ;x]\nk=v\n") == "a.k=v|");
  CHECK(refusal("[a]\n[r ;x]\nk=v\n") == "f:2: a section name cannot hold \" ;\"\n");
  CHECK(refusal("[a]\n[r #x]\nk=v\n") == "f:2: a section name cannot hold \" #\"\n");
  const auto file = parse_ini("[a]\n[r ;x]\nk=v\n", "f", {});
  REQUIRE(file.sections.size() == 1);
  CHECK(file.sections[0].entries.empty());
}

TEST_CASE("an indented line is glued to the key above, even behind comments and empty lines") {
  CHECK(library("[r]\na = 1\n  b = 2\n") == "r.a=1|r.a=b = 2|");
  CHECK(refusal("[r]\na = 1\n  b = 2\n") == "f:3: " + kIndented);
  CHECK(refusal("[r]\na = 1\n\n# note\n\tb = 2\n") == "f:5: " + kIndented);
  CHECK(refusal("[r]\n b = 2\n") == "f:2: " + kIndented);
  CHECK(refusal(" [r]\n") == "f:1: " + kIndented);
  CHECK(parse_ini("[r]\na = 1\n   # an indented comment\n   \nb = 2\n", "f", {}).errors.empty());
}

TEST_CASE("a no-break space is not an indentation but part of the key") {
  CHECK(library("[r]\n\xC2\xA0k = v\n") == "r.\xC2\xA0k=v|");
  CHECK(refusal("[r]\n\xC2\xA0k = v\n") ==
        "f:2: a key is one word of letters, digits and _, followed by '='\n");
}

TEST_CASE("a colon separates as well, and comes first") {
  CHECK(library("[r]\na:b=c\n") == "r.a=b=c|");
  CHECK(refusal("[r]\na:b=c\n") ==
        "f:2: a key is one word of letters, digits and _, followed by '='\n");
}

TEST_CASE("an empty key is delivered") {
  CHECK(library("[r]\n= v\n") == "r.=v|");
  CHECK(refusal("[r]\n= v\n") == "f:2: the key before '=' is missing\n");
}

TEST_CASE("NUL ends a line without a word") {
  using std::string_literals::operator""s;
  CHECK(refusal("[r]\nk = v\0w\n"s) == "f:2:6: the line holds a NUL byte\n");
  CHECK(refusal("\0"s) == "f:1:1: the line holds a NUL byte\n");
}

TEST_CASE("other control characters are trimmed like blanks") {
  CHECK(library("[r]\nk = v\v\f\n") == "r.k=v|");
  CHECK(refusal("[r]\nk = v\v\n") == "f:2:6: the line holds the control character 0x0B\n");
  CHECK(refusal("[r]\nk\r = v\n") == "f:2:2: the line holds the control character 0x0D\n");
  CHECK(refusal("[r]\nk = v\x7F\n") == "f:2:6: the line holds the control character 0x7F\n");
  CHECK(refusal("[r]\nk = \x1B[31mred\n") == "f:2:5: the line holds the control character 0x1B\n");
  CHECK(only_value("[r]\nk = a\tb\n") == "a\tb");
}

TEST_CASE("what is not UTF-8 is refused, with the column in characters") {
  CHECK(refusal("[r]\nk = \xC3\xA4\xFF\n") == "f:2:6: the text is not valid UTF-8\n");
  CHECK(refusal("\xFF\xFE[\0r\0]\0") == "f:1:1: the text is not valid UTF-8\n");
  CHECK(only_value("[r]\nk = \xC3\xA4\n") == "\xC3\xA4");
}

TEST_CASE("a second byte order mark is not a blank") {
  CHECK(refusal("\xEF\xBB\xBF\xEF\xBB\xBF[r]\n") ==
        "f:1: write key = value; there is no '=' in this line\n");
}

TEST_CASE("a trailing backslash continues nothing") {
  const auto file = parse_ini("[r]\nk = v\\\nl = w\n", "f", {});
  REQUIRE(file.errors.empty());
  CHECK(file.sections[0].entries.size() == 2);
  CHECK(file.sections[0].entries[0].value == "v\\");
}

TEST_CASE("a library that reads otherwise than we do is caught") {
  // Debian's libinih can be told to bend at run time; elsewhere it is how it was compiled.
  REQUIRE(parse_ini("[r]\nk=v\n", "f", {}).errors.empty());
  const std::string told = ": the ini library reads this line differently; write it more simply\n";
  SUBCASE("by cutting long lines") {
    const int limit = ini_max_line;
    ini_max_line = 200;
    const auto found = refusal("[r]\na = 1\nk = " + std::string(300, 'x') + "=y\nl = w\n");
    ini_max_line = limit;
    CHECK(found == "f:3" + told);
  }
  SUBCASE("by another comment character") {
    char* const prefixes = ini_start_comment_prefixes;
    std::string other = ";#k";
    ini_start_comment_prefixes = other.data();
    const auto found = refusal("[r]\na = 1\nk = v\n");
    ini_start_comment_prefixes = prefixes;
    CHECK(found == "f:3" + told);
  }
  SUBCASE("by refusing a line") {
    char* const prefixes = ini_start_comment_prefixes;
    std::string other = ";";
    ini_start_comment_prefixes = other.data();
    const auto found = refusal("[r]\na = 1\n# no pair\n");
    ini_start_comment_prefixes = prefixes;
    CHECK(found == "f:3: the ini library refuses this line\n");
  }
  CHECK(parse_ini("[r]\nk=v\n", "f", {}).errors.empty());
}

}  // namespace lockkeeper
