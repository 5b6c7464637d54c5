// SPDX-License-Identifier: Apache-2.0

// The sections about finding new versions, what stands in their way, and telling of it.

#include <fmt/format.h>

#include "config/section_builders.h"
#include "config/sections.h"
#include "rules/version.h"

namespace lockkeeper {
namespace {

constexpr Millis kDay = 24h;
constexpr std::int64_t kGibibyte = 1LL << 30;
constexpr std::string_view kNever = "never";
constexpr std::string_view kNone = "none";

/// A schedule, or a word for not having one: an empty value would mean the default.
ValueKind<std::optional<Cron>> schedule_value() {
  auto read = [](std::string_view text) -> ReadValue<std::optional<Cron>> {
    if (text == kNever) return std::optional<Cron>();
    auto cron = parse_cron(text);
    if (!cron) return refuse(cron.error().what);
    return std::optional(std::move(*cron));
  };
  auto show = [](const std::optional<Cron>& cron) {
    return cron ? cron->text : std::string(kNever);
  };
  return {"the five fields of cron (minute hour day month weekday), or never", read, show};
}

/// A URL, or a word for not asking there.
ValueKind<std::string> feed_value() {
  const auto url = url_value();
  auto read = [url](std::string_view text) -> ReadValue<std::string> {
    return text == kNone ? ReadValue<std::string>(std::string()) : url.read(text);
  };
  auto show = [](const std::string& text) { return text.empty() ? std::string(kNone) : text; };
  return {"an http or https URL, or none", read, show};
}

/// "1.35".
ValueKind<std::string> minor_value() {
  auto read = [](std::string_view text) -> ReadValue<std::string> {
    if (parse_target_version(std::string(text) + ".0")) return std::string(text);
    return refuse(fmt::format("'{}' is no minor version such as 1.35", clipped(text, 40)));
  };
  return {"a minor version of Kubernetes, such as 1.35", read, text_value().show};
}

/// Where versions come from, each with its limits.
void add_feeds(Table<Settings>& table) {
  const auto at = in(&Settings::detection);
  table
      .key("apt", at(&DetectionSettings::apt), flag_value(),
           "ask apt on the control plane, over SSH, for the newest patch")
      .key("repository", at(&DetectionSettings::repository), feed_value(),
           "where the next minor is looked for, without /vX.Y/deb/")
      .key("keyring", at(&DetectionSettings::keyring), path_value(),
           "whose keys may sign that repository (not armored), checked with gpgv",
           "the signature is not checked")
      .key("k3s_channels", at(&DetectionSettings::k3s_channels), feed_value(),
           "the channel server, asked instead where k3s runs")
      .key("reread_after", at(&DetectionSettings::reread_after), duration_value(0s, 1h),
           "every feed is read twice, so far apart; both must say the same")
      .key("timeout", at(&DetectionSettings::timeout), duration_value(100ms, 10min),
           "for one answer of a feed")
      .key("body_max", at(&DetectionSettings::body_max), size_value(1024, kGibibyte),
           "a larger answer is refused");
}

template <class T>
Table<T>& required(Table<T>& table) {
  table.last().required = true;
  return table;
}

}  // namespace

Table<Settings> detection_table() {
  using OnAvailable = DetectionSettings::OnAvailable;
  using StartKind = DetectionSettings::StartKind;
  const auto at = in(&Settings::detection);
  Table<Settings> table{"detection", "How new versions are found.", {}, {}, {}};
  table
      .key("schedule", at(&DetectionSettings::schedule), schedule_value(),
           "when to look; never: only when /upgrade check asks")
      .key("zone", at(&DetectionSettings::zone), zone_value(), "by whose clocks");
  add_feeds(table);
  table
      .key("on_available", at(&DetectionSettings::on_available),
           choice_value<OnAvailable>(
               {{"announce", OnAvailable::announce}, {"start", OnAvailable::start}}),
           "what a finding does: say it, or also start the upgrade")
      .key("start_window", at(&DetectionSettings::start_windows), windows_value(),
           "start only inside of these", "at any time")
      .key("start_kind", at(&DetectionSettings::start_kind),
           choice_value<StartKind>({{"patch", StartKind::patch}, {"any", StartKind::any}}),
           "what may be started without a person");
  return table;
}

Table<Settings> report_table() {
  const auto at = in(&Settings::report);
  Table<Settings> table{"report", "The report that is said by itself.", {}, {}, {}};
  table
      .key("schedule", at(&ReportSettings::schedule), schedule_value(),
           "when it is said; never: only when somebody asks")
      .key("zone", at(&ReportSettings::zone), zone_value(),
           "by whose clocks, also in every report and picture");
  return table;
}

Table<Settings> compat_table() {
  const auto at = in(&Settings::compat);
  Table<Settings> table{
      "compat", "What is known about who works with which Kubernetes.", {}, {}, {}};
  table
      .key("data", at(&CompatSettings::data), path_value(),
           "a folder with addons.json, apis.json and nodes.json", "the data that are built in")
      .key("data_age_max", at(&CompatSettings::data_age_max), duration_value(kDay, 3650 * kDay),
           "older data are warned of")
      .key("api_uptime_min", at(&CompatSettings::api_uptime_min), duration_value(0s, 30 * kDay),
           "how long each API server must have counted requests of deprecated APIs");
  return table;
}

const Table<CompatOverride>& override_table() {
  static const Table<CompatOverride> table = [] {
    Table<CompatOverride> made{
        "override NAME",
        "A person's word that something works, although `lockkeeper compat` says otherwise.",
        {},
        {},
        {}};
    const auto member = [](auto CompatOverride::* part) {
      return [part](auto& one) -> auto& { return one.*part; };
    };
    required(made.key("subject", member(&CompatOverride::subject), text_value(),
                      "as the table of `lockkeeper compat` names it, such as calico"));
    required(made.key("minor", member(&CompatOverride::minor), minor_value(),
                      "the target that it counts for, and no other"));
    required(made.key("reason", member(&CompatOverride::reason), text_value(),
                      "shown wherever it counts"));
    required(made.key("expires", member(&CompatOverride::expires), time_value(),
                      "from then on it is as if it were not there"));
    return made;
  }();
  return table;
}

}  // namespace lockkeeper
