// SPDX-License-Identifier: Apache-2.0

// Properties of the strict reader over generated texts: whatever the text, it is either refused or
// read exactly as a second reader, written from the documentation alone, reads it.

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <array>
#include <optional>
#include <set>

#include "config/ini.h"
#include "rules/text.h"
#include "tests/unit/config/plain_reading.h"

namespace lockkeeper {
namespace {

using testing::Pairs;
using testing::plain_reading;

std::optional<Pairs> our_reading(const std::string& text) {
  const std::array<std::string_view, 1> repeatable = {"match"};
  const auto file = parse_ini(text, "f", repeatable);
  if (!file.errors.empty()) return std::nullopt;
  return testing::pairs_of(file);
}

/// Pieces of which hostile and harmless lines are made.
rc::Gen<std::string> piece() {
  return rc::gen::element<std::string>(
      "[", "]", "=", ":", " ", "\t", ";", "#", " ;", " #", "key", "match", "action", "ignore", "a",
      "rule x", "gate", "\"", "\\", "~", "!", "\n", "\r\n", "\r", "\xC2\xA0", "\xC3\xA4",
      "\xEF\xBB\xBF", "\v", std::string(1, '\0'), "\xFF", std::string(60, 's'),
      std::string(199, 'x'), "[s]\n", "\nk = v\n", "\n[t]\n", "= v", "key = ");
}

std::string glued(const std::vector<std::string>& pieces) {
  return joined(pieces, "");
}

/// Lines that the reader is meant to accept.
rc::Gen<std::string> good_line() {
  const auto word = rc::gen::resize(4, rc::gen::container<std::string>(rc::gen::inRange('a', 'e')));
  return rc::gen::map(rc::gen::tuple(rc::gen::inRange(0, 6), word, word), [](const auto& parts) {
    const auto& [kind, one, two] = parts;
    if (kind == 0) return "[" + one + "x]\n";
    if (kind == 1) return "# " + one + "\n";
    if (kind == 2) return std::string("\n");
    return one + "k\t= " + two + " =:" + one + "  \r\n";
  });
}

}  // namespace

TEST_CASE("a hostile text is refused or read as it is written") {
  CHECK(rc::check("pieces", [] {
    const auto text = glued(*rc::gen::container<std::vector<std::string>>(piece()));
    if (const auto ours = our_reading(text)) {
      RC_TAG("accepted");
      RC_ASSERT(*ours == plain_reading(text));
    } else {
      RC_TAG("refused");
    }
  }));
}

TEST_CASE("any bytes at all are refused or read as they are written") {
  CHECK(rc::check("bytes", [](const std::string& text) {
    if (const auto ours = our_reading(text)) RC_ASSERT(*ours == plain_reading(text));
  }));
}

TEST_CASE("a plain text is accepted unless something in it stands twice") {
  CHECK(rc::check("lines", [] {
    const auto text = "[s]\n" + glued(*rc::gen::container<std::vector<std::string>>(good_line()));
    const auto plain = plain_reading(text);
    std::set<std::string> names = {"s"};
    bool twice = false;
    for (std::size_t at = text.find("\n["); at != std::string::npos; at = text.find("\n[", at + 1))
      twice = !names.insert(text.substr(at + 2, text.find(']', at) - at - 2)).second || twice;
    std::set<std::array<std::string, 2>> keys;
    for (const auto& pair : plain)
      twice = !keys.insert({pair[0], pair[1]}).second || twice;
    const auto ours = our_reading(text);
    RC_ASSERT(ours.has_value() == !twice);
    if (ours) RC_ASSERT(*ours == plain);
  }));
}

TEST_CASE("every line of every length arrives whole or is refused") {
  CHECK(rc::check("lengths", [] {
    const auto bytes = *rc::gen::inRange<std::size_t>(1, 70'000);
    const std::string value(bytes, 'v');
    const auto ours = our_reading("[s]\nkey = " + value + "\nnext = 1\n");
    RC_ASSERT(ours.has_value() == (bytes + 6 <= kIniLineBytesMax));
    if (ours) RC_ASSERT((*ours)[0][2] == value);
    if (ours) RC_ASSERT(ours->size() == 2U);
  }));
}

}  // namespace lockkeeper
