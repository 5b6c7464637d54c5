// SPDX-License-Identifier: Apache-2.0
#pragma once

// A text against the file that keeps it. With LOCKKEEPER_WRITE_GOLDEN set, the file is written and
// not compared.

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace lockkeeper::test {

inline void compare_with_file(const std::filesystem::path& file, const std::string& text) {
  if (std::getenv("LOCKKEEPER_WRITE_GOLDEN") != nullptr) {
    std::ofstream(file) << text;
    return;
  }
  std::ostringstream kept;
  kept << std::ifstream(file).rdbuf();
  CHECK_MESSAGE(kept.str() == text, file.filename().string());
}

}  // namespace lockkeeper::test
