// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a backup Job's log says it made. A Job that is Complete proves little: scripts end well
// after writing nothing, and a copy of last week's file is no snapshot. So a line is demanded that
// names the file and its size, and where a time stands in it, that time has to be recent. Pure
// functions for any thread.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "bot/time.h"
#include "rules/result.h"

namespace lockkeeper::kubernetes {

struct SnapshotFile {
  std::string path;
  std::int64_t bytes = 0;
  std::optional<Time> taken;  // from the line, where it tells
};

/// Reads the last line that holds `success_text`: "Backup done: /backup/etcd-20261120T1735.db
/// (5242912 bytes)". Sizes may have units (5 MiB, 1.5G). The failure says what is missing.
Result<SnapshotFile> read_snapshot_log(std::string_view log, std::string_view success_text);

/// "2026-11-20T17:35:37Z", "2026-11-20_17-35-37", "20261120-1735", "20261120T173537Z" anywhere in a
/// text, read as UTC unless it has an offset: containers have no other zone. A date alone is no
/// time. Nothing when there is none.
std::optional<Time> time_in(std::string_view text);

/// A size with its unit: "5242912 bytes", "5 MiB", "1.5G". Nothing when there is none.
std::optional<std::int64_t> size_in(std::string_view text);

}  // namespace lockkeeper::kubernetes
