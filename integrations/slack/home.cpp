// SPDX-License-Identifier: Apache-2.0
#include "integrations/slack/home.h"

#include <fmt/format.h>

#include <algorithm>

#include "integrations/slack/blocks.h"
#include "integrations/slack/request_card.h"
#include "integrations/slack/text.h"

namespace lockkeeper::slack {
namespace {

constexpr std::size_t kLineMax = 500;
constexpr std::size_t kReasonsShown = 3;
constexpr std::size_t kLinksShown = 12;

std::string titled(std::string_view title, const std::string& mrkdwn) {
  return fmt::format("*{}*\n{}", title, mrkdwn);
}

/// Steps and not what the runner does this second, which would be another text every second.
std::string run_text(const std::optional<RunPicture>& run) {
  if (!run) return "There has been no run yet.";
  const Progress& progress = run->progress;
  const auto versions =
      fmt::format("{} -> {}", to_string(progress.plan->from), to_string(progress.plan->target));
  const auto done = std::ranges::count_if(
      progress.steps, [](const StepRecord& step) { return step.outcome.has_value(); });
  const NodeTally nodes = tally_of(progress);
  const auto far = fmt::format("{} of {} nodes, {} of {} steps", nodes.done, nodes.all, done,
                               progress.steps.size());
  auto text = fmt::format("{} {}: {}, {}", code(progress.run), escaped(versions),
                          escaped(state_word(progress)), far);
  text +=
      fmt::format("\nStarted {} by {}", local_time(progress.opened_at), code(progress.opened_by));
  if (!progress.approved_by.empty()) text += ", approved by " + code(progress.approved_by);
  if (progress.closed) text += ", ended " + local_time(progress.closed_at);
  return text;
}

std::string gate_text(const GateView& gate) {
  const auto blocking = std::ranges::count_if(
      gate.alerts, [](const auto& alert) { return alert.action >= RuleAction::pause; });
  auto text = fmt::format("{}, {} firing, {} blocking", to_string(gate.state),
                          counted(gate.alerts.size(), "alert"), blocking);
  for (std::size_t i = 0; i < std::min(gate.reasons.size(), kReasonsShown); ++i)
    text += (i == 0 ? ": " : "; ") + cut(escaped(gate.reasons[i]), kLineMax);
  if (gate.reasons.size() > kReasonsShown)
    text += fmt::format("; and {} more", gate.reasons.size() - kReasonsShown);
  return text;
}

std::string links_text(const std::vector<HomeLink>& links) {
  std::string text;
  for (std::size_t i = 0; i < std::min(links.size(), kLinksShown); ++i) {
    const auto& link = links[i];
    text += fmt::format("{}{} {}: {}", text.empty() ? "" : "\n", link.good ? "•" : "✖",
                        escaped(link.name), cut(escaped(link.text), kLineMax));
  }
  if (links.size() > kLinksShown) text += fmt::format("\nand {} more", links.size() - kLinksShown);
  return text.empty() ? "not known yet" : text;
}

std::string person_text(const HomePerson& person) {
  auto text = code("slack:" + person.user);
  text += person.roles.empty() ? ", without a role in [authority]: ask who runs this bot for one"
                               : fmt::format(", {}: you may {}", escaped(joined(person.roles)),
                                             escaped(joined(person.may)));
  for (const auto& problem : person.problems)
    text += "; " + cut(escaped(problem), kLineMax);
  return text;
}

void add_request(std::vector<Json>& blocks, const HomeRequest& waiting) {
  blocks.push_back(section_block(titled("Waits for approval", request_text(waiting.request))));
  if (waiting.may == HomeRequest::May::look) return;
  const auto whose =
      waiting.may == HomeRequest::May::decide ? Buttons::of_approvers : Buttons::of_who_asked;
  blocks.push_back(actions_block(fmt::format("home.{}", waiting.request.seq),
                                 request_buttons(waiting.request, whose)));
}

/// What only those see who may look.
void add_picture(std::vector<Json>& blocks, const HomePicture& picture) {
  const bool open = picture.run && picture.run->open();
  blocks.push_back(
      section_block(titled(open ? "The open run" : "The newest run", run_text(picture.run))));
  for (const auto& waiting : picture.waiting)
    add_request(blocks, waiting);
  blocks.push_back(section_block(titled("The gate", gate_text(picture.gate))));
  blocks.push_back(section_block(titled("Connections", links_text(picture.links))));
}

}  // namespace

std::string home_view(const HomePicture& picture, const HomePerson& person,
                      std::optional<Time> as_of) {
  std::vector<Json> blocks = {header_block("[k8s-upgrade] " + picture.cluster)};
  if (!person.said.empty()) blocks.push_back(section_block(person.said));
  // Everybody in the workspace can open the tab, who is in no channel with the bot, too.
  if (!person.may.empty()) add_picture(blocks, picture);
  blocks.push_back(section_block(titled("You", person_text(person))));
  if (as_of)
    blocks.push_back(context_block(
        fmt::format("As of {}, lockkeeper {}", local_time(*as_of), escaped(picture.version))));
  return dumped(Json{{"type", "home"}, {"callback_id", "home"}, {"blocks", blocks}});
}

}  // namespace lockkeeper::slack
