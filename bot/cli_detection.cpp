// SPDX-License-Identifier: Apache-2.0

// The subcommands about new versions: compat and detection. They look by themselves, without the
// daemon, and change nothing.

#include <fmt/format.h>

#include <cstdio>

#include "bot/cli_commands.h"
#include "bot/detector.h"
#include "bot/planner.h"
#include "integrations/system/log.h"
#include "integrations/system/real_clock.h"
#include "integrations/world/live_scout.h"
#include "integrations/world/live_world.h"

namespace lockkeeper::cli {
namespace {

void complain(std::string_view what) {
  fmt::print(stderr, "{}\n", what);
}

/// Nobody is told and nothing is kept.
class NoMemory : public Memory {
 public:
  Result<std::string> recall(const std::string&) override { return std::string(); }
  Status remember(Time, const std::string&, const std::string&) override { return {}; }
};

class NoChat : public Chat {
 public:
  void say(Message) noexcept override {}
};

/// The settings and the ways to the cluster that both commands need.
struct Looking {
  Settings settings;
  system::RealClock clock;
  std::unique_ptr<LiveWorld> world;
  std::unique_ptr<LiveScout> scout;

  /// 0, or the exit code of what was complained about.
  int open(const std::filesystem::path& file) {
    auto loaded = load_or_complain(file);
    if (!loaded) return kMisused;
    settings = std::move(*loaded);
    auto reached = LiveWorld::open(settings, clock);
    auto sent = LiveScout::open(settings, clock);
    if (!reached || !sent) {
      complain(reached ? sent.error().what : reached.error().what);
      return kRefused;
    }
    world = std::move(*reached);
    scout = std::move(*sent);
    return kFine;
  }
};

}  // namespace

int compat(const std::filesystem::path& file, const std::string& version, bool json) {
  const auto target = version.empty() ? Result<Minor>(Minor{}) : parse_minor(version);
  if (!target) {
    complain(target.error().what);
    return kMisused;
  }
  Looking looking;
  if (const int code = looking.open(file); code != kFine) return code;
  const auto facts = looking.world->look();
  if (!facts) {
    complain(facts.error().what);
    return kRefused;
  }
  Minor wanted = *target;
  if (version.empty()) {
    if (!facts->api_server) {
      complain("what the cluster runs cannot be read; name a VERSION");
      return kRefused;
    }
    wanted = {facts->api_server->major, facts->api_server->minor + 1};
  }
  const auto report =
      judge_compat(looking.scout->survey(*facts), *facts, wanted, containerd_goal(*facts),
                   looking.settings.compat, looking.clock.now());
  fmt::print("{}\n", json ? compat_json(report) : compat_text(report));
  return report.blocks() ? kRefused : kFine;
}

int detection(const std::filesystem::path& file) {
  Looking looking;
  if (const int code = looking.open(file); code != kFine) return code;
  NoMemory memory;
  NoChat chat;
  Detector detector({*looking.world, *looking.scout, memory, looking.clock, chat}, looking.settings,
                    {});
  const auto check = detector.look();
  if (!check) {
    complain(check.error().what);
    return kRefused;
  }
  fmt::print("{}\n", detection_text(check->found, check->compat));
  return check->found.doubts.empty() ? kFine : kRefused;
}

}  // namespace lockkeeper::cli
