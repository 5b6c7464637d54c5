// SPDX-License-Identifier: Apache-2.0
#include "integrations/system/log.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <functional>
#include <string>

using namespace lockkeeper;
using lockkeeper::system::Level;

namespace {

/// What `action` writes to stderr.
std::string stderr_of(const std::function<void()>& action) {
  std::FILE* file = std::tmpfile();
  REQUIRE(file != nullptr);
  std::fflush(stderr);
  const int saved = ::dup(STDERR_FILENO);
  ::dup2(::fileno(file), STDERR_FILENO);
  action();
  std::fflush(stderr);
  ::dup2(saved, STDERR_FILENO);
  ::close(saved);
  std::string text(4 * 8192, '\0');
  std::rewind(file);
  text.resize(std::fread(text.data(), 1, text.size(), file));
  std::fclose(file);
  return text;
}

}  // namespace

TEST_CASE("a line has a UTC time, its level and the text") {
  const std::string line = stderr_of([] { system::log(Level::warn, "gate: blind"); });
  CHECK(line.starts_with("time=20"));
  CHECK(line.substr(28) == "Z level=warn msg=\"gate: blind\"\n");
}

TEST_CASE("no text can forge a second line or a second pair") {
  const std::string line =
      stderr_of([] { system::log(Level::error, "a\nlevel=info msg=\"b\" \\ \x1b[31m"); });
  CHECK(line.ends_with("level=error msg=\"a\\nlevel=info msg=\\\"b\\\" \\\\ \\x1b[31m\"\n"));
}

TEST_CASE("a text of any length becomes a line of bounded length") {
  const std::string line = stderr_of([] { system::log(Level::info, std::string(50'000, 'x')); });
  CHECK(line.size() < 4'200);
  CHECK(line.ends_with("x...\"\n"));
}

TEST_CASE("lines below the level are dropped") {
  const std::string text = stderr_of([] {
    system::log(Level::debug, "one");
    system::set_log_level(Level::debug);
    system::log(Level::debug, "two");
    system::set_log_level(Level::error);
    system::log(Level::warn, "three");
    system::set_log_level(Level::info);
  });
  CHECK(text.find("one") == std::string::npos);
  CHECK(text.find("two") != std::string::npos);
  CHECK(text.find("three") == std::string::npos);
}

TEST_CASE("levels are read by name, with a suggestion for a slip") {
  CHECK(system::parse_level("warn") == Level::warn);
  const auto slip = system::parse_level("wrn");
  REQUIRE_FALSE(slip);
  CHECK(slip.error().what.find("(did you mean \"warn\"?)") != std::string::npos);
}
