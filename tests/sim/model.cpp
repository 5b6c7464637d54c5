// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/model.h"

#include <fmt/format.h>

namespace lockkeeper::sim {

SimModel make_model(int control_planes, int workers, const Version& version) {
  SimModel model;
  model.api_server = version;
  const auto add = [&](std::string name, bool control_plane) {
    SimNode node;
    node.name = std::move(name);
    node.control_plane = control_plane;
    node.kubelet = version;
    // Ready for longer than any quiet baseline.
    node.ready_since = Moment{-std::chrono::hours(24 * 30)};
    model.nodes.emplace(node.name, node);
  };
  for (int i = 1; i <= control_planes; ++i)
    add(fmt::format("cp-{}", i), true);
  for (int i = 1; i <= workers; ++i)
    add(fmt::format("worker-{}", i), false);
  return model;
}

}  // namespace lockkeeper::sim
