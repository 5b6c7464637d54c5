// SPDX-License-Identifier: Apache-2.0
#pragma once

// Whether files have changed, by looking at them now and then. Looking, rather than inotify: an
// editor renames, a ConfigMap swaps a symbolic link two folders above, and a file may not be there
// yet; a stat of what the path leads to sees all of it. One thread.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

namespace lockkeeper::system {

class FileWatch {
 public:
  /// `files` may be missing; that one appears or goes is a change, too.
  explicit FileWatch(std::vector<std::filesystem::path> files);

  /// Whether the files differ from how they were when this last said so (or was made), and have
  /// stayed as they are since the look before: whoever writes them has had that long to finish.
  bool changed();

  /// The files as they are now are known: they have just been read.
  void read_now(std::vector<std::filesystem::path> files);

 private:
  struct Stamp {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t size = -1;  // -1: it is not there
    std::int64_t modified_ns = 0;
    bool operator==(const Stamp&) const = default;
  };

  [[nodiscard]] std::vector<Stamp> stamps() const;

  std::vector<std::filesystem::path> files_;
  std::vector<Stamp> known_;
  std::vector<Stamp> newest_;
};

}  // namespace lockkeeper::system
