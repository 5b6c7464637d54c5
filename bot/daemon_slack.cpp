// SPDX-License-Identifier: Apache-2.0
#include "bot/daemon_slack.h"

#include <fmt/format.h>

#include <utility>

#include "bot/daemon_home.h"
#include "bot/run_picture.h"
#include "integrations/slack/client.h"
#include "integrations/slack/conversation.h"
#include "integrations/slack/groups.h"
#include "integrations/slack/home_board.h"
#include "integrations/slack/request_card.h"
#include "integrations/slack/slack_chat.h"
#include "integrations/slack/text.h"
#include "integrations/system/log.h"
#include "integrations/system/raster.h"

namespace lockkeeper {
namespace {

using system::Level;
using system::log;

// Drawing takes a tenth of a second; the housekeeping waits for it, and so does a deed.
constexpr Millis kDrawLimit = std::chrono::seconds(3);

/// "slack-group:S0SRE" -> "S0SRE".
std::string name_in(const std::string& entry) {
  return entry.substr(entry.find(':') + 1);
}

}  // namespace

/// In the order of dependence. The client calls the others, so it ends first.
struct SlackSide::Rooms {
  explicit Rooms(Parts given) : parts(std::move(given)) {}

  Parts parts;
  std::unique_ptr<slack::Client> client;
  std::unique_ptr<slack::Groups> groups;
  std::unique_ptr<slack::SlackChat> chat;
  std::unique_ptr<slack::RequestCards> cards;
  std::unique_ptr<HomeSource> homes;
  std::unique_ptr<slack::HomeBoard> board;
  std::unique_ptr<slack::Conversation> conversation;
  std::string paused_for_loss;  // the run that this loss of Slack has paused

