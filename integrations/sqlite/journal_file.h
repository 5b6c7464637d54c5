// SPDX-License-Identifier: Apache-2.0
#pragma once

// The journal's place on disk, before SQLite sees it: the folder, the file with its mode, and the
// lock that keeps a second bot away. The lock is a file of its own beside the journal, because
// closing any descriptor of the database itself would drop SQLite's locks on it.

#include <sys/types.h>

#include <filesystem>

#include "rules/result.h"

namespace lockkeeper::sqlite {

/// The claim on one journal file, held as long as this object lives. Opened and destroyed by
/// SqliteJournal.
class JournalFile {
 public:
  /// Locks `path`.lock without waiting, makes the file with mode 0600 if there is none, and takes
  /// everybody else's rights away from one that exists. Each failure names the path; when another
  /// process has the journal it names that process.
  static Result<JournalFile> claim(const std::filesystem::path& path);

  ~JournalFile();
  JournalFile(JournalFile&& other) noexcept;
  JournalFile& operator=(JournalFile&&) = delete;

  /// Whether `path` still leads to the file that was claimed. A journal that was moved or deleted
  /// under a running bot would take records that nobody finds again.
  [[nodiscard]] bool still_there() const;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  JournalFile(std::filesystem::path path, int lock) : path_(std::move(path)), lock_(lock) {}
  Status make();

  std::filesystem::path path_;
  int lock_;  // flock(2) is held while this descriptor is open
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace lockkeeper::sqlite
