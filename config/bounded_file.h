// SPDX-License-Identifier: Apache-2.0
#pragma once

// Reading a small file that an operator named: only a regular file, only up to a limit, and never
// waiting (a FIFO that nobody writes to would hang the daemon before its first word). A link is
// followed: a Kubernetes volume shows every file as one. Called from any thread.

#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <string>

#include "rules/result.h"

namespace lockkeeper {

struct BoundedFile {
  std::string text;
  mode_t mode = 0;  // permission bits only, as the open file had them
  uid_t owner = 0;
};

/// The whole content. The failure says only why, not which file: "no such file or directory",
/// "is a directory, not a file", "larger than 1024 bytes".
Result<BoundedFile> read_bounded_file(const std::filesystem::path& path, std::size_t bytes_max);

}  // namespace lockkeeper
