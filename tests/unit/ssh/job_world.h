// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the tests of remote jobs share: a node with a real sshd, a watch that can be told to leave,
// and a job that counts how often it was carried out.

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <string>
#include <vector>

#include "integrations/ssh/remote_job.h"
#include "integrations/system/real_clock.h"
#include "tests/unit/ssh/sshd.h"

namespace lockkeeper::ssh {

class TestWatch : public Watch {
 public:
  void progress(std::string_view line) override {
    const std::lock_guard lock(mutex_);
    lines_.emplace_back(line);
  }
  bool stop_wanted() override { return stop; }
  bool leaving() override { return leave; }

  /// Whether a progress line contained `text`.
  bool saw(std::string_view text) {
    const std::lock_guard lock(mutex_);
    return std::ranges::any_of(lines_, [&](const auto& line) { return line.contains(text); });
  }

  std::atomic<bool> stop = false;
  std::atomic<bool> leave = false;

 private:
  std::mutex mutex_;
  std::vector<std::string> lines_;
};

struct JobWorld {
  Sshd sshd;
  SshSettings settings = sshd.settings();
  system::RealClock clock;

  JobReport run(const JobOrder& order, Watch& watch, Millis limit = Millis(20000)) {
    Host host(settings, Sshd::peer(), clock);
    return run_to_end(host, order, limit, clock, watch);
  }
  JobReport run(const JobOrder& order) {
    TestWatch watch;
    return run(order, watch);
  }
  Observation observe(const std::string& name) {
    Host host(settings, Sshd::peer(), clock);
    return ssh::observe(host, name, {});
  }

  /// Appends a line to `counter()` each time that it is carried out.
  [[nodiscard]] JobOrder counting(const std::string& name, const std::string& rest) const {
    return {name, 1, fmt::format("echo {} >>{}\n{}", name, counter().native(), rest), ""};
  }
  [[nodiscard]] std::filesystem::path counter() const { return sshd.folder() / "counter"; }
  [[nodiscard]] int times() const { return line_count(counter()); }
  [[nodiscard]] bool begun(const std::string& name) const {
    return std::filesystem::exists(sshd.job(name) / "started");
  }
};

}  // namespace lockkeeper::ssh
