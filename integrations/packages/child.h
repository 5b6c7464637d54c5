// SPDX-License-Identifier: Apache-2.0
#pragma once

// A small program that is run to its end: no shell, no terminal, no input, its output collected
// within a limit. In a process group of its own, killed and reaped whatever happens. Any thread.

#include <string>
#include <vector>

#include "bot/ports.h"

namespace lockkeeper::packages {

struct ChildEnd {
  int status = -1;     // exit code; -1 when a signal ended it
  std::string output;  // of stdout; stderr is thrown away
};

/// Runs `words` (a program of $PATH and its arguments) with C.UTF-8 as its language. Fails when it
/// cannot be started, does not end within `limit`, or prints more than a megabyte.
Result<ChildEnd> run_child(std::vector<std::string> words, const Clock& clock, Millis limit);

}  // namespace lockkeeper::packages
