// SPDX-License-Identifier: Apache-2.0
#include "bot/reload.h"

#include <fmt/format.h>

#include <span>

#include "bot/progress.h"
#include "config/difference.h"

namespace lockkeeper {
namespace {

// A message shows so many lines of a kind, the journal so many changes; more are counted.
constexpr std::size_t kLinesShown = 8;
constexpr std::size_t kChangesKept = 200;

std::string listed(std::span<const std::string> lines) {
  std::string text;
  for (const auto& line : lines.first(std::min(lines.size(), kLinesShown)))
    text += "\n  " + line;
  if (lines.size() > kLinesShown)
    text += fmt::format("\n  and {} more", lines.size() - kLinesShown);
  return text;
}

}  // namespace

Reload::Reload(Settings in_force, Gate& gate, Journal& journal, Clock& clock, Chat& chat,
               std::function<void(const Settings&)> adopted)
    : in_force_(std::move(in_force)),
      gate_(gate),
      journal_(journal),
      clock_(clock),
      chat_(chat),
      adopted_(std::move(adopted)) {}

void Reload::say(Tone tone, const std::string& run, const std::string& text) {
  chat_.say({tone, run, fmt::format("[k8s-upgrade] {}: {}", in_force_.cluster.name, text)});
}

/// The run under which it stands in the journal; "" while none is open.
Result<std::string> Reload::write_down(const std::vector<std::string>& changes,
                                       const RuleBook& book) {
  const auto open = journal_.open_run();
  if (!open) return std::unexpected(open.error());
  const auto run = open->value_or("");
  auto kept = changes;
  if (kept.size() > kChangesKept) {
    kept.resize(kChangesKept);
    kept.push_back(fmt::format("and {} more", changes.size() - kChangesKept));
  }
  const auto record = journal_.append(clock_.now(), run, RulesChanged{digest(book), kept});
  if (!record) return std::unexpected(record.error());
  return run;
}

void Reload::begin() {
  const auto open = journal_.open_run();
  if (!open || !*open) return;
  const auto records = journal_.read(**open);
  const auto progress = records ? fold(*records) : std::unexpected(records.error());
  // A journal that cannot be read is told by the runner, who needs it.
  if (!progress) return;
  const auto before = progress->rules_digest();
  const auto now = digest(in_force_.rules);
  if (before.empty() || before == now) return;
  const auto what =
      fmt::format("rules {} were in force before this start, now it is {}", before, now);
  const auto run = write_down({what}, in_force_.rules);
  say(Tone::news, **open,
      run ? what : fmt::format("{}; it could not be written down: {}", what, run.error().what));
}

bool Reload::refuse(const std::vector<std::string>& errors) {
  say(Tone::trouble, "",
      fmt::format("the configuration was not taken over, {}; rules {} stay in force{}",
                  counted(errors.size(), "error"), digest(in_force_.rules), listed(errors)));
  return false;
}

bool Reload::take(const std::expected<Settings, std::vector<std::string>>& read, bool asked) {
  if (!read) return refuse(read.error());
  const auto found = difference(in_force_, *read);
  if (found.none()) {
    // Places in files may differ, which messages name.
    in_force_ = reloaded(in_force_, *read);
    gate_.adopt(in_force_.rules, in_force_.gate, clock_.moment());
    if (asked) {
      say(Tone::detail, "",
          fmt::format("read again, nothing has changed; rules {}", digest(in_force_.rules)));
    }
    return true;
  }
  const auto later =
      found.later.empty() ? "" : "\nnot before the next start:" + listed(found.later);
  if (found.now.empty()) {
    say(Tone::news, "",
        fmt::format("read again, rules {} as before{}", digest(in_force_.rules), later));
    return true;
  }
  auto settings = reloaded(in_force_, *read);
  const auto run = write_down(found.now, settings.rules);
  if (!run) return refuse({run.error().what});
  in_force_ = std::move(settings);
  if (adopted_) adopted_(in_force_);
  gate_.adopt(in_force_.rules, in_force_.gate, clock_.moment());
  say(Tone::news, *run,
      fmt::format("rules {} are in force, {}:{}{}", digest(in_force_.rules),
                  counted(found.now.size(), "change"), listed(found.now), later));
  return true;
}

}  // namespace lockkeeper
