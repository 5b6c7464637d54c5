// SPDX-License-Identifier: Apache-2.0
#include "integrations/ssh/known_hosts.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <libssh/libssh.h>
#include <poll.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>

#include "integrations/ssh/library.h"
#include "integrations/system/files.h"
#include "rules/text.h"

namespace lockkeeper::ssh {
namespace {

constexpr std::size_t kFileBytesMax = 4U << 20U;  // about 30,000 hosts
// Writers hold the lock for one small write; a wait this long means that one of them hangs.
constexpr int kLockTries = 250;
constexpr int kLockPauseMs = 20;

/// The lock beside the file: the file itself is replaced at every change, so it cannot carry one.
class FileLock {
 public:
  static Result<FileLock> take(const std::filesystem::path& file) {
    const std::string path = file.native() + ".lock";
    const int opened = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (opened < 0) return fail(fmt::format("{}: {}", path, std::strerror(errno)));
    FileLock lock(opened);
    for (int i = 0; i < kLockTries; ++i) {
      if (::flock(opened, LOCK_EX | LOCK_NB) == 0) return lock;
      ::poll(nullptr, 0, kLockPauseMs);
    }
    return fail(fmt::format("{}: held by another process for more than {}", path,
                            to_string(Millis(kLockTries * kLockPauseMs))));
  }
  ~FileLock() {
    if (number_ >= 0) ::close(number_);
  }
  FileLock(FileLock&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  FileLock& operator=(FileLock&&) = delete;

 private:
  explicit FileLock(int number) : number_(number) {}
  int number_;
};

/// The file's text, "" when there is none yet.
Result<std::string> read_text(const std::filesystem::path& file) {
  if (file.empty()) return fail("[ssh] known_hosts is not set: host keys cannot be pinned");
  std::error_code error;
  if (!std::filesystem::exists(file, error) && !error) return std::string();
  return system::read_file(file, kFileBytesMax);
}

Status each_line(std::string_view text,
                 const std::function<Status(int number, std::string_view line)>& visit) {
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (auto done = visit(number, text.substr(0, end)); !done) return done;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return {};
}

bool is_blank_or_comment(std::string_view line) {
  const auto word = trimmed(line.substr(0, line.find('\r')));
  return word.empty() || word.front() == '#';
}

/// The key of a line when it speaks of `host`; nothing when it speaks of others.
Result<std::optional<PinnedKey>> key_on_line(const std::string& host, std::string_view line) {
  std::string text(trimmed(line));
  std::ranges::replace(text, '\t', ' ');
  while (text.ends_with('\r'))
    text.pop_back();
  if (text.starts_with('@')) return fail("markers such as @revoked are not supported");
  // The library reads on only where the host matches, but a damaged line may be any host's.
  if (std::ranges::count_if(split(text, ' '), [](auto word) { return !word.empty(); }) < 3)
    return fail("not a host key line");
  ssh_knownhosts_entry* found = nullptr;
  const int answer = ssh_known_hosts_parse_line(host.c_str(), text.c_str(), &found);
  const std::unique_ptr<ssh_knownhosts_entry, void (*)(ssh_knownhosts_entry*)> entry(
      found, [](ssh_knownhosts_entry* one) { ssh_knownhosts_entry_free(one); });
  if (answer == SSH_AGAIN) return std::nullopt;
  if (answer != SSH_OK || entry == nullptr) return fail("not a host key line");
  return PinnedKey{0, key_type(entry->publickey), key_base64(entry->publickey),
                   key_fingerprint(entry->publickey)};
}

Result<std::vector<PinnedKey>> keys_in(const std::filesystem::path& file, std::string_view text,
                                       const std::string& host) {
  std::vector<PinnedKey> keys;
  const auto read = each_line(text, [&](int number, std::string_view line) -> Status {
    if (is_blank_or_comment(line)) return {};
    auto key = key_on_line(host, line);
    if (!key) return fail(fmt::format("{}:{}: {}", file.native(), number, key.error().what));
    if (*key) {
      keys.push_back(std::move(**key));
      keys.back().line = number;
    }
    return {};
  });
  if (!read) return std::unexpected(read.error());
  return keys;
}

/// Whether the names of a line (its first word) contain the address with any port.
bool names_any_port(std::string_view line, std::string_view address) {
  const auto names = trimmed(line).substr(0, trimmed(line).find_first_of(" \t"));
  const std::string start = fmt::format("[{}]:", address);
  return std::ranges::any_of(split(names, ','),
                             [&](std::string_view name) { return name.starts_with(start); });
}

}  // namespace

std::string host_pattern(std::string_view address, std::uint16_t port) {
  return port == 22 ? std::string(address) : fmt::format("[{}]:{}", address, port);
}

Result<std::vector<PinnedKey>> pinned_keys(const std::filesystem::path& file,
                                           const std::string& host) {
  const auto text = read_text(file);
  if (!text) return std::unexpected(text.error());
  return keys_in(file, *text, host);
}

Status pin_key(const std::filesystem::path& file, const std::string& host, const std::string& type,
               const std::string& key) {
  std::error_code ignored;
  std::filesystem::create_directories(file.parent_path(), ignored);
  const auto lock = FileLock::take(file);
  if (!lock) return std::unexpected(lock.error());
  auto text = read_text(file);
  if (!text) return std::unexpected(text.error());
  const auto keys = keys_in(file, *text, host);
  if (!keys) return std::unexpected(keys.error());
  for (const auto& pinned : *keys) {
    if (pinned.type == type && pinned.key == key) return {};
  }
  if (!keys->empty()) {
    return fail(fmt::format("{}:{}: another key of {} was pinned meanwhile", file.native(),
                            keys->front().line, host));
  }
  if (!text->empty() && !text->ends_with('\n')) *text += '\n';
  return system::write_file(file, fmt::format("{}{} {} {}\n", *text, host, type, key), 0644);
}

Result<int> forget_host(const std::filesystem::path& file, const std::string& host) {
  const auto nothing_there = read_text(file);
  if (!nothing_there) return std::unexpected(nothing_there.error());
  if (nothing_there->empty()) return 0;
  const auto lock = FileLock::take(file);
  if (!lock) return std::unexpected(lock.error());
  const auto text = read_text(file);
  if (!text) return std::unexpected(text.error());
  std::string kept;
  int forgotten = 0;
  const auto read = each_line(*text, [&](int number, std::string_view line) -> Status {
    bool match = false;
    if (!is_blank_or_comment(line)) {
      const auto key = key_on_line(host, line);
      if (!key) return fail(fmt::format("{}:{}: {}", file.native(), number, key.error().what));
      match = key->has_value() || names_any_port(line, host);
    }
    forgotten += match ? 1 : 0;
    if (!match) kept += std::string(line) + "\n";
    return {};
  });
  if (!read) return std::unexpected(read.error());
  if (forgotten == 0) return 0;
  if (const auto written = system::write_file(file, kept, 0644); !written)
    return std::unexpected(written.error());
  return forgotten;
}

}  // namespace lockkeeper::ssh
