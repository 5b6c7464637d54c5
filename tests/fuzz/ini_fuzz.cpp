// SPDX-License-Identifier: Apache-2.0

// Whatever the text, it is refused, or read exactly as a plain second reading of it; and a
// configuration that loads is written back, value by value, as it was understood.

#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "config/ini.h"
#include "config/load.h"
#include "config/sections.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/config/plain_reading.h"

namespace lockkeeper {
namespace {

// A file that lives in memory only; load wants a path.
std::string memory_file(std::string_view text) {
  static const int descriptor = ::memfd_create("lockkeeper-fuzz", MFD_CLOEXEC);
  PROMISE(descriptor >= 0);
  PROMISE(::ftruncate(descriptor, 0) == 0);
  PROMISE(::pwrite(descriptor, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
  return "/proc/self/fd/" + std::to_string(descriptor);
}

void read_as_it_is_written(std::string_view text) {
  constexpr std::array<std::string_view, 1> repeatable = {"match"};
  const auto file = parse_ini(text, "f", repeatable);
  const auto errors = file.errors.listed();
  PROMISE(errors.size() <= ErrorList::kKeptMax + 1);
  for (const auto& error : errors)
    PROMISE(!error.what.empty());
  if (errors.empty()) PROMISE(testing::pairs_of(file) == testing::plain_reading(std::string(text)));
}

void loads_as_it_is_shown(const std::string& file) {
  const auto settings = load(file);
  if (!settings) {
    PROMISE(!settings.error().empty());
    return;
  }
  auto again = default_settings();
  for (const auto& table : settings_tables()) {
    for (const auto& key : table.keys) {
      const auto value = key.show(*settings);
      if (value.empty()) continue;
      PROMISE(key.read(again, value, "/").has_value());
      PROMISE(key.show(again) == value);
    }
  }
  for (const auto& rule : settings->rules.rules)
    PROMISE(!rule.match.empty() && !rule.name.empty());
}

}  // namespace
}  // namespace lockkeeper

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  lockkeeper::read_as_it_is_written(text);
  lockkeeper::loads_as_it_is_shown(lockkeeper::memory_file(text));
  return 0;
}
