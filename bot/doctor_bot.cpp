// SPDX-License-Identifier: Apache-2.0

// What is wrong with the bot itself: its configuration, its journal, the running daemon, the feeds
// of detection, the data of the compatibility gate.

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "bot/doctor_judges.h"
#include "bot/size_text.h"

namespace lockkeeper::doctor {
namespace {

// A run's records are some hundred kilobytes; SQLite needs room beside the file, too.
constexpr std::int64_t kJournalBytesMin = 16LL << 20;
constexpr std::int64_t kJournalBytesGood = 256LL << 20;
constexpr std::string_view kJournalKey = "[journal]";

void judge_running(const Case& seen, const DaemonExam& exam, Findings& found) {
  const auto before = found.size();
  if (exam.version != seen.version)
    found.warn(fmt::format("the daemon is {}, this program is {}", exam.version, seen.version),
               "restart it: systemctl restart lockkeeper");
  if (exam.configuration != seen.exams.configuration_digest)
    found.warn(fmt::format("the daemon goes by another configuration than {} ({}, the file is {})",
                           seen.settings.file.string(), exam.configuration,
                           seen.exams.configuration_digest),
               "systemctl reload lockkeeper for rules, restart for everything else");
  for (const auto& reason : exam.not_ready)
    found.broken("the daemon is not ready: " + reason, "look at its log: journalctl -u lockkeeper");
  if (found.size() == before)
    found.ok(fmt::format("it runs at {} since {}, version and configuration are those here",
                         exam.url, exam.started));
  const auto answered = [&](const char* code) {
    const auto at = exam.webhooks.find(code);
    return at == exam.webhooks.end() ? 0.0 : at->second;
  };
  const double refused = answered("401");
  const auto& test = seen.exams.test_alert;
  const bool named = test && test->refused > 0;
  if (refused > 0 && exam.last_webhook.empty() && !named) {
    found.broken(
        fmt::format("every webhook was refused with 401 ({:.0f} of them): a wrong token", refused),
        "the token of Alertmanager's receiver must be that of [http] webhook_token_file");
  } else if (exam.last_webhook.empty()) {
    found.unchecked("no webhook has come since it was started",
                    "lockkeeper doctor --send-test-alert");
  } else {
    found.ok(fmt::format("the newest webhook was taken at {}", exam.last_webhook));
  }
}

/// Nodes that the area of nodes has named already.
bool named_already(const Exams& exams, const std::string& node) {
  if (!exams.nodes) return false;
  const auto at = std::ranges::find(*exams.nodes, node, &NodeExam::node);
  return at != exams.nodes->end() && at->trouble != NodeTrouble::none;
}

void judge_feed(const Case& seen, const FeedRead& feed, Findings& found) {
  const bool apt = feed.feed.starts_with("apt");
  if (!feed.versions && apt && named_already(seen.exams, seen.exams.detection->apt_node))
    return found.unchecked(fmt::format("{}: the node cannot be asked, see nodes", feed.feed));
  if (!feed.versions) {
    found.broken(fmt::format("{}: {}", feed.feed, feed.versions.error().what),
                 apt ? "on that node: apt-get update; the source and key of Kubernetes there"
                     : "[detection] repository, keyring and k3s_channels; a proxy in https_proxy");
    return;
  }
  const auto& versions = *feed.versions;
  found.ok(versions.empty()
               ? fmt::format("{}: not there yet", feed.feed)
               : fmt::format("{}: {}", feed.feed, counted(versions.size(), "version")));
  for (const auto& note : feed.notes)
    found.warn(fmt::format("{}: {}", feed.feed, note),
               "[detection] keyring = /etc/apt/keyrings/kubernetes-apt-keyring.gpg");
}

}  // namespace

void judge_configuration(const Case& seen, Findings& found) {
  for (const auto& error : seen.exams.configuration_errors)
    found.broken(error, "lockkeeper check tells the same; docs/configuration.md has every key");
  if (found.size() > 0)
    return found.unchecked("everything else: without a configuration nobody can be asked");
  for (const auto& one : seen.exams.configuration) {
    if (one.what.starts_with(kJournalKey)) continue;
    const auto fix = std::string("lockkeeper check shows what was understood");
    if (one.blocking) {
      found.broken(one.what, fix);
    } else {
      found.warn(one.what, fix);
    }
  }
  if (found.size() == 0)
    found.ok(fmt::format("{} is read without a complaint", seen.settings.file.string()));
}

void judge_journal(const Case& seen, Findings& found) {
  const auto& exam = *seen.exams.journal;
  const auto& file = seen.settings.journal.file;
  bool writable = true;
  for (const auto& one : seen.exams.configuration) {
    if (!one.what.starts_with(kJournalKey)) continue;
    writable = false;
    found.broken(one.what, fmt::format("install -d -m 700 -o USER {}; USER is the service's",
                                       file.parent_path().string()));
  }
  if (exam.free_bytes >= 0 && exam.free_bytes < kJournalBytesGood) {
    const auto what = fmt::format("{} free where {} is", size_text(exam.free_bytes), file.string());
    const auto fix = fmt::format("make room: {} at least", size_text(kJournalBytesGood));
    if (exam.free_bytes < kJournalBytesMin) {
      found.broken(what, fix);
    } else {
      found.warn(what, fix);
    }
  } else if (writable) {
    found.ok(fmt::format("{} {}, {} free", file.string(),
                         exam.found ? "is there" : "will be made at the first start",
                         size_text(std::max<std::int64_t>(exam.free_bytes, 0))));
  }
  if (!exam.held_by.empty()) found.ok(fmt::format("{} has it, as it should", exam.held_by));
}

void judge_daemon(const Case& seen, Findings& found) {
  const auto& exam = *seen.exams.daemon;
  switch (exam.state) {
    case DaemonExam::State::absent:
      return found.unchecked(fmt::format("no daemon answers at {}: {}", exam.url, exam.failure),
                             "start it: systemctl start lockkeeper, or lockkeeper serve");
    case DaemonExam::State::stranger:
      return found.broken(fmt::format("at {} somebody else answers: {}", exam.url, exam.failure),
                          "[http] port: take a free one, or end the other program");
    case DaemonExam::State::broken:
      return found.broken(fmt::format("the daemon at {}: {}", exam.url, exam.failure),
                          "look at its log: journalctl -u lockkeeper");
    case DaemonExam::State::running:
      return judge_running(seen, exam, found);
  }
}

void judge_detection(const Case& seen, Findings& found) {
  const auto& exam = *seen.exams.detection;
  const auto& own = seen.settings.detection;
  if (!exam.unasked.empty()) {
    found.unchecked("feeds: " + exam.unasked);
  }
  for (const auto& feed : exam.feeds)
    judge_feed(seen, feed, found);
  if (!own.schedule) return found.ok("schedule = never: it looks when somebody asks");
  const auto next = own.zone ? next_run(*own.schedule, *own.zone, seen.now) : std::nullopt;
  if (next) {
    found.ok(fmt::format("it looks next at {} ({})", to_string(*next), own.schedule->text));
  } else {
    found.broken(fmt::format("schedule {} is never due", own.schedule->text),
                 "[detection] schedule and zone");
  }
}

void judge_compat(const Case& seen, Findings& found) {
  const auto& data = *seen.exams.compat;
  if (!data)
    return found.broken("the data cannot be read: " + data.error().what,
                        "[compat] data: mend the folder, or leave it empty");
  const auto age = seen.now - data->updated;
  const auto what = fmt::format("the data are of {}", to_string(data->updated).substr(0, 10));
  if (age > seen.settings.compat.data_age_max) {
    found.warn(fmt::format("{}, older than {}", what, to_string(seen.settings.compat.data_age_max)),
               "a newer lockkeeper, or newer files: docs/compatibility.md");
  } else {
    found.ok(what);
  }
}

}  // namespace lockkeeper::doctor
