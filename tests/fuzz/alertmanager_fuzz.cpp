// SPDX-License-Identifier: Apache-2.0

// Whatever a server answers in Alertmanager's place, it is refused in words, or read as alerts of
// which none is held back by something that it does not name, and as silences that have an id. None
// of those is taken for ours unless it is as narrow as ours are.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "integrations/alertmanager/poller.h"
#include "integrations/alertmanager/silences_answer.h"
#include "tests/fuzz/fuzz.h"

namespace lockkeeper::alertmanager {
namespace {

void read_both(std::string_view body) {
  const auto alerts = read_alerts_answer(body);
  if (!alerts) PROMISE(!alerts.error().what.empty());
  const auto silences = read_silences_answer(body);
  if (!silences) PROMISE(!silences.error().what.empty());
  if (alerts) {
    const auto sighting = sighting_of(*alerts, silences.value_or(std::vector<KnownSilence>()));
    PROMISE(sighting.alertmanager.size() == alerts->size());
    PROMISE(sighting.suppressed.size() <= alerts->size());
    for (const auto& suppressed : sighting.suppressed)
      PROMISE(!suppressed.by.empty());
  }
  if (!silences) return;
  for (const auto& silence : *silences) {
    PROMISE(!silence.id.empty() && !silence.state.empty());
    if (const auto own = own_silence(silence, "prod")) {
      PROMISE(silence.matchers.size() == 2);
      PROMISE(!own->node.empty() && !own->alertname.empty());
    }
  }
}

}  // namespace
}  // namespace lockkeeper::alertmanager

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  lockkeeper::alertmanager::read_both({reinterpret_cast<const char*>(data), size});
  return 0;
}
