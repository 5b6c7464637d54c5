// SPDX-License-Identifier: Apache-2.0
#pragma once

// One judge for each area of `lockkeeper doctor`, used by doctor.cpp. Each gets everything that was
// seen, so that it can leave unsaid what another area names already. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "bot/doctor.h"

namespace lockkeeper::doctor {

/// What a judge may know.
struct Case {
  const Exams& exams;
  const Settings& settings;
  std::string_view version;
  Time now;
};

/// A list that is being written.
class Findings {
 public:
  void ok(std::string what) { list_.push_back({Health::ok, std::move(what)}); }
  void unchecked(std::string what, std::string fix = {}) {
    list_.push_back({Health::unchecked, std::move(what), std::move(fix)});
  }
  void warn(std::string what, std::string fix) {
    list_.push_back({Health::warning, std::move(what), std::move(fix)});
  }
  void broken(std::string what, std::string fix) {
    list_.push_back({Health::broken, std::move(what), std::move(fix)});
  }
  [[nodiscard]] std::size_t size() const { return list_.size(); }
  [[nodiscard]] std::vector<Diagnosis> take() { return std::move(list_); }

 private:
  std::vector<Diagnosis> list_;
};

/// Whether a finding about the configuration names this key already: "[ssh] key_file".
bool named_in_configuration(const Exams& exams, std::string_view key);

void judge_configuration(const Case& seen, Findings& found);
void judge_journal(const Case& seen, Findings& found);
void judge_kubernetes(const Case& seen, Findings& found);
void judge_nodes(const Case& seen, Findings& found);
void judge_prometheus(const Case& seen, Findings& found);
void judge_alertmanager(const Case& seen, Findings& found);
void judge_pushgateway(const Case& seen, Findings& found);
void judge_slack(const Case& seen, Findings& found);
void judge_daemon(const Case& seen, Findings& found);
void judge_detection(const Case& seen, Findings& found);
void judge_compat(const Case& seen, Findings& found);

/// "12ms ahead of this host (+-3ms)".
std::string offset_text(const ClockOffset& clock);

/// "in 21 days", "3 days ago".
std::string days_text(Time then, Time now);

}  // namespace lockkeeper::doctor
