// SPDX-License-Identifier: Apache-2.0
#include "config/bounded_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace lockkeeper {
namespace {

constexpr mode_t kPermissionBits = 07777;
constexpr std::size_t kChunkBytes = 16UL << 10;

/// Closes what open() gave.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};

/// The kernel's words, beginning in lower case because they stand behind a colon.
std::unexpected<Failure> fail_with_errno() {
  std::string reason = std::generic_category().message(errno);
  if (!reason.empty() && reason[0] >= 'A' && reason[0] <= 'Z') reason[0] += 'a' - 'A';
  return fail(std::move(reason));
}

std::string kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a directory";
  if (S_ISFIFO(mode)) return "a FIFO";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

/// Appends up to the end of the file, and never much more than the limit.
Status read_all(int descriptor, std::size_t bytes_max, std::string& text) {
  std::array<char, kChunkBytes> chunk{};
  while (true) {
    const ssize_t got = ::read(descriptor, chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_with_errno();
    if (got == 0) return {};
    text.append(chunk.data(), static_cast<std::size_t>(got));
    if (text.size() > bytes_max) return fail(fmt::format("larger than {} bytes", bytes_max));
  }
}

}  // namespace

Result<BoundedFile> read_bounded_file(const std::filesystem::path& path, std::size_t bytes_max) {
  // NONBLOCK: opening a FIFO returns at once instead of waiting for its writer.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  // A socket cannot be opened at all; the answer of the kernel would only puzzle.
  if (file.number() < 0 && errno == ENXIO) return fail("is a socket or a device, not a file");
  if (file.number() < 0) return fail_with_errno();
  struct stat status{};
  if (::fstat(file.number(), &status) != 0) return fail_with_errno();
  if (!S_ISREG(status.st_mode)) return fail("is " + kind_of(status.st_mode) + ", not a file");
  BoundedFile result{{}, status.st_mode & kPermissionBits, status.st_uid};
  if (auto read = read_all(file.number(), bytes_max, result.text); !read) {
    return std::unexpected(read.error());
  }
  return result;
}

}  // namespace lockkeeper
