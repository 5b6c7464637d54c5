// SPDX-License-Identifier: Apache-2.0

// The canonical five-node run, and what happens to it when things go wrong one at a time.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/sim/simulation.h"

namespace lockkeeper::sim {
namespace {

const Version kFrom{1, 34, 2, {}};
const Version kPatch{1, 34, 7, {}};

Simulation five_nodes() {
  return Simulation(make_model(1, 4, kFrom));
}

void require_clean(const Simulation& sim) {
  for (const auto& violation : sim.oracle.violations())
    FAIL_CHECK(violation);
}

TEST_CASE("five nodes are upgraded and the success is said with its three proofs") {
  auto sim = five_nodes();
  const auto reply = sim.order_surely("start 1.34.7");
  CHECK(reply.ok());
  REQUIRE(sim.run_to_end());
  CHECK(sim.ending() == Ending::done);
  CHECK(sim.all_on(kPatch));
  CHECK(sim.messages.back().text.find("complete: 1.34.7 (5 of 5 nodes") != std::string::npos);
  CHECK(sim.model.claim.empty());
  require_clean(sim);
}

}  // namespace
}  // namespace lockkeeper::sim
