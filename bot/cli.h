// SPDX-License-Identifier: Apache-2.0
#pragma once

// The command line. One file knows CLI11; each subcommand is a function that returns the exit code.

namespace lockkeeper {

/// 0: done. 1: it was refused, or the answer is no. 2: bad words or a bad configuration.
int run_cli(int argc, char** argv);

}  // namespace lockkeeper
