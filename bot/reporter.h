// SPDX-License-Identifier: Apache-2.0
#pragma once

// Makes reports: collects what the journal, detection's memory, the cluster and the gate say at
// this moment, and answers `report ...`. It only reads. Owned by the composition root; any thread.

#include <functional>
#include <string>
#include <vector>

#include "bot/detector.h"
#include "bot/report.h"

namespace lockkeeper {

/// How many runs a report tells of unless it is asked for more or fewer.
inline constexpr int kReportRuns = 10;
inline constexpr int kReportRunsMost = 100;

/// The words behind `report`.
struct ReportRequest {
  enum class Form {
    brief,     ///< for chat
    page,      ///< --long
    json,      ///< --json
    history,   ///< --svg: the durations of the runs
    timeline,  ///< RUN --svg
  };

  Form form = Form::brief;
  int runs = kReportRuns;
  std::string run;  // only this one; empty: the newest
};

/// Reads "[RUN] [--long|--json|--svg] [--runs N]".
Result<ReportRequest> parse_report_request(const std::vector<std::string>& words);

class Reporter {
 public:
  struct Ports {
    Journal& journal;
    Memory& memory;
    const Clock& clock;
    std::function<Result<ClusterFacts>()> look;  // at the cluster
    std::function<Result<GateView>()> gate;
  };

  /// Everything outlives the reporter. `watched` is false where no bot runs: then nothing is said
  /// about a check that is due.
  Reporter(Ports ports, const Settings& settings, bool watched = true);

  /// A report of now. `since`: of the one before, or nothing for a day.
  Result<Report> make(const ReportRequest& request, std::optional<Time> since = std::nullopt);

  /// The same in the form that was asked for.
  Result<std::string> answer(const ReportRequest& request);

 private:
  Result<std::vector<RunReport>> runs(const ReportRequest& request, Time now);

  Ports ports_;
  const Settings& settings_;
  Time began_{};  // when detection's schedule began to be followed
};

/// The report in a form, also where somebody else made it.
std::string shown_as(const Report& report, ReportRequest::Form form);

}  // namespace lockkeeper
