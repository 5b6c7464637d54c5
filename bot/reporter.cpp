// SPDX-License-Identifier: Apache-2.0
#include "bot/reporter.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

#include "bot/run_picture.h"

namespace lockkeeper {
namespace {

constexpr Millis kDay = std::chrono::hours(24);

using Form = ReportRequest::Form;

Result<int> parse_count(std::string_view text) {
  int count = 0;
  const auto end = text.data() + text.size();
  const auto [rest, problem] = std::from_chars(text.data(), end, count);
  if (problem != std::errc() || rest != end || count < 1 || count > kReportRunsMost)
    return fail(fmt::format("--runs needs a number from 1 to {}", kReportRunsMost));
  return count;
}

}  // namespace

Result<ReportRequest> parse_report_request(const std::vector<std::string>& words) {
  ReportRequest request;
  constexpr std::array<std::string_view, 4> known = {"--long", "--json", "--svg", "--runs"};
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto& word = words[i];
    if (word == "--long") {
      request.form = Form::page;
    } else if (word == "--json") {
      request.form = Form::json;
    } else if (word == "--svg") {
      request.form = Form::history;
    } else if (word == "--runs") {
      const auto count = parse_count(i + 1 < words.size() ? words[i + 1] : "");
      if (!count) return std::unexpected(count.error());
      request.runs = *count;
      ++i;
    } else if (word.starts_with("--")) {
      return fail(fmt::format("unknown option '{}'{}", clipped(word, 40), suggestion(word, known)));
    } else if (!request.run.empty()) {
      return fail("/upgrade report takes at most one run");
    } else {
      request.run = word;
    }
  }
  if (request.form == Form::history && !request.run.empty()) request.form = Form::timeline;
  if (request.form == Form::brief && !request.run.empty()) request.form = Form::page;
  return request;
}

Reporter::Reporter(Ports ports, const Settings& settings, bool watched)
    : ports_(std::move(ports)),
      settings_(settings),
      began_(watched ? ports_.clock.now() : Time{}) {}

Result<std::vector<RunReport>> Reporter::runs(const ReportRequest& request, Time now) {
  auto ids = request.run.empty() ? ports_.journal.runs(request.runs)
                                 : Result<std::vector<std::string>>({request.run});
  if (!ids) return std::unexpected(ids.error());
  std::vector<RunReport> reports;
  for (const auto& id : *ids) {
    const auto records = ports_.journal.read(id);
    if (!records) return std::unexpected(records.error());
    if (records->empty())
      return fail(fmt::format("no run '{}' in the journal", clipped(request.run, 40)));
    auto report = report_of(*records, now);
    if (!report) return std::unexpected(report.error());
    reports.push_back(std::move(*report));
  }
  return reports;
}

Result<Report> Reporter::make(const ReportRequest& request, std::optional<Time> since) {
  const Time now = ports_.clock.now();
  auto told = runs(request, now);
  if (!told) return std::unexpected(told.error());
  const auto text = ports_.memory.recall(kDetectionMemory);
  ReportInputs inputs{settings_,
                      now,
                      since.value_or(now - kDay),
                      began_,
                      std::move(*told),
                      ports_.look(),
                      ports_.gate(),
                      text ? decode_memory(*text) : std::unexpected(text.error()),
                      Approvals(ports_.journal).waiting()};
  return make_report(std::move(inputs));
}

Result<std::string> Reporter::answer(const ReportRequest& request) {
  const Time now = ports_.clock.now();
  // A picture is of the journal alone: nobody has to be asked.
  if (request.form == Form::timeline || request.form == Form::history) {
    const auto told = runs(request, now);
    if (!told) return std::unexpected(told.error());
    const auto* zone = settings_.report.zone.get();
    return request.form == Form::timeline ? timeline_svg(told->front(), zone)
                                          : history_svg(*told, zone);
  }
  const auto report = make(request);
  if (!report) return std::unexpected(report.error());
  return shown_as(*report, request.form);
}

std::string shown_as(const Report& report, Form form) {
  switch (form) {
    case Form::json:
      return report_json(report);
    case Form::page:
      return report_page(report);
    case Form::history:
      return history_svg(report.runs, report.zone.get());
    case Form::timeline:
      return report.runs.empty() ? std::string()
                                 : timeline_svg(report.runs.front(), report.zone.get());
    default:
      return report_text(report);
  }
}

}  // namespace lockkeeper
