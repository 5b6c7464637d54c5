// SPDX-License-Identifier: Apache-2.0
#pragma once

// What is wrong with a configuration: findings that name file and line, collected so that an
// operator sees all of them at once and in the order of the file. Values only, any thread.

#include <compare>
#include <cstddef>
#include <string>
#include <vector>

namespace lockkeeper {

/// One finding. `what` is one line that names the key, the reason and the way to mend it; it never
/// holds a value that could be a secret.
struct ConfigError {
  std::string file;
  int line = 0;            // from 1; 0 when it is about the file as a whole
  std::size_t column = 0;  // in characters from 1; 0 when the line as a whole is meant
  std::string what;

  bool operator==(const ConfigError&) const = default;
};

/// "rules.ini:12:9: reason", without the numbers that are 0.
std::string to_string(const ConfigError& error);

/// The findings of one file in line order. Only the first kKeptMax are kept, so that a hostile file
/// cannot make a flood of them; how many more there were is the last finding.
class ErrorList {
 public:
  static constexpr std::size_t kKeptMax = 50;

  explicit ErrorList(std::string file) : file_(std::move(file)) {}

  /// `line` 0 is for what concerns the whole file.
  void add(int line, std::string what, std::size_t column = 0);

  /// Whether nothing has been found; only then may the file be used.
  [[nodiscard]] bool empty() const { return errors_.empty(); }

  /// All findings in line order, ready to be shown; the count of those that were dropped, if any,
  /// is the last.
  [[nodiscard]] std::vector<ConfigError> listed() const;

 private:
  std::string file_;
  std::vector<ConfigError> errors_;  // sorted by line and column
  std::size_t dropped_ = 0;
};

}  // namespace lockkeeper
