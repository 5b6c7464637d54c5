// SPDX-License-Identifier: Apache-2.0
#pragma once

// Detection as it runs: when it is due, which reads it makes, what it remembers and says. It meets
// the world through ports only, so that a night's check is a test. Owned by the composition root;
// one thread calls tick() and check(), any thread may ask for a check.

#include <atomic>
#include <functional>
#include <optional>
#include <string>

#include "bot/compat_facts.h"
#include "bot/detection.h"
#include "bot/ports.h"
#include "config/settings.h"

namespace lockkeeper {

/// The outside as detection and the compatibility gate see it. Every call is bounded by the
/// settings' limits; nothing is changed by any.
class Scout {
 public:
  virtual ~Scout() = default;

  /// Every feed that the settings name, read once, in the same order each time.
  virtual std::vector<FeedRead> read_feeds(const ClusterFacts& facts) = 0;

  /// What the compatibility gate needs, whatever of it can be read.
  virtual CompatFacts survey(const ClusterFacts& facts) = 0;
};

/// A few texts that outlive the process, beside the journal's records.
class Memory {
 public:
  virtual ~Memory() = default;
  virtual Result<std::string> recall(const std::string& name) = 0;  // "" when there is none
  virtual Status remember(Time at, const std::string& name, const std::string& text) = 0;
};

/// Who orders what `on_available = start` starts.
inline const std::string kDetectionActor = "bot:detection";

/// Under which name the memory keeps a DetectionMemory.
inline const std::string kDetectionMemory = "detection";

/// What one check found, for gauges and for starting what was found.
struct Check {
  Detected found;
  std::optional<CompatReport> compat;  // where a minor is available
};

class Detector {
 public:
  struct Ports {
    World& world;
    Scout& scout;
    Memory& memory;
    Clock& clock;  // of its own: nobody else's waits may be woken
    Chat& chat;
  };

  /// Everything outlives the detector. `on_check` is called behind each check that came to an end.
  Detector(Ports ports, const Settings& settings, std::function<void(const Check&)> on_check);

  /// Checks when it is due, or when somebody asked. Says so when runs were missed.
  void tick();

  /// Asks for a check by the next tick; its result is said in any case. `forget` drops what was
  /// seen before.
  void ask(bool forget) noexcept;

  /// The process ends: a look that is under way is dropped, because it was cut short.
  void leave() noexcept { leaving_ = true; }

  /// One check now, without saying or remembering anything.
  Result<Check> look();

  /// The next run of the schedule; nothing without one.
  [[nodiscard]] std::optional<Time> next() const;

 private:
  void check(bool asked, bool forget);
  Result<Check> look(DetectionMemory& memory);
  Result<DetectionMemory> recall();
  void say_missed(const DetectionMemory& memory);

  Ports world_;
  const Settings& settings_;
  std::function<void(const Check&)> on_check_;
  std::atomic<bool> asked_ = false;
  std::atomic<bool> forget_ = false;
  std::atomic<bool> leaving_ = false;
  bool begun_ = false;        // the first tick has looked at what was missed
  std::optional<Time> next_;  // of the schedule
  std::string complained_;    // the last failure, not to be said every night
};

/// What may be started without a person: nothing while the settings, the compatibility gate or the
/// windows stand against it. The next patch comes before the next minor.
std::optional<Available> startable(const Check& check, const DetectionSettings& settings, Time now);

}  // namespace lockkeeper
