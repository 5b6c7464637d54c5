// SPDX-License-Identifier: Apache-2.0

// What is wrong on the way to the nodes, and on them.

#include <fmt/format.h>

#include <algorithm>

#include "bot/doctor_judges.h"
#include "bot/size_text.h"

namespace lockkeeper::doctor {
namespace {

// Leases are renewed every 10 s and tokens are good from the second they were made: a node whose
// clock is out by more than this has been left alone by its time daemon.
constexpr Millis kClockWarns = 2s;
constexpr Millis kClockBreaks = 30s;
constexpr std::int64_t kFreeBytesMin = 2LL << 30;  // packages, images of the control plane

std::string fix_for(const NodeExam& node, const Settings& settings) {
  const auto& ssh = settings.ssh;
  switch (node.trouble) {
    case NodeTrouble::unreachable:
      return fmt::format("start sshd there, open port {} from this host ([ssh] port)", ssh.port);
    case NodeTrouble::host_key:
      return fmt::format(
          "was {} reinstalled? then `lockkeeper ssh forget ADDRESS`, as the line "
          "says; if not, somebody stands in between",
          node.node);
    case NodeTrouble::login:
      return fmt::format("ssh-copy-id -i {}.pub {}@{}", ssh.key_file.string(), ssh.user, node.node);
    case NodeTrouble::sudo:
      return fmt::format("on {}: echo '{} ALL=(root) NOPASSWD: ALL' > /etc/sudoers.d/lockkeeper",
                         node.node, ssh.user);
    case NodeTrouble::ours:
      return "see [ssh] key_file, user and known_hosts";
    default:
      return fmt::format("log in as {} and look", ssh.user);
  }
}

/// What is wrong with a node that answers.
void judge_answer(const NodeExam& node, Findings& found) {
  const auto name = [&](std::string_view what) { return fmt::format("{}: {}", node.node, what); };
  if (node.clock && node.clock->at_least() > kClockWarns) {
    const auto what = name("its clock is " + offset_text(*node.clock));
    const auto fix =
        fmt::format("on {}: systemctl enable --now systemd-timesyncd (or chrony)", node.node);
    if (node.clock->at_least() > kClockBreaks) {
      found.broken(what, fix);
    } else {
      found.warn(what, fix);
    }
  }
  if (!node.missing_programs.empty())
    found.broken(name("has no " + joined(node.missing_programs)),
                 fmt::format("on {}: install {}; node scripts need them", node.node,
                             joined(node.missing_programs)));
  if (!node.unheld.empty())
    found.warn(name("not on hold: " + joined(node.unheld)),
               fmt::format("on {}: apt-mark hold {}; else apt upgrades them by itself", node.node,
                           joined(node.unheld, " ")));
  if (!node.dpkg_complaint.empty())
    found.broken(name("dpkg is not at peace: " + node.dpkg_complaint),
                 fmt::format("on {}: dpkg --configure -a", node.node));
  if (node.reboot_required)
    found.warn(name("wants a reboot"), fmt::format("reboot {} before a run", node.node));
  if (node.free_bytes >= 0 && node.free_bytes < kFreeBytesMin)
    found.warn(name(size_text(node.free_bytes) + " free on /var/lib"),
               fmt::format("make room on {}: {} at least", node.node, size_text(kFreeBytesMin)));
}

}  // namespace

void judge_nodes(const Case& seen, Findings& found) {
  const auto& kubernetes = seen.exams.kubernetes;
  const auto& nodes = *seen.exams.nodes;
  if (nodes.empty())
    return found.unchecked(kubernetes && kubernetes->failure.empty()
                               ? "no node was found to look at"
                               : "the API server, which tells the nodes, cannot be asked");
  std::size_t well = 0;
  Millis doubt{};
  for (const auto& node : nodes) {
    if (node.trouble == NodeTrouble::ours) {
      // The file is named once, and not for each node.
      if (named_in_configuration(seen.exams, "[ssh]"))
        return found.unchecked("the key cannot be used, see configuration");
      found.broken(node.failure, fix_for(node, seen.settings));
      return;
    }
    if (node.trouble != NodeTrouble::none) {
      found.broken(node.failure, fix_for(node, seen.settings));
      continue;
    }
    if (node.clock) doubt = std::max(doubt, node.clock->uncertainty);
    const auto before = found.size();
    judge_answer(node, found);
    if (found.size() == before) ++well;
  }
  if (well > 0)
    found.ok(
        fmt::format("{}: SSH, host key, sudo, apt, holds, disk; clocks agree within {} (known "
                    "to +-{})",
                    counted(well, "node"), to_string(kClockWarns), to_string(doubt)));
}

}  // namespace lockkeeper::doctor
