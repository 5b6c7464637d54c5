// SPDX-License-Identifier: Apache-2.0
#include "bot/config_watch.h"

#include "config/findings.h"
#include "config/load.h"
#include "integrations/system/log.h"

namespace lockkeeper {
namespace {

using Files = std::vector<std::filesystem::path>;

/// The rules file that is read when none is named is watched for even while it is not there.
Files files_of(const Settings& settings) {
  const auto& rules = settings.gate.rules_file;
  return {settings.file, rules.empty() ? settings.file.parent_path() / "rules.ini" : rules};
}

/// As `check` would judge it. Warnings go to the log.
std::expected<Settings, std::vector<std::string>> checked(const std::filesystem::path& file,
                                                          Time now) {
  auto settings = load(file);
  std::vector<std::string> errors;
  if (!settings) {
    for (const auto& error : settings.error())
      errors.push_back(to_string(error));
    return std::unexpected(std::move(errors));
  }
  for (const auto& finding : findings(*settings, now)) {
    if (finding.blocking) {
      errors.push_back(finding.what);
    } else {
      system::log(system::Level::warn, finding.what);
    }
  }
  if (!errors.empty()) return std::unexpected(std::move(errors));
  return std::move(*settings);
}

}  // namespace

ConfigWatch::ConfigWatch(Reload& reload, metrics::Metrics& metrics, const Clock& clock)
    : reload_(reload),
      metrics_(metrics),
      clock_(clock),
      file_(reload.in_force().file),
      watch_(files_of(reload.in_force())) {}

void ConfigWatch::look(bool asked) {
  // Before the files are read: what is written into them meanwhile is seen by the next look.
  if (asked) watch_.read_now(files_of(reload_.in_force()));
  if (asked || watch_.changed()) read(asked);
}

void ConfigWatch::read(bool asked) {
  const auto before = files_of(reload_.in_force());
  const bool good = reload_.take(checked(file_, clock_.now()), asked);
  metrics_.set(metrics::Metric::config_last_reload_successful, good ? 1 : 0);
  if (const auto now = files_of(reload_.in_force()); now != before) watch_.read_now(now);
}

}  // namespace lockkeeper
