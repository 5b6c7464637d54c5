// SPDX-License-Identifier: Apache-2.0
#include "config/ini.h"

#include <fmt/format.h>
#include <ini.h>

#include <algorithm>
#include <cstdio>
#include <optional>

#include "config/bounded_file.h"
#include "config/ini_check.h"

// Debian's libinih exports its limits as variables; elsewhere they are fixed when it is compiled
// and these are null.
extern "C" {
[[gnu::weak]] extern bool ini_use_stack;
[[gnu::weak]] extern bool ini_allow_realloc;
[[gnu::weak]] extern int ini_max_line;
}

namespace lockkeeper {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
// libinih's own default buffer of 200, less CR, LF, NUL and a byte of caution.
constexpr std::size_t kFixedLineBytesMax = 196;

/// The longest line that this libinih reads whole, after telling it our limit where it can be told.
std::size_t library_line_bytes_max() {
  static const std::size_t bytes = [] {
    if (&ini_use_stack == nullptr || &ini_allow_realloc == nullptr || &ini_max_line == nullptr) {
      return kFixedLineBytesMax;
    }
    ini_use_stack = false;
    ini_allow_realloc = true;
    ini_max_line = static_cast<int>(kIniLineBytesMax) + 3;
    return kIniLineBytesMax;
  }();
  return bytes;
}

/// Walks beside libinih: each pair it delivers must be the next one that the check understood.
class Comparison {
 public:
  explicit Comparison(const std::vector<IniSection>& sections) : sections_(sections) { settle(); }

  /// Called from C, so it must not throw; comparing views does not.
  bool take(std::string_view section, std::string_view key, std::string_view value) noexcept {
    if (difference_) return false;
    if (section_ == sections_.size()) {
      difference_ = sections_.empty() ? 1 : sections_.back().line;
      return false;
    }
    const IniEntry& wanted = sections_[section_].entries[entry_];
    if (section != sections_[section_].name || key != wanted.key || value != wanted.value) {
      difference_ = wanted.line;
      return false;
    }
    ++entry_;
    settle();
    return true;
  }

  /// The line of the first difference, if there is one; asked when libinih is done.
  [[nodiscard]] std::optional<int> difference() const {
    if (difference_ || section_ == sections_.size()) return difference_;
    return sections_[section_].entries[entry_].line;
  }

 private:
  /// Steps over sections that have no further entry.
  void settle() noexcept {
    while (section_ < sections_.size() && entry_ == sections_[section_].entries.size()) {
      ++section_;
      entry_ = 0;
    }
  }

  const std::vector<IniSection>& sections_;
  std::size_t section_ = 0;
  std::size_t entry_ = 0;
  std::optional<int> difference_;
};

int take_pair(void* comparison, const char* section, const char* key, const char* value) {
  return static_cast<Comparison*>(comparison)->take(section, key, value) ? 1 : 0;
}

void compare_with_library(const std::string& text, IniFile& file) {
  Comparison comparison(file.sections);
  const int bad_line = ini_parse_string(text.c_str(), take_pair, &comparison);
  if (const auto line = comparison.difference()) {
    file.errors.add(*line, "the ini library reads this line differently; write it more simply");
  } else if (bad_line != 0) {
    file.errors.add(std::max(bad_line, 0), "the ini library refuses this line");
  }
}

}  // namespace

IniFile parse_ini(std::string_view text, std::string file,
                  std::span<const std::string_view> repeatable) {
  IniFile result{{}, ErrorList(std::move(file))};
  if (text.size() > kIniBytesMax) {
    result.errors.add(0, fmt::format("larger than {} bytes", kIniBytesMax));
    return result;
  }
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  result.sections = check_ini(text, library_line_bytes_max(), repeatable, result.errors);
  if (result.errors.empty()) compare_with_library(std::string(text), result);
  return result;
}

IniFile read_ini(const std::filesystem::path& path, std::span<const std::string_view> repeatable) {
  const auto file = read_bounded_file(path, kIniBytesMax);
  if (file) return parse_ini(file->text, path.string(), repeatable);
  IniFile result{{}, ErrorList(path.string())};
  result.errors.add(0, file.error().what);
  return result;
}

}  // namespace lockkeeper
