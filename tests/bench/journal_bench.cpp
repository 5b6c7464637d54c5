// SPDX-License-Identifier: Apache-2.0

// How long a durable append takes, how fast a long journal opens and a run is read. The figures
// are those of the disk under the temporary folder.

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "integrations/sqlite/journal.h"
#include "tests/bench/report.h"

namespace lockkeeper::bench {
namespace {

constexpr int kAppends = 2'000;
constexpr int kTinyAppends = 100;

int run(const std::filesystem::path& folder, int appends) {
  JournalSettings settings;
  settings.file = folder / "journal.db";
  std::vector<double> times;
  {
    auto journal = sqlite::SqliteJournal::open(settings);
    if (!journal) {
      std::fprintf(stderr, "%s\n", journal.error().what.c_str());
      return 1;
    }
    for (int i = 0; i < appends; ++i) {
      const Outcome body{.step = i, .result = StepResult::done, .detail = "12 pods", .notes = {}};
      const Stopwatch watch;
      if (!(*journal)->append(Time{}, "r-" + std::to_string(i / 100), body)) return 1;
      times.push_back(watch.ms());
    }
  }
  std::printf("durable append: median %.3f ms, p99 %.3f ms, worst %.3f ms\n",
              percentile(times, 0.5), percentile(times, 0.99), percentile(times, 1));
  const Stopwatch opening;
  auto journal = sqlite::SqliteJournal::open(settings);
  if (!journal) return 1;
  std::printf("opening a journal of %d records: %.2f ms\n", appends, opening.ms());
  const Stopwatch reading;
  const auto records = (*journal)->read("r-0");
  if (!records) return 1;
  std::printf("reading a run of %zu records: %.2f ms\n", records->size(), reading.ms());
  return 0;
}

}  // namespace
}  // namespace lockkeeper::bench

int main(int argc, char** argv) {
  using namespace lockkeeper::bench;
  std::string folder =
      (std::filesystem::temp_directory_path() / "lockkeeper-bench.XXXXXX").native();
  if (::mkdtemp(folder.data()) == nullptr) return 1;
  const int result = run(folder, is_tiny(argc, argv) ? kTinyAppends : kAppends);
  std::filesystem::remove_all(folder);
  return result;
}
