// SPDX-License-Identifier: Apache-2.0
#include "integrations/packages/signature.h"

#include <fmt/format.h>

#include <cstdlib>

#include "integrations/system/child.h"
#include "integrations/system/files.h"
#include "rules/text.h"

namespace lockkeeper::packages {
namespace {

namespace fs = std::filesystem;

constexpr Millis kLimit = std::chrono::seconds(20);
constexpr std::size_t kTextMax = 16U << 20U;
constexpr std::string_view kPrefix = "[GNUPG:] ";

/// A folder of our own for the files that gpgv wants, removed at the end.
class Scratch {
 public:
  static Result<Scratch> make() {
    std::error_code problem;
    auto name = (fs::temp_directory_path(problem) / "lockkeeper-XXXXXX").string();
    if (problem || ::mkdtemp(name.data()) == nullptr)
      return fail("no temporary folder can be made");
    return Scratch(name);
  }
  ~Scratch() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  Scratch(Scratch&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  [[nodiscard]] std::string file(const char* name) const { return (path_ / name).string(); }

 private:
  explicit Scratch(fs::path path) : path_(std::move(path)) {}
  fs::path path_;
};

Status run_gpgv(std::vector<std::string> words, const fs::path& keyring, const Clock& clock) {
  // A missing keyring would be a missing key in gpgv's words.
  if (auto there = system::read_file(keyring, kTextMax); !there)
    return std::unexpected(there.error());
  std::vector<std::string> all = {"gpgv", "--status-fd", "1", "--keyring",
                                  fs::absolute(keyring).string()};
  all.insert(all.end(), words.begin(), words.end());
  const char* path = std::getenv("PATH");
  const auto end = system::run_child(
      std::move(all),
      {fmt::format("PATH={}", path == nullptr ? "/usr/bin:/bin" : path), "LC_ALL=C.UTF-8"}, clock,
      kLimit);
  if (!end) return fail(fmt::format("gpgv: {} (it is in package gpgv)", end.error().what));
  return judged_status(end->status, end->output);
}

}  // namespace

Status judged_status(int exit_code, std::string_view status_lines) {
  bool good = false;
  bool valid = false;
  for (const auto line : split(status_lines, '\n')) {
    if (!line.starts_with(kPrefix)) continue;
    const auto words = line.substr(kPrefix.size());
    const auto word = words.substr(0, words.find(' '));
    const auto rest = clipped(trimmed(words.substr(word.size())), 80);
    if (word == "EXPKEYSIG") return fail(fmt::format("signed by a key that has expired: {}", rest));
    if (word == "REVKEYSIG") return fail(fmt::format("signed by a revoked key: {}", rest));
    if (word == "EXPSIG") return fail(fmt::format("its signature has expired: {}", rest));
    if (word == "BADSIG") return fail(fmt::format("its signature is wrong: {}", rest));
    if (word == "NO_PUBKEY")
      return fail(fmt::format("signed by a key that is not trusted: {}", rest));
    if (word == "GOODSIG") good = true;
    if (word == "VALIDSIG") valid = true;
  }
  if (good && valid && exit_code == 0) return {};
  return fail("it has no good signature");
}

Result<std::string> verified_text(std::string_view message, const fs::path& keyring,
                                  const Clock& clock) {
  const auto scratch = Scratch::make();
  if (!scratch) return std::unexpected(scratch.error());
  const auto in = scratch->file("InRelease");
  const auto out = scratch->file("text");
  auto status = system::write_file(in, message);
  if (status) status = run_gpgv({"--output", out, in}, keyring, clock);
  if (!status) return std::unexpected(status.error());
  return system::read_file(out, kTextMax);
}

Status verify_detached(std::string_view text, std::string_view signature, const fs::path& keyring,
                       const Clock& clock) {
  const auto scratch = Scratch::make();
  if (!scratch) return std::unexpected(scratch.error());
  const auto what = scratch->file("Release");
  const auto by = scratch->file("Release.gpg");
  auto status = system::write_file(what, text);
  if (status) status = system::write_file(by, signature);
  if (!status) return status;
  return run_gpgv({by, what}, keyring, clock);
}

}  // namespace lockkeeper::packages
