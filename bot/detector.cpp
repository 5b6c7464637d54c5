// SPDX-License-Identifier: Apache-2.0
#include "bot/detector.h"

#include <fmt/format.h>

#include <algorithm>

#include "bot/planner.h"

namespace lockkeeper {
Detector::Detector(Ports ports, const Settings& settings,
                   std::function<void(const Check&)> on_check)
    : world_(ports), settings_(settings), on_check_(std::move(on_check)) {}

void Detector::ask(bool forget) noexcept {
  if (forget) forget_ = true;
  asked_ = true;
}

std::optional<Time> Detector::next() const {
  const auto& own = settings_.detection;
  if (!own.schedule || !own.zone) return std::nullopt;
  return next_run(*own.schedule, *own.zone, world_.clock.now());
}

Result<DetectionMemory> Detector::recall() {
  const auto text = world_.memory.recall(kDetectionMemory);
  if (!text) return std::unexpected(text.error());
  return decode_memory(*text);
}

// A bot that was down at its hour catches up once, and says so: a night without a check is
// otherwise taken for a night without news. One that has never checked waits for its hour.
void Detector::say_missed(const DetectionMemory& memory) {
  const auto& own = settings_.detection;
  if (!own.schedule || !own.zone || memory.checked == Time{}) return;
  const auto missed = missed_runs(*own.schedule, *own.zone, memory.checked, world_.clock.now());
  if (missed.count == 0) return;
  next_ = missed.newest;
  world_.chat.say(
      {Tone::detail,
       {},
       fmt::format("[k8s-upgrade] {}: {} of detection missed, the newest at {}; "
                   "checking now",
                   settings_.cluster.name, counted(static_cast<std::size_t>(missed.count), "run"),
                   to_string(missed.newest))});
}

void Detector::tick() {
  if (!begun_) {
    begun_ = true;
    next_ = next();
    if (const auto memory = recall()) say_missed(*memory);
  }
  const bool asked = asked_.exchange(false);
  const bool due = next_ && *next_ <= world_.clock.now();
  if (!asked && !due) return;
  check(asked, forget_.exchange(false));
  next_ = next();
}

Result<Check> Detector::look(DetectionMemory& memory) {
  const auto facts = world_.world.look();
  if (!facts) return std::unexpected(facts.error());
  const auto first = world_.scout.read_feeds(*facts);
  world_.clock.wait_until(world_.clock.moment() + settings_.detection.reread_after);
  const auto second = world_.scout.read_feeds(*facts);
  const Time now = world_.clock.now();
  Check check{judge_feeds(*facts, first, second, memory, now), {}};
  if (check.found.minor) {
    const auto& version = check.found.minor->version;
    check.compat =
        judge_compat(world_.scout.survey(*facts), *facts, Minor{version.major, version.minor},
                     containerd_goal(*facts), settings_.compat, now);
  }
  memory.checked = now;
  return check;
}

Result<Check> Detector::look() {
  DetectionMemory memory;
  return look(memory);
}

// What cannot be remembered is said all the same: better twice than never.
void Detector::check(bool asked, bool forget) {
  const auto complain = [&](const std::string& what) {
    if (!asked && what == complained_) return;
    complained_ = what;
    world_.chat.say(
        {Tone::needs_you,
         {},
         fmt::format("[k8s-upgrade] {}: detection fails: {}", settings_.cluster.name, what)});
  };
  auto memory = recall();
  if (!memory) complain(memory.error().what);
  auto kept = memory.value_or(DetectionMemory{});
  if (forget) kept.highest.clear();
  const auto found = look(kept);
  if (leaving_) return;
  if (!found) return complain(found.error().what);
  for (auto& message :
       announcements(found->found, found->compat, settings_.cluster.name, asked, kept))
    world_.chat.say(std::move(message));
  const auto status = world_.memory.remember(kept.checked, kDetectionMemory, encode_memory(kept));
  if (!status) {
    complain(status.error().what);
  } else {
    complained_.clear();
  }
  if (on_check_) on_check_(*found);
}

std::optional<Available> startable(const Check& check, const DetectionSettings& settings,
                                   Time now) {
  using OnAvailable = DetectionSettings::OnAvailable;
  using StartKind = DetectionSettings::StartKind;
  if (settings.on_available != OnAvailable::start) return std::nullopt;
  const auto& windows = settings.start_windows;
  const bool open = windows.empty() || std::ranges::any_of(windows, [&](const Window& window) {
                      return window.open_at(now);
                    });
  if (!open) return std::nullopt;
  if (check.found.patch) return check.found.patch;
  const bool fit = check.found.minor && check.compat && !check.compat->blocks();
  if (settings.start_kind == StartKind::any && fit) return check.found.minor;
  return std::nullopt;
}

}  // namespace lockkeeper
