// SPDX-License-Identifier: Apache-2.0
#pragma once

// New rules for a running bot. The file is read and checked as a whole by the caller; what comes of
// it is decided here: a bad one changes nothing, a good one is made durable in the journal before
// the gate goes by it, and both are said in chat. One thread calls (the main thread).

#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "bot/gate.h"
#include "bot/ports.h"
#include "config/settings.h"

namespace lockkeeper {

class Reload {
 public:
  /// `in_force` is what the process started with. `adopted` hears the settings that are in force
  /// from then on, before the gate goes by them. The others are the caller's and outlive this.
  Reload(Settings in_force, Gate& gate, Journal& journal, Clock& clock, Chat& chat,
         std::function<void(const Settings&)> adopted = {});

  /// A run that was opened under other rules goes on under these: written down and said, since
  /// nobody else can tell. Called once, at start.
  void begin();

  /// A configuration that was read again, or what is wrong with it. `asked` by a person, who is
  /// answered also when nothing has changed. Whether the settings in force are now those that were
  /// read, as far as a running process can take them over.
  bool take(const std::expected<Settings, std::vector<std::string>>& read, bool asked);

  [[nodiscard]] const Settings& in_force() const { return in_force_; }

 private:
  bool refuse(const std::vector<std::string>& errors);
  Result<std::string> write_down(const std::vector<std::string>& changes, const RuleBook& book);
  void say(Tone tone, const std::string& run, const std::string& text);

  Settings in_force_;
  Gate& gate_;
  Journal& journal_;
  Clock& clock_;
  Chat& chat_;
  std::function<void(const Settings&)> adopted_;
};

}  // namespace lockkeeper
