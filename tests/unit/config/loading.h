// SPDX-License-Identifier: Apache-2.0
#pragma once

// Loading a configuration that a test writes as text, and seeing what an operator would see.

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "config/load.h"
#include "tests/unit/config/temporary_folder.h"

namespace lockkeeper::testing {

/// What a run cannot do without, in five lines: what a test adds begins in line 6.
inline const std::string kRequired =
    "[ssh]\nuser = ops\nkey_file = id\n[prometheus]\nurl = http://127.0.0.1:9090\n";

/// The findings, one a line, with the folder cut off; or "accepted".
inline std::string refusal(const TemporaryFolder& folder, std::string_view text) {
  const auto settings = load(folder.write("l.ini", text));
  if (settings) return "accepted";
  std::string lines;
  for (const auto& error : settings.error())
    lines += to_string(error) + "\n";
  const std::string prefix = folder.path().string() + "/";
  for (std::size_t at = 0; (at = lines.find(prefix, at)) != std::string::npos;)
    lines.erase(at, prefix.size());
  return lines;
}

inline std::string refusal(std::string_view text) {
  const TemporaryFolder folder;
  return refusal(folder, text);
}

/// The settings of a text that must load.
inline Settings loaded(const TemporaryFolder& folder, std::string_view text) {
  auto settings = load(folder.write("l.ini", text));
  if (!settings) FAIL(to_string(settings.error().front()));
  return *settings;
}

inline Settings loaded(std::string_view text) {
  const TemporaryFolder folder;
  return loaded(folder, text);
}

}  // namespace lockkeeper::testing
