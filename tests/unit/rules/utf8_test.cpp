// SPDX-License-Identifier: Apache-2.0
#include "rules/utf8.h"

#include <doctest/doctest.h>

#include <string>

namespace lockkeeper {

TEST_CASE("valid UTF-8 is valid to its end") {
  for (const std::string text : {"", "ascii", "ä", "€", "😀", "\xF4\x8F\xBF\xBF", "\xEF\xBF\xBF"}) {
    CAPTURE(text);
    CHECK(invalid_utf8_at(text) == text.size());
  }
  using std::string_literals::operator""s;
  CHECK(invalid_utf8_at("a\0b"s) == 3);
}

TEST_CASE("the first byte that is not UTF-8 is found") {
  CHECK(invalid_utf8_at("ab\xFF") == 2);
  CHECK(invalid_utf8_at("\x80") == 0);                  // a continuation without a beginning
  CHECK(invalid_utf8_at("a\xC3") == 1);                 // cut short
  CHECK(invalid_utf8_at("a\xC3(") == 1);                // the second byte is none
  CHECK(invalid_utf8_at("\xC0\x80") == 0);              // NUL in two bytes
  CHECK(invalid_utf8_at("\xC1\xBF") == 0);              // overlong
  CHECK(invalid_utf8_at("\xE0\x80\xAF") == 0);          // overlong
  CHECK(invalid_utf8_at("\xF0\x80\x80\xAF") == 0);      // overlong
  CHECK(invalid_utf8_at("\xED\xA0\x80") == 0);          // a surrogate
  CHECK(invalid_utf8_at("\xED\xBF\xBF") == 0);          // the last surrogate
  CHECK(invalid_utf8_at("\xF4\x90\x80\x80") == 0);      // beyond the last code point
  CHECK(invalid_utf8_at("\xF8\x88\x80\x80\x80") == 0);  // five bytes
}

TEST_CASE("characters have one to four bytes, and none reaches past the end") {
  CHECK(character_bytes("a", 0) == 1);
  CHECK(character_bytes("ä", 0) == 2);
  CHECK(character_bytes("€", 0) == 3);
  CHECK(character_bytes("😀", 0) == 4);
  CHECK(character_bytes("a€", 1) == 3);
  CHECK(character_bytes("\xF0\x9F", 0) == 2);
  CHECK(character_bytes("\xFF", 0) == 1);
  CHECK(character_bytes("a", 5) == 1);
}

TEST_CASE("characters are counted, not bytes") {
  CHECK(character_count("") == 0);
  CHECK(character_count("aä€😀") == 4);
}

TEST_CASE("white space is Unicode's, not only ASCII's") {
  for (const auto* text : {" ", "\t", "\n", "\v", "\f", "\r", "\xC2\x85", "\xC2\xA0",
                           "\xE1\x9A\x80", "\xE2\x80\x80", "\xE2\x80\x8A", "\xE2\x80\xA8",
                           "\xE2\x80\xA9", "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE3\x80\x80"}) {
    CAPTURE(text);
    CHECK(is_space(text));
  }
  for (const auto* text : {"a", "ä", "_", "\xE2\x80\x8B", "\xEF\xBB\xBF", "\x1F", "\x08", "\x0E"}) {
    CAPTURE(text);
    CHECK_FALSE(is_space(text));
  }
}

}  // namespace lockkeeper
