// SPDX-License-Identifier: Apache-2.0
#include "integrations/system/child.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "integrations/system/real_clock.h"

using namespace lockkeeper;

namespace {

auto run(std::vector<std::string> words, Millis limit = std::chrono::seconds(5)) {
  const system::RealClock clock;
  return system::run_child(std::move(words), {"PATH=/usr/bin:/bin", "WHO=child"}, clock, limit);
}

}  // namespace

TEST_CASE("a program that does not end, floods, or is not there is a failure within its limit") {
  const auto late = run({"sleep", "30"}, Millis(100));
  REQUIRE_FALSE(late.has_value());
  CHECK(late.error().started);
  CHECK(late.error().what == "did not end within 100ms, or printed too much");
  CHECK_FALSE(run({"yes"}).has_value());
  const auto absent = run({"no-such-program"});
  REQUIRE_FALSE(absent.has_value());
  CHECK_FALSE(absent.error().started);
  CHECK(absent.error().what == "No such file or directory");
}

TEST_CASE("what a program prints is kept, its errors are not, and its end is told") {
  const auto ended = run({"sh", "-c", "echo out; echo err >&2; exit 3"});
  REQUIRE(ended.has_value());
  CHECK(ended->output == "out\n");
  CHECK(ended->status == 3);
  CHECK(ended->signal == 0);
  const auto killed = run({"sh", "-c", "kill -9 $$"});
  REQUIRE(killed.has_value());
  CHECK(killed->status == -1);
  CHECK(killed->signal == 9);
}

TEST_CASE("a program has the environment that it was given, and no input") {
  CHECK(run({"sh", "-c", "cat; echo $WHO"}).value().output == "child\n");
}

TEST_CASE("what a program leaves behind with its output open ends at the limit") {
  CHECK_FALSE(run({"sh", "-c", "sleep 30 & echo here"}, Millis(300)).has_value());
}

TEST_CASE("a program inherits no open file: a listening socket would outlive a killed bot in it") {
  const int file = ::open("/dev/null", O_RDONLY);  // without O_CLOEXEC, as libraries open them
  const int inheritable = ::fcntl(file, F_DUPFD, 50);
  REQUIRE(inheritable >= 50);
  const auto ended = run({"sh", "-c", "for n in /proc/$$/fd/*; do echo ${n##*/}; done"});
  ::close(file);
  ::close(inheritable);
  REQUIRE(ended.has_value());
  CHECK(ended->output.starts_with("0\n1\n2\n"));
  CHECK(ended->output.find(std::to_string(inheritable)) == std::string::npos);
}
