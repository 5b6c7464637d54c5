// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/sim_silences.h"

#include <fmt/format.h>

#include <algorithm>

namespace lockkeeper::sim {

Result<Fault> SimSilences::arrive(std::string_view port) {
  const Fault fault = faults_.next(port);
  if (fault == Fault::crash_before) throw Crash{};
  if (fault == Fault::error_before || !model_.alertmanager_up) {
    return fail("Alertmanager http://am:9093: connection refused");
  }
  return fault;
}

Status SimSilences::depart(Fault fault) {
  if (fault == Fault::crash_after) throw Crash{};
  if (fault == Fault::error_after) return fail("Alertmanager http://am:9093: connection reset");
  return {};
}

void SimSilences::changed(const std::string& what) {
  if (on_change) on_change(what);
}

Result<std::vector<OwnSilence>> SimSilences::standing() {
  const auto fault = arrive("silences");
  if (!fault) return std::unexpected(fault.error());
  std::erase_if(model_.silences,
                [&](const OwnSilence& silence) { return silence.ends_at <= clock_.cluster_now(); });
  if (auto gone = depart(*fault); !gone) return std::unexpected(gone.error());
  return model_.silences;
}

Status SimSilences::put(const OwnSilence& silence) {
  const auto fault = arrive("silence");
  if (!fault) return std::unexpected(fault.error());
  const auto known = std::ranges::find(model_.silences, silence.id, &OwnSilence::id);
  if (known != model_.silences.end()) {
    known->ends_at = silence.ends_at;
    return depart(*fault);
  }
  model_.silences.push_back(silence);
  model_.silences.back().id = fmt::format("s{}", ++made_);
  changed(fmt::format("silenced {} on {}", silence.alertname, silence.node));
  return depart(*fault);
}

Status SimSilences::take_back(const std::string& id) {
  const auto fault = arrive("take_back");
  if (!fault) return std::unexpected(fault.error());
  const auto known = std::ranges::find(model_.silences, id, &OwnSilence::id);
  if (known != model_.silences.end()) {
    changed(fmt::format("took the silence of {} on {} back", known->alertname, known->node));
    model_.silences.erase(known);
  }
  return depart(*fault);
}

}  // namespace lockkeeper::sim
