// SPDX-License-Identifier: Apache-2.0
#include "integrations/ssh/shell.h"

#include <doctest/doctest.h>

#include <array>
#include <cstdio>
#include <memory>
#include <vector>

namespace lockkeeper::ssh {
namespace {

struct ClosePipe {
  void operator()(std::FILE* pipe) const { ::pclose(pipe); }
};

/// What a POSIX shell prints when it reads `program` from a file.
std::string shell_says(const std::string& program) {
  const std::string command = "sh <<'END_OF_TEST' 2>/dev/null\n" + program + "\nEND_OF_TEST\n";
  const std::unique_ptr<std::FILE, ClosePipe> pipe(::popen(command.c_str(), "r"));
  std::string said;
  std::array<char, 4096> chunk{};
  std::size_t got = 0;
  while ((got = std::fread(chunk.data(), 1, chunk.size(), pipe.get())) > 0)
    said.append(chunk.data(), got);
  return said;
}

}  // namespace

TEST_CASE("harmless words stay readable, all others are quoted") {
  CHECK(shell_word("--release=1.34.7") == "--release=1.34.7");
  CHECK(shell_word("") == "''");
  CHECK(shell_word("two words") == "'two words'");
  CHECK(shell_word("$(reboot)") == "'$(reboot)'");
  CHECK(shell_word("it's") == "'it'\\''s'");
  CHECK(shell_words(std::vector<std::string>{"a", "b c", ""}) == "a 'b c' ''");
}

TEST_CASE("a shell reads back exactly what was quoted") {
  const std::vector<std::string> awkward = {
      "plain", "'",   "''",    "\\",  "$HOME", "`id`", "a\nb", " lead", "*",   "~",  "!",
      "-n",    "a;b", "\"q\"", "ä ✓", "#",     "&",    "\t",   "$'x'",  "\\n", "%s", "é'\\''"};
  for (const auto& word : awkward) {
    CAPTURE(word);
    CHECK(shell_says("printf '<%s>' " + shell_word(word)) == "<" + word + ">");
    CHECK(shell_says(assignments({{"value", word}}) + "printf '<%s>' \"$value\"") ==
          "<" + word + ">");
  }
}

TEST_CASE("a file inside a program arrives unchanged, whatever stands in it") {
  const std::vector<std::string> contents = {"echo $HOME `id` \\ ' \"\n", "END_OF_FILE\n",
                                             "END_OF_FILE\nEND_OF_FILE_0\n", "}\n{\n", ""};
  for (const auto& content : contents) {
    CAPTURE(content);
    CHECK(shell_says(printing_function("text", content) + "text") == content);
  }
  CHECK(shell_says(printing_function("text", "no newline") + "text") == "no newline\n");
}

TEST_CASE("a program that arrives only in part does nothing") {
  const std::string whole =
      all_or_nothing("echo one\necho two\n" + printing_function("text", "three\n") + "text\n");
  CHECK(shell_says(whole) == "one\ntwo\nthree\n");
  // The last two bytes are the brace that ends the program, and a newline.
  for (std::size_t bytes = 0; bytes < whole.size() - 2; ++bytes) {
    CAPTURE(bytes);
    CHECK(shell_says(whole.substr(0, bytes)).empty());
  }
}

}  // namespace lockkeeper::ssh
