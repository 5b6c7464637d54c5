// SPDX-License-Identifier: Apache-2.0
#pragma once

// One seed, one world: its size, what goes wrong in it and when, and what its operators do. After a
// while the trouble stops, and then the upgrade must come to its end.

#include <cstdint>
#include <string>

namespace lockkeeper::sim {

struct SeedReport {
  std::uint64_t seed = 0;
  std::string trouble;  // empty when everything held
  int runs = 0;         // how many starts it took
  int lives = 0;        // how often the bot was alive
};

/// Plays one world to its end. `say` prints what happens, for a failing seed.
SeedReport play_seed(std::uint64_t seed, bool say);

}  // namespace lockkeeper::sim
