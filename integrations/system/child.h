// SPDX-License-Identifier: Apache-2.0
#pragma once

// A small program that is run to its end: no shell, no terminal, no input, its output collected
// within a limit, its errors thrown away. It has a process group of its own, so that what it starts
// ends with it, and it is killed and reaped whatever happens. Any thread.

#include <expected>
#include <string>
#include <vector>

#include "bot/ports.h"

namespace lockkeeper::system {

struct ChildEnd {
  int status = -1;     // exit code; -1 when a signal ended it
  int signal = 0;      // which one
  std::string output;  // of stdout
};

struct ChildFailure {
  bool started = false;
  std::string what;  // without the program's name: "did not end within 10s, or printed too much"
};

/// Runs a program of $PATH with its arguments; `environment` are "NAME=value". Fails when it cannot
/// be started, does not end and close its output within `limit`, or prints more than a megabyte.
std::expected<ChildEnd, ChildFailure> run_child(std::vector<std::string> words,
                                                std::vector<std::string> environment,
                                                const Clock& clock, Millis limit);

}  // namespace lockkeeper::system
