// SPDX-License-Identifier: Apache-2.0
#include "config/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace lockkeeper {
namespace {

/// The order in which findings are shown.
auto place(const ConfigError& error) {
  return std::tuple(error.line, error.column);
}

}  // namespace

std::string to_string(const ConfigError& error) {
  std::string text = error.file;
  if (error.line > 0) text += fmt::format(":{}", error.line);
  if (error.column > 0) text += fmt::format(":{}", error.column);
  return text.empty() ? error.what : text + ": " + error.what;
}

void ErrorList::add(int line, std::string what, std::size_t column) {
  ConfigError error{file_, line, column, std::move(what)};
  const auto at = std::ranges::upper_bound(errors_, place(error), {}, place);
  errors_.insert(at, std::move(error));
  if (errors_.size() > kKeptMax) {
    errors_.pop_back();
    ++dropped_;
  }
}

std::vector<ConfigError> ErrorList::listed() const {
  auto errors = errors_;
  if (dropped_ > 0) {
    errors.push_back({file_, 0, 0, fmt::format("{} more findings are not shown", dropped_)});
  }
  return errors;
}

}  // namespace lockkeeper
