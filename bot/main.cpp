// SPDX-License-Identifier: Apache-2.0
#include "bot/cli.h"

int main(int argc, char** argv) {
  return lockkeeper::run_cli(argc, argv);
}
