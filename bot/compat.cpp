// SPDX-License-Identifier: Apache-2.0
#include "bot/compat.h"

#include <fmt/format.h>

#include <algorithm>

#include "bot/compat_addons.h"
#include "bot/compat_nodes.h"
#include "bot/skew.h"

namespace lockkeeper {
namespace {

constexpr std::string_view kApis = "deprecated APIs";

/// "2026-10-22": a day is enough for data and for the ends of overrides.
std::string day_text(Time time) {
  return to_string(time).substr(0, 10);
}

class Judge {
 public:
  Judge(const CompatFacts& facts, const CompatSettings& settings, Minor target, Time now)
      : facts_(facts), settings_(settings), target_(target), now_(now) {}

  void data(CompatReport& report);
  void apis();
  void add(std::vector<CompatRow> rows);
  void apply_overrides();
  std::vector<CompatRow> take();

 private:
  void server(const ApiServerUse& server);
  void use(const DeprecatedUse& use);
  [[nodiscard]] std::string instead_of(const std::string& api) const;

  const CompatFacts& facts_;
  const CompatSettings& settings_;
  Minor target_;
  Time now_;
  std::vector<CompatRow> rows_;
};

void Judge::data(CompatReport& report) {
  if (!facts_.data) {
    rows_.push_back({CompatAnswer::unknown,
                     "data",
                     {},
                     {},
                     "the data about compatibility cannot be read: " + facts_.data.error().what,
                     "mend the folder that [compat] data names, or leave it empty",
                     {}});
    return;
  }
  report.updated = facts_.data->updated;
  report.age = std::max(now_ - report.updated, Millis(0));
  if (report.age <= settings_.data_age_max) return;
  rows_.push_back({CompatAnswer::warn,
                   "data",
                   day_text(report.updated),
                   {},
                   fmt::format("the data are of {}, older than {}", day_text(report.updated),
                               to_string(settings_.data_age_max)),
                   {},
                   {}});
}

std::string Judge::instead_of(const std::string& api) const {
  if (!facts_.data) return "a newer version of it";
  const auto known = std::ranges::find(facts_.data->apis, api, &ApiData::api);
  return known == facts_.data->apis.end() ? "a newer version of it" : known->use;
}

// The metric is 1 for each API that was asked for since the server's start. A release that is
// already there cannot be cleared: the gauge stays until the server restarts.
// https://kubernetes.io/docs/reference/instrumentation/metrics/
void Judge::use(const DeprecatedUse& use) {
  if (use.removed_in.empty()) return;
  const auto removed = parse_minor(use.removed_in);
  const auto subject = "api " + use.api;
  if (std::ranges::any_of(rows_, [&](const auto& row) { return row.subject == subject; })) return;
  if (!removed) {
    rows_.push_back({CompatAnswer::unknown,
                     subject,
                     use.api,
                     {},
                     fmt::format("is deprecated, and its removal '{}' cannot be read",
                                 clipped(use.removed_in, 20)),
                     {},
                     {}});
  } else if (*removed <= target_) {
    rows_.push_back({CompatAnswer::blocked,
                     subject,
                     use.api,
                     instead_of(use.api),
                     fmt::format("is still requested, and {} removes it", to_string(*removed)),
                     fmt::format("move its clients to {}; the API server's audit log names them "
                                 "(annotation k8s.io/deprecated)",
                                 instead_of(use.api)),
                     {}});
  }
}

// An API server counts from its own start: right after a restart its silence says nothing.
void Judge::server(const ApiServerUse& server) {
  for (const auto& one : server.uses)
    use(one);
  CompatRow row{CompatAnswer::unknown, std::string(kApis), {}, {}, {}, {}, {}};
  if (!server.failure.empty()) {
    row.words = fmt::format("API server {}: {}", server.server, server.failure);
    row.clear = "let the bot read /metrics of every API server (nonResourceURLs)";
  } else if (!server.started) {
    row.words = fmt::format("API server {} does not say when it started", server.server);
  } else if (now_ - *server.started < settings_.api_uptime_min) {
    row.words = fmt::format("API server {} counts requests only since {}", server.server,
                            to_string(*server.started));
    row.clear = fmt::format("wait until {}", to_string(*server.started + settings_.api_uptime_min));
  } else {
    return;
  }
  rows_.push_back(std::move(row));
}

void Judge::apis() {
  const std::size_t before = rows_.size();
  CompatRow row{CompatAnswer::unknown, std::string(kApis), {}, {}, {}, {}, {}};
  if (!facts_.servers) {
    row.words = facts_.servers.error().what;
  } else if (facts_.servers->empty()) {
    row.words = "no API server was found to ask";
  } else {
    for (const auto& one : *facts_.servers)
      server(one);
    if (rows_.size() > before) return;
    row.answer = CompatAnswer::ok;
    row.words = fmt::format("none that {} removes is requested ({} asked)", to_string(target_),
                            counted(facts_.servers->size(), "API server"));
  }
  rows_.push_back(std::move(row));
}

void Judge::add(std::vector<CompatRow> rows) {
  rows_.insert(rows_.end(), std::make_move_iterator(rows.begin()),
               std::make_move_iterator(rows.end()));
}

void Judge::apply_overrides() {
  for (auto& row : rows_) {
    if (row.answer < CompatAnswer::waiting) continue;
    for (const auto& one : settings_.overrides) {
      if (one.subject != row.subject || one.minor != to_string(target_)) continue;
      if (one.expires <= now_) {
        row.clear += fmt::format("{}[override {}] ended on {}", row.clear.empty() ? "" : "; ",
                                 one.name, day_text(one.expires));
        continue;
      }
      row.overridden = fmt::format("{} ({}), until {}", one.reason, to_string(row.answer),
                                   day_text(one.expires));
      row.answer = CompatAnswer::ok;
      break;
    }
  }
}

std::vector<CompatRow> Judge::take() {
  std::ranges::stable_sort(rows_, std::greater(), &CompatRow::answer);
  return std::move(rows_);
}

}  // namespace

bool CompatReport::blocks() const {
  return answer() >= CompatAnswer::waiting;
}

CompatAnswer CompatReport::answer() const {
  const auto worst = std::ranges::max_element(rows, {}, &CompatRow::answer);
  return worst == rows.end() ? CompatAnswer::ok : worst->answer;
}

CompatReport judge_compat(const CompatFacts& facts, const ClusterFacts& cluster, Minor target,
                          const std::string& goal, const CompatSettings& settings, Time now) {
  CompatReport report;
  report.target = target;
  const bool readable = cluster.api_server && std::ranges::all_of(cluster.nodes, [](const auto& n) {
                          return n.kubelet.has_value();
                        });
  if (readable) {
    const auto oldest = oldest_version(cluster);
    report.minor_jump = target > Minor{oldest.major, oldest.minor};
  } else {
    report.minor_jump = true;
    report.rows.push_back({CompatAnswer::unknown,
                           "versions",
                           {},
                           {},
                           "what the cluster runs cannot be read",
                           {},
                           {}});
  }
  if (!report.minor_jump) return report;
  Judge judge(facts, settings, target, now);
  judge.add(std::move(report.rows));
  judge.data(report);
  // Once the API server is there, what it removed is gone, and its own count has begun anew.
  const bool applied =
      cluster.api_server && Minor{cluster.api_server->major, cluster.api_server->minor} >= target;
  if (!applied) judge.apis();
  if (facts.data) {
    judge.add(judge_addons(*facts.data, facts.images, target));
    judge.add(judge_nodes(*facts.data, facts.nodes, cluster, goal, target));
  }
  judge.apply_overrides();
  report.rows = judge.take();
  return report;
}

std::string_view to_string(CompatAnswer answer) {
  switch (answer) {
    case CompatAnswer::ok:
      return "ok";
    case CompatAnswer::warn:
      return "warn";
    case CompatAnswer::waiting:
      return "waiting";
    case CompatAnswer::unknown:
      return "unknown";
    case CompatAnswer::blocked:
      return "blocked";
  }
  return "?";
}

}  // namespace lockkeeper
