// SPDX-License-Identifier: Apache-2.0

// Plays many random worlds, or one again:
//   sim_seeds --count 5000 [--from 1]     every seed must hold
//   sim_seeds --file seeds.txt            the ones that once did not
//   sim_seeds --replay 4711               one, told step by step

#include <fmt/format.h>

#include <charconv>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "tests/sim/random_world.h"

namespace {

using lockkeeper::sim::play_seed;

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::vector<std::uint64_t> seeds_in(const std::string& path) {
  std::vector<std::uint64_t> seeds;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && line.front() != '#') seeds.push_back(number(line));
  }
  return seeds;
}

int play_all(const std::vector<std::uint64_t>& seeds) {
  int bad = 0;
  int runs = 0;
  int lives = 0;
  for (const auto seed : seeds) {
    const auto report = play_seed(seed, false);
    runs += report.runs;
    lives += report.lives;
    if (report.trouble.empty()) continue;
    ++bad;
    fmt::print("seed {}: {}\n  tell it again with: sim_seeds --replay {}\n", seed, report.trouble,
               seed);
  }
  fmt::print("{} worlds, {} runs, {} lives of the bot, {} bad\n", seeds.size(), runs, lives, bad);
  return bad == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  std::uint64_t from = 1;
  std::uint64_t count = 0;
  std::vector<std::uint64_t> seeds;
  for (std::size_t i = 0; i + 1 < words.size(); i += 2) {
    if (words[i] == "--replay") {
      const auto report = play_seed(number(words[i + 1]), true);
      fmt::print("seed {}: {}\n", report.seed, report.trouble.empty() ? "held" : report.trouble);
      return report.trouble.empty() ? 0 : 1;
    }
    if (words[i] == "--from") from = number(words[i + 1]);
    if (words[i] == "--count") count = number(words[i + 1]);
    if (words[i] == "--file") seeds = seeds_in(words[i + 1]);
  }
  for (std::uint64_t seed = from; seed < from + count; ++seed)
    seeds.push_back(seed);
  if (seeds.empty()) {
    fmt::print("usage: sim_seeds --count N [--from N] | --file FILE | --replay SEED\n");
    return 2;
  }
  return play_all(seeds);
}
