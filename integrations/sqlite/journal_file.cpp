// SPDX-License-Identifier: Apache-2.0
#include "integrations/sqlite/journal_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "integrations/system/files.h"
#include "rules/text.h"

namespace lockkeeper::sqlite {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kOwnerOnly = 0600;

std::unexpected<Failure> refused(const fs::path& path, const std::string& why) {
  return fail(fmt::format("journal {}: {}", path.native(), why));
}

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

/// "another lockkeeper (pid 1234)", as far as the lock file tells.
std::string holder_of(int lock) {
  std::array<char, 64> text{};
  const ssize_t got = ::pread(lock, text.data(), text.size(), 0);
  const std::string_view pid =
      trimmed({text.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))});
  const bool number = !pid.empty() && pid.find_first_not_of("0123456789\n") == pid.npos;
  if (!number) return "another process";
  return fmt::format("another lockkeeper (pid {})", pid.substr(0, pid.find('\n')));
}

}  // namespace

Result<JournalFile> JournalFile::claim(const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_directory(folder_of(path), ignored)) {
    return refused(path, fmt::format("there is no folder {}", folder_of(path).native()));
  }
  const std::string lock_path = path.native() + ".lock";
  const int lock = ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kOwnerOnly);
  if (lock < 0) {
    return refused(path, fmt::format("cannot make {}: {}", lock_path, std::strerror(errno)));
  }
  // From here on the descriptor closes itself, whatever is refused below.
  JournalFile file(path, lock);
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return refused(path, std::strerror(errno));
    return refused(path, "in use by " + holder_of(lock));
  }
  const std::string pid = fmt::format("{}\n", ::getpid());
  const auto length = static_cast<ssize_t>(pid.size());
  if (::ftruncate(lock, 0) != 0 || ::pwrite(lock, pid.data(), pid.size(), 0) != length) {
    return refused(path, fmt::format("cannot write {}: {}", lock_path, std::strerror(errno)));
  }
  if (auto made = file.make(); !made) return std::unexpected(made.error());
  return file;
}

Status JournalFile::make() {
  // O_NONBLOCK: a FIFO in its place would otherwise keep us here for ever.
  const int file = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, kOwnerOnly);
  if (file < 0) return refused(path_, std::strerror(errno));
  struct stat info{};
  const bool known = ::fstat(file, &info) == 0;
  const bool regular = known && S_ISREG(info.st_mode);
  const bool closed_to_others =
      regular && ((info.st_mode & 0777U) == kOwnerOnly || ::fchmod(file, kOwnerOnly) == 0);
  const int error = errno;
  ::close(file);
  if (known && !regular) return refused(path_, "not a regular file");
  if (!closed_to_others) return refused(path_, std::strerror(error));
  device_ = info.st_dev;
  inode_ = info.st_ino;
  // A new file's name must survive a power cut as its records will.
  if (info.st_size > 0) return {};
  if (auto synced = system::sync_folder(folder_of(path_)); !synced) {
    return refused(path_, synced.error().what);
  }
  return {};
}

JournalFile::~JournalFile() {
  if (lock_ >= 0) ::close(lock_);
}

JournalFile::JournalFile(JournalFile&& other) noexcept
    : path_(std::move(other.path_)),
      lock_(std::exchange(other.lock_, -1)),
      device_(other.device_),
      inode_(other.inode_) {}

bool JournalFile::still_there() const {
  struct stat info{};
  return ::stat(path_.c_str(), &info) == 0 && info.st_dev == device_ && info.st_ino == inode_;
}

}  // namespace lockkeeper::sqlite
