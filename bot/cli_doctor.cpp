// SPDX-License-Identifier: Apache-2.0

// `lockkeeper doctor`: asks every neighbour side by side, within a limit, and prints what
// bot/doctor.h makes of the answers. Changes nothing; the test alert is sent only when asked for.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>

#include "bot/build_info.h"
#include "bot/cli_commands.h"
#include "bot/cli_doctor_exams.h"
#include "bot/doctor.h"
#include "config/difference.h"
#include "config/findings.h"
#include "config/load.h"
#include "integrations/ssh/session.h"
#include "integrations/system/log.h"

namespace lockkeeper::cli {
namespace {

/// The areas that were asked for, in their own order; a failure names the nearest one.
Result<std::vector<Area>> chosen_areas(const std::vector<std::string>& words) {
  std::vector<std::string_view> known;
  for (const auto area : kAreas)
    known.push_back(to_string(area));
  for (const auto& word : words) {
    if (std::ranges::find(known, word) == known.end())
      return fail(fmt::format("unknown area '{}'{}; there are {}", clipped(word, 40),
                              suggestion(word, known), fmt::join(known, ", ")));
  }
  std::vector<Area> areas;
  for (const auto area : kAreas)
    if (words.empty() || std::ranges::find(words, to_string(area)) != words.end())
      areas.push_back(area);
  return areas;
}

}  // namespace

int doctor(const DoctorWords& words) {
  auto areas = chosen_areas(words.only);
  if (!areas) {
    fmt::print(stderr, "{}\n", areas.error().what);
    return kMisused;
  }
  // OpenSSL writes to sockets that the other end may have closed.
  std::signal(SIGPIPE, SIG_IGN);
  // What the neighbours would log, the report says.
  system::set_log_level(system::Level::error);
  system::RealClock clock;
  Exams exams;
  auto loaded = load(words.file);
  Settings settings;
  settings.file = words.file;
  if (loaded) {
    settings = std::move(*loaded);
    ssh::pin_new_keys(false);
    exams.configuration = findings(settings, clock.now());
    exams.configuration_digest = digest(settings);
    examine(settings, *areas, words.send_test_alert, clock, exams);
  } else {
    for (const auto& error : loaded.error())
      exams.configuration_errors.push_back(to_string(error));
    // Whichever area was asked for.
    areas = {Area::configuration};
  }
  const auto report = diagnose(exams, settings, *areas, build_version(), clock.now());
  fmt::print("{}\n", words.json ? doctor_json(report) : doctor_text(report));
  return report.count(Health::broken) > 0 ? kRefused : kFine;
}

}  // namespace lockkeeper::cli
