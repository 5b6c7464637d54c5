// SPDX-License-Identifier: Apache-2.0
#pragma once

// Small files, read within a limit and written so that a crash leaves the old or the new content,
// never half of it. Blocking calls on local disks; any thread.

#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "rules/result.h"

namespace lockkeeper::system {

/// The whole of a regular file. Fails, naming the path, when it is missing, unreadable, not a
/// regular file, or longer than `limit_bytes`.
Result<std::string> read_file(const std::filesystem::path& path, std::size_t limit_bytes);

/// Replaces `path` by `content`: a temporary file beside it, synced, renamed over it, and the
/// folder synced, so that it is durable on return. `mode` is the new file's, whatever the umask.
Status write_file(const std::filesystem::path& path, std::string_view content, mode_t mode = 0600);

/// Makes the entries of a folder durable: what was created or renamed in it.
Status sync_folder(const std::filesystem::path& folder);

}  // namespace lockkeeper::system
