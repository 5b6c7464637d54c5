// SPDX-License-Identifier: Apache-2.0

// `lockkeeper report`: what the running bot says, or what its journal alone tells.

#include <fmt/format.h>

#include <cstdio>

#include "bot/cli_commands.h"
#include "bot/reporter.h"
#include "integrations/sqlite/reader.h"
#include "integrations/system/files.h"
#include "integrations/system/real_clock.h"

namespace lockkeeper::cli {
namespace {

constexpr mode_t kPictureMode = 0644;

/// What was asked for, from whoever can tell.
struct Told {
  std::string text;
  std::string picture;  // empty: not wanted
};

std::string line_of(const ReportWords& words, std::string_view form) {
  auto line = "report" + (words.run.empty() ? "" : " " + words.run);
  return line + fmt::format(" {} --runs {}", form, words.runs);
}

Result<Told> from_daemon(const Settings& settings, const ReportWords& words, bool& refused) {
  auto text = ask_daemon(settings, line_of(words, words.json ? "--json" : "--long"), refused);
  if (!text) return std::unexpected(text.error());
  Told told{std::move(*text), {}};
  if (words.svg.empty()) return told;
  auto picture = ask_daemon(settings, line_of(words, "--svg"), refused);
  if (!picture) return std::unexpected(picture.error());
  told.picture = std::move(*picture);
  return told;
}

Result<Told> from_journal(const Settings& settings, const ReportWords& words,
                          const std::string& why_not_daemon) {
  auto journal = sqlite::JournalReader::open(settings.journal);
  if (!journal) return std::unexpected(journal.error());
  const system::RealClock clock;
  const auto nobody = fail("nobody looked, the bot is not reached: " + why_not_daemon);
  Reporter reporter({**journal, **journal, clock, [&] { return Result<ClusterFacts>(nobody); },
                     [&] { return Result<GateView>(nobody); }},
                    settings, false);
  ReportRequest request;
  request.form = words.json ? ReportRequest::Form::json : ReportRequest::Form::page;
  request.runs = words.runs;
  request.run = words.run;
  auto text = reporter.answer(request);
  if (!text) return std::unexpected(text.error());
  Told told{std::move(*text), {}};
  if (words.svg.empty()) return told;
  request.form = words.run.empty() ? ReportRequest::Form::history : ReportRequest::Form::timeline;
  auto picture = reporter.answer(request);
  if (!picture) return std::unexpected(picture.error());
  told.picture = std::move(*picture);
  return told;
}

}  // namespace

int report(const ReportWords& words) {
  const auto settings = load_or_complain(words.file);
  if (!settings) return kMisused;
  bool refused = false;
  auto told = from_daemon(*settings, words, refused);
  if (!told && !refused) told = from_journal(*settings, words, told.error().what);
  const auto complain = [](const Failure& failure) {
    fmt::print(stderr, "{}\n", failure.what);
    return kRefused;
  };
  if (!told) return complain(told.error());
  if (!words.svg.empty()) {
    const auto written = system::write_file(words.svg, told->picture, kPictureMode);
    if (!written) return complain(written.error());
  }
  fmt::print("{}", told->text);
  return kFine;
}

}  // namespace lockkeeper::cli
