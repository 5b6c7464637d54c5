// SPDX-License-Identifier: Apache-2.0

// Whatever a stranger posts as a webhook, it is refused with one short line, or read as alerts
// within the limits; and the same bytes always give the same events.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "integrations/alertmanager/repeats.h"
#include "integrations/alertmanager/webhook.h"
#include "rules/utf8.h"
#include "tests/fuzz/fuzz.h"

namespace lockkeeper::alertmanager {
namespace {

void bounded(const FiringAlert& alert) {
  PROMISE(alert.summary.size() <= 260);
  PROMISE(alert.runbook_url.size() <= 520);
  for (const auto& [name, value] : alert.labels.pairs()) {
    PROMISE(!value.empty());
    PROMISE(invalid_utf8_at(name) == name.size());
    PROMISE(invalid_utf8_at(value) == value.size());
    PROMISE(value.find('\0') == value.npos);
  }
}

void take_in(std::string_view body) {
  auto read = read_webhook(body);
  if (!read) {
    PROMISE(!read.error().what.empty());
    PROMISE(read.error().what.size() < 300);
    return;
  }
  PROMISE(read->firing.size() + read->resolved.size() <= kAlertsMax);
  for (const FiringAlert& alert : read->firing)
    bounded(alert);

  const auto events = events_of(*read);
  auto again = read_webhook(body);
  PROMISE(again.has_value());
  PROMISE(events_of(*again) == events);
  Repeats repeats(Millis(1000));
  PROMISE(repeats.remove_repeats(*again, Moment{}) == 0);
  repeats.remember(events, Moment{});
  PROMISE(repeats.remove_repeats(*again, Moment{}) == events.size());
  PROMISE(labels_of(std::move(*read)).size() + again->resolved.size() <= events.size());
}

}  // namespace
}  // namespace lockkeeper::alertmanager

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  lockkeeper::alertmanager::take_in({reinterpret_cast<const char*>(data), size});
  return 0;
}
