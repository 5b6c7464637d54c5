// SPDX-License-Identifier: Apache-2.0

// Whatever a server answers in Prometheus' place, it is refused in words, or read as series that
// each have a sample, and as rules that each have a health and an interval.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "integrations/prometheus/envelope.h"
#include "integrations/prometheus/query_answer.h"
#include "integrations/prometheus/rules_answer.h"
#include "tests/fuzz/fuzz.h"

namespace lockkeeper::prometheus {
namespace {

void read_both(std::string_view body) {
  const auto answer = read_query_answer(body);
  if (answer) {
    PROMISE(!answer->result_type.empty());
    for (const Series& series : answer->series)
      PROMISE(!series.samples.empty());
    PROMISE(error_text(body).empty());
  } else {
    PROMISE(!answer.error().what.empty());
  }
  const auto rules = read_rules_answer(body);
  if (!rules) {
    PROMISE(!rules.error().what.empty());
    return;
  }
  for (const RuleHealth& rule : *rules) {
    PROMISE(!rule.health.empty());
    PROMISE(rule.interval > Millis(0));
  }
  PROMISE(rule_alerts(*rules, Time{}).size() <= 2 * rules->size());
}

}  // namespace
}  // namespace lockkeeper::prometheus

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  lockkeeper::prometheus::read_both({reinterpret_cast<const char*>(data), size});
  return 0;
}
