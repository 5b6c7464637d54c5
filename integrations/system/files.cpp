// SPDX-License-Identifier: Apache-2.0
#include "integrations/system/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace lockkeeper::system {
namespace {

constexpr std::size_t kChunkBytes = 64U << 10U;

/// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  [[nodiscard]] int get() const { return number_; }
  /// The result of close(2), which on some file systems is where a full disk shows.
  int close() { return number_ < 0 ? 0 : ::close(std::exchange(number_, -1)); }

 private:
  int number_;
};

std::unexpected<Failure> refused(const std::filesystem::path& path, int error) {
  return fail(fmt::format("{}: {}", path.native(), std::strerror(error)));
}

/// A signal or a nearly full disk may cut a write short.
bool write_all(int file, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(file, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

Result<std::string> read_file(const std::filesystem::path& path, std::size_t limit_bytes) {
  // Without O_NONBLOCK a FIFO in the file's place would hold this thread for ever.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) return refused(path, errno);
  struct stat info{};
  if (::fstat(file.get(), &info) != 0) return refused(path, errno);
  if (!S_ISREG(info.st_mode)) return fail(path.native() + ": not a regular file");
  std::string content;
  while (content.size() <= limit_bytes) {
    const std::size_t before = content.size();
    content.resize(before + kChunkBytes);
    const ssize_t got = ::read(file.get(), content.data() + before, kChunkBytes);
    content.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got < 0 && errno != EINTR) return refused(path, errno);
    if (got == 0) return content;
  }
  return fail(fmt::format("{}: longer than {} bytes", path.native(), limit_bytes));
}

Status write_file(const std::filesystem::path& path, std::string_view content, mode_t mode) {
  std::string temporary = path.native() + ".XXXXXX";
  Descriptor file(::mkostemp(temporary.data(), O_CLOEXEC));
  if (file.get() < 0) return refused(path, errno);
  const bool written = ::fchmod(file.get(), mode) == 0 && write_all(file.get(), content) &&
                       ::fsync(file.get()) == 0 && file.close() == 0 &&
                       ::rename(temporary.c_str(), path.c_str()) == 0;
  if (!written) {
    const int error = errno;
    ::unlink(temporary.c_str());
    return refused(path, error);
  }
  return sync_folder(path.has_parent_path() ? path.parent_path() : ".");
}

Status sync_folder(const std::filesystem::path& folder) {
  const Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.get() < 0 || ::fsync(opened.get()) != 0) return refused(folder, errno);
  return {};
}

}  // namespace lockkeeper::system