  std::optional<slack::RunPicture> picture(const std::string& run) {
    const auto records = parts.journal.read(run);
    if (!records) return std::nullopt;
    auto picture =
        slack::picture_of(*records, parts.gate.view(parts.clock.moment()), parts.activity.line());
    if (!picture) return std::nullopt;
    return slack::naming(std::move(*picture), parts.settings.slack.command);
  }
  std::optional<slack::RunPicture> open_picture() {
    const auto run = parts.journal.open_run();
    if (run && *run && parts.hides(**run)) return std::nullopt;
    return run && *run ? picture(**run) : std::nullopt;
  }
  std::vector<std::string> newest_runs(int count) {
    return parts.journal.runs(count).value_or(std::vector<std::string>());
  }
  /// As PNG, which Slack shows; as SVG where nothing can make one.
  slack::RunFile drawn(const std::string& name, std::string svg) const {
    auto png = system::png_of(svg, parts.clock, kDrawLimit);
    if (png) return {name + ".png", std::move(*png)};
    log(Level::debug, "no PNG of a picture: " + png.error().what);
    return {name + ".svg", std::move(svg)};
  }
  std::optional<slack::RunFile> timeline(const std::string& run) {
    const auto records = parts.journal.read(run);
    const auto told =
        records ? report_of(*records, parts.clock.now()) : std::unexpected(records.error());
    if (!told) return std::nullopt;
    return drawn(run, timeline_svg(*told, parts.settings.report.zone.get()));
  }
  GroupCheck group_check() {
    return [this](const std::string& group, const Actor& actor) {
      return groups->holds(name_in(group), name_in(actor));
    };
  }
  void furnish();
  void furnish_for_requests();
};

void SlackSide::Rooms::furnish_for_requests() {
  slack::Outbox& outbox = client->outbox();
  slack::RequestCards::Ports said{
      .post = [&outbox](slack::Note note) { outbox.post(std::move(note)); },
      .update =
          [&outbox](const std::string& name, slack::Layout layout) {
            outbox.update(name, std::move(layout), slack::Urgency::approval);
          },
      .posted = [&outbox](const std::string& name) { return outbox.where(name).has_value(); }};
  cards = std::make_unique<slack::RequestCards>(std::move(said), parts.settings.cluster.name,
                                                parts.settings.slack.command);
  homes = std::make_unique<HomeSource>(HomeSource::Parts{
      parts.settings, parts.clock, parts.world, parts.gate, parts.approvals, group_check(),
      [this]() -> std::optional<slack::RunPicture> {
        const auto runs = newest_runs(1);
        return runs.empty() ? std::nullopt : picture(runs.front());
      },
      [this] { return client->health().problems; }});
  slack::HomeBoard::Ports shown{
      .picture = [this](const slack::HomePerson& person) { return homes->picture(person); },
      .call = [&api = client->api()](slack::Call call,
                                     auto done) { api.call(std::move(call), std::move(done)); }};
  board = std::make_unique<slack::HomeBoard>(std::move(shown), parts.clock);
}

void SlackSide::Rooms::furnish() {
  // It outlives the threads that ask, which the client ends first.
  const auto ask = [&api = client->api()](slack::Call call) { return api.ask(std::move(call)); };
  groups = std::make_unique<slack::Groups>(ask, parts.clock);
  slack::SlackChat::Ports seen{
      .open_run = [this] { return open_picture(); },
      .run = [this](const std::string& run) { return picture(run); },
      .newest_runs = [this](int count) { return newest_runs(count); },
      .hides = parts.hides,
      .timeline = [this](const std::string& run) { return timeline(run); }};
  chat = std::make_unique<slack::SlackChat>(std::move(seen), client->outbox(), parts.clock,
                                            parts.settings.slack.command);
  slack::ConversationPorts ports{
      .desk =
          [this](const Actor& actor, const std::string& line) {
            auto reply = parts.obey(actor, line);
            reply.text = slack::naming(reply.text, parts.settings.slack.command);
            return reply;
          },
      .open_run = [this] { return open_picture(); },
      .show_again = [this] { chat->show_again(); },
      .home =
          [this](const std::string& user, const std::string& said) {
            auto person = homes->person(user);
            person.said = said;
            board->opened(std::move(person));
          },
      .draw = [this](std::string name, std::string svg) { return drawn(name, std::move(svg)); }};
  furnish_for_requests();
  conversation =
      std::make_unique<slack::Conversation>(std::move(ports), client->outbox(), ask, parts.clock);
}

SlackSide::SlackSide(std::unique_ptr<Rooms> rooms) : rooms_(std::move(rooms)) {}

SlackSide::~SlackSide() {
  rooms_->client.reset();
}

Result<std::unique_ptr<SlackSide>> SlackSide::open(Parts parts) {
  auto rooms = std::make_unique<Rooms>(std::move(parts));
  Rooms& all = *rooms;
  // Nothing is delivered before listen(), and by then the conversation is there.
  const auto deliver = [&all](const slack::Interaction& deed, slack::Slip& slip) {
    all.conversation->take(deed, slip);
  };
  auto client = slack::Client::open(
      all.parts.settings.slack, all.parts.settings.journal.file.parent_path(), all.parts.clock,
      deliver, all.parts.secrets, {}, slack::Meter(&all.parts.metrics));
  if (!client) return std::unexpected(client.error());
  all.client = std::move(*client);
  all.furnish();
  return std::unique_ptr<SlackSide>(new SlackSide(std::move(rooms)));
}

Chat& SlackSide::chat() {
  return *rooms_->chat;
}

GroupCheck SlackSide::groups() {
  return rooms_->group_check();
}

void SlackSide::listen() {
  rooms_->client->listen();
}

void SlackSide::look() {
  rooms_->chat->look();
  if (const auto requests = rooms_->parts.approvals.all())
    rooms_->cards->look(*requests, rooms_->parts.clock.now());
  rooms_->board->look();
  rooms_->client->tell_standing();
  watch_loss();
}

void SlackSide::finish() {
  rooms_->chat->finish();
}

void SlackSide::watch_loss() {
  Rooms& all = *rooms_;
  const auto& settings = all.parts.settings.slack;
  if (settings.on_loss != SlackSettings::OnLoss::pause) return;
  const auto lost = all.client->lost_for();
  if (!lost) all.paused_for_loss.clear();
  if (!lost || *lost < settings.loss_after) return;
  const auto run = all.parts.journal.open_run();
  // Once for each loss: a person may resume the run without Slack.
  if (!run || !*run || **run == all.paused_for_loss) return;
  const auto reply = all.parts.obey(
      std::string(kChatLoss),
      fmt::format("pause Slack is out of reach for {}, on_slack_loss = pause", to_string(*lost)));
  if (reply.ok()) all.paused_for_loss = **run;
  log(Level::warn, "slack: out of reach; " + reply.text);
}

}  // namespace lockkeeper
