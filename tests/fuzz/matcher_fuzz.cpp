// SPDX-License-Identifier: Apache-2.0

// Whatever the text, it is refused with a column inside it, or read as matchers that are written
// and read back as the same and can be asked.

#include <cstddef>
#include <cstdint>
#include <string>

#include "rules/matcher.h"
#include "rules/utf8.h"
#include "tests/fuzz/fuzz.h"

namespace lockkeeper {
namespace {

void read_and_written(const std::string& text) {
  const auto matchers = parse_matchers(text);
  if (!matchers) {
    PROMISE(!matchers.error().what.empty());
    PROMISE(matchers.error().column >= 1);
    PROMISE(matchers.error().column <= character_count(text) + 1);
    return;
  }
  const auto written = to_string(*matchers);
  const auto again = parse_matchers(written);
  PROMISE(again.has_value());
  PROMISE(again->size() == matchers->size());
  PROMISE(to_string(*again) == written);

  Labels labels;
  for (const auto& matcher : *matchers)
    labels.set(matcher.name, matcher.value);
  PROMISE(matches(*matchers, labels) == (first_mismatch(*matchers, labels) == nullptr));
  PROMISE(matches(*again, labels) == matches(*matchers, labels));
}

}  // namespace
}  // namespace lockkeeper

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  lockkeeper::read_and_written(std::string(data, data + size));
  return 0;
}
