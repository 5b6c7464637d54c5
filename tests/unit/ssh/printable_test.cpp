// SPDX-License-Identifier: Apache-2.0
#include "integrations/ssh/printable.h"

#include <doctest/doctest.h>

#include "rules/utf8.h"

namespace lockkeeper::ssh {

TEST_CASE("plain text and UTF-8 stay as they are") {
  CHECK(printable("kubeadm 1.34.7\nfertig: äöü ✓\n") == "kubeadm 1.34.7\nfertig: äöü ✓\n");
}

TEST_CASE("colours and cursor movements disappear") {
  CHECK(printable("\x1b[1;31mE:\x1b[0m broken\x1b[K") == "E: broken");
  CHECK(printable("cut off \x1b[1;3") == "cut off ");
  CHECK(printable("cut off \x1b") == "cut off ");
}

TEST_CASE("a progress bar shows its last state") {
  CHECK(printable("10%\r50%\r100%\nnext\r\n") == "100%\nnext\n");
}

TEST_CASE("invalid bytes and control characters cannot reach a terminal") {
  CHECK(printable("a\xff"
                  "b\xc3") == "a?b?");
  CHECK(printable("bell\a tab\tend") == "bell  tab end");
  CHECK(printable("\xc2\x9b"
                  "31m") == "?31m");
}

TEST_CASE("every byte sequence comes out as valid UTF-8") {
  std::string all;
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second)
      all += {static_cast<char>(first), static_cast<char>(second)};
  }
  const auto shown = printable(all);
  CHECK(invalid_utf8_at(shown) == shown.size());
  CHECK(shown.find_first_of("\x1b\r\a\b") == std::string::npos);
}

TEST_CASE("the last line is the last that says something") {
  CHECK(last_line("one\n  two  \n\n \t\n") == "two");
  CHECK(last_line("\n\n").empty());
  CHECK(last_line("").empty());
  CHECK(last_line(std::string(500, 'x'), 20).size() == 20);
}

TEST_CASE("the last lines become one, and what does not fit is dropped in front") {
  CHECK(last_lines("a\nb\n\nc\n") == "a | b | c");
  CHECK(last_lines("a\nb\nc\n", 2) == "b | c");
  CHECK(last_lines("aaaa\nbbbb\ncccc\n", 6, 11) == "bbbb | cccc");
  CHECK(last_lines(std::string(2000, 'y'), 6, 100).size() == 100);
}

}  // namespace lockkeeper::ssh
