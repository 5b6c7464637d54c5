// SPDX-License-Identifier: Apache-2.0
#include "integrations/node/checkup.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <thread>

#include "integrations/node/answer_lines.h"
#include "integrations/node/script_files.h"
#include "integrations/ssh/host.h"
#include "integrations/ssh/shell.h"

namespace lockkeeper::node {
namespace {

constexpr Millis kClockLimit = std::chrono::seconds(10);
constexpr std::size_t kBytesMax = 64U << 10U;
constexpr std::size_t kAtOnce = 16;
constexpr std::array<std::string_view, 6> kKeys = {"kubeadm", "missing", "unheld",
                                                   "dpkg",    "reboot",  "free"};
// The first word of a new connection waits for a process; the best of a few is the truest.
constexpr int kClockQuestions = 3;
constexpr const char* kDate = "date +%s%3N";

NodeTrouble trouble_of(const ssh::NotStarted& failure) {
  switch (failure.obstacle) {
    case ssh::Obstacle::unreachable:
      return NodeTrouble::unreachable;
    case ssh::Obstacle::host_key:
      return NodeTrouble::host_key;
    case ssh::Obstacle::login:
      return NodeTrouble::login;
    case ssh::Obstacle::other:
      return failure.lasting ? NodeTrouble::ours : NodeTrouble::script;
  }
  return NodeTrouble::script;
}

void ask_clock(ssh::Session& session, const Clock& clock, const ssh::Cancelled& cancelled,
               NodeExam& exam) {
  for (int i = 0; i < kClockQuestions; ++i) {
    const auto asked = clock.now();
    const auto answer = session.run(kDate, "", {kClockLimit, kBytesMax, cancelled});
    if (!answer || answer->status != 0) return;
    const auto offset = parse_clock(answer->out, asked, clock.now());
    if (!offset) return;
    if (!exam.clock || offset->uncertainty < exam.clock->uncertainty) exam.clock = *offset;
  }
}

NodeExam look_at(const Settings& settings, const Clock& clock, const NodeFacts& node,
                 const ssh::Cancelled& cancelled) {
  NodeExam exam;
  exam.node = node.name;
  exam.control_plane = node.control_plane;
  const auto failed = [&](NodeTrouble trouble, std::string what) {
    exam.trouble = trouble;
    exam.failure = std::move(what);
    return exam;
  };
  if (node.address.empty())
    return failed(NodeTrouble::unreachable, node.name + ": it has no InternalIP address");
  const ssh::Peer peer{node.name, node.address};
  auto session = ssh::Session::connect(settings.ssh, peer, clock, cancelled);
  if (!session) return failed(trouble_of(session.error()), session.error().what);
  ask_clock(*session, clock, cancelled, exam);
  const auto program = std::string(common_sh) + std::string(checkup_sh) + "main\n";
  const auto answer = session->run(std::string(ssh::root_shell()), ssh::all_or_nothing(program),
                                   {settings.ssh.command_timeout, kBytesMax, cancelled});
  if (!answer) return failed(NodeTrouble::script, answer.error().what);
  if (answer->status != 0) {
    const ssh::Host host(settings.ssh, peer, clock);
    return failed(ssh::is_sudo_refusal(*answer) ? NodeTrouble::sudo : NodeTrouble::script,
                  ssh::explain(host, *answer));
  }
  if (const auto read = parse_checkup(answer->out, exam); !read)
    return failed(NodeTrouble::script, fmt::format("{}: {}", node.name, read.error().what));
  return exam;
}

}  // namespace

std::vector<NodeExam> check_up(const Settings& settings, const Clock& clock,
                               const std::vector<NodeFacts>& nodes,
                               const ssh::Cancelled& cancelled) {
  std::vector<NodeExam> found(nodes.size());
  std::atomic<std::size_t> next = 0;
  {
    // Each looker writes into places of its own.
    std::vector<std::jthread> lookers;
    for (std::size_t i = 0; i < std::min(kAtOnce, nodes.size()); ++i) {
      lookers.emplace_back([&] {
        for (std::size_t at = next++; at < nodes.size() && !cancelled(); at = next++)
          found[at] = look_at(settings, clock, nodes[at], cancelled);
      });
    }
  }
  for (std::size_t at = 0; at < nodes.size(); ++at) {
    if (!found[at].node.empty()) continue;
    found[at].node = nodes[at].name;
    found[at].trouble = NodeTrouble::script;
    found[at].failure = nodes[at].name + ": not looked at in time";
  }
  return found;
}

Status parse_checkup(std::string_view text, NodeExam& exam) {
  const auto lines = read_answer(text, "lockkeeper-checkup 1", kKeys);
  if (!lines) return std::unexpected(lines.error());
  const auto all = [&](std::string_view key) {
    const auto at = lines->find(key);
    return at == lines->end() ? std::vector<std::string>() : at->second;
  };
  exam.kubeadm = text_of(*lines, "kubeadm") == "yes";
  exam.missing_programs = all("missing");
  exam.unheld = all("unheld");
  exam.dpkg_complaint = text_of(*lines, "dpkg");
  exam.reboot_required = text_of(*lines, "reboot") == "yes";
  const auto free = text_of(*lines, "free");
  const auto read = std::from_chars(free.data(), free.data() + free.size(), exam.free_bytes);
  if (read.ec != std::errc{}) exam.free_bytes = -1;
  return {};
}

Result<ClockOffset> parse_clock(std::string_view text, Time asked, Time answered) {
  text = trimmed(text.substr(0, text.find('\n')));
  std::int64_t millis = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), millis);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size() || answered < asked)
    return fail("its clock cannot be read");
  const auto half = (answered - asked) / 2;
  // Half of the way, and the millisecond that was cut off.
  return ClockOffset{Time(Millis(millis)) - (asked + half), half + Millis(1)};
}

}  // namespace lockkeeper::node
