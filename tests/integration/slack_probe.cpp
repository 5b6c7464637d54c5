// SPDX-License-Identifier: Apache-2.0

// The bot's Slack side as a program, for tests with a workspace:
//
//   slack_probe FOLDER API_URL CA_FILE HASTE
//
// FOLDER keeps slack.db and `effects`, one line for each deed that was dealt with. The tokens are
// in $SLACK_APP_TOKEN and $SLACK_BOT_TOKEN; the limits of the connection are divided by HASTE.
// Each line on standard input is a command in JSON, `{"do": "post", ...}`, and gets one line back;
// lines with "deed" come by themselves. Ends with the input.

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>

#include "integrations/slack/client.h"
#include "integrations/slack/text.h"
#include "integrations/system/real_clock.h"

namespace lockkeeper::slack {
namespace {

using nlohmann::json;

void print(const json& line) {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  std::cout << line.dump(-1, ' ', false, json::error_handler_t::replace) << std::endl;
}

/// What the bot does about deeds: notes each key once, as the journal would.
class Effects {
 public:
  explicit Effects(const std::filesystem::path& file) : file_(file, std::ios::app) {
    std::ifstream known(file);
    for (std::string key; std::getline(known, key);)
      keys_.insert(key);
  }

  void deal_with(const Interaction& deed, Slip& slip) {
    system::RealClock clock;
    if (delay.load() > Millis{}) clock.wait_until(clock.moment() + delay.load());
    if (keys_.insert(deed.key).second) file_ << deed.key << std::endl;
    std::string payload;
    if (deed.deed == Deed::slash)
      payload = json{{"response_type", "ephemeral"}, {"text", "got " + deed.text}}.dump();
    if (deed.deed == Deed::submit && deed.inputs.contains("reason.in") &&
        deed.inputs.at("reason.in").size() < 5)
      payload = json{{"response_action", "errors"}, {"errors", {{"reason", "too short"}}}}.dump();
    const bool rode = slip.ack(payload);
    print({{"deed", deed.key},
           {"kind", static_cast<int>(deed.deed)},
           {"user", deed.user},
           {"text", typed(deed.text)},
           {"action", deed.action},
           {"value", deed.value},
           {"trigger", deed.trigger},
           {"response_url", deed.response_url},
           {"view", deed.view},
           {"inputs", deed.inputs},
           {"rode", rode}});
  }

  std::atomic<Millis> delay{Millis{}};

 private:
  std::ofstream file_;
  std::set<std::string> keys_;
};

Urgency urgency_of(const json& command) {
  static const std::map<std::string, Urgency> words = {{"progress", Urgency::progress},
                                                       {"news", Urgency::news},
                                                       {"approval", Urgency::approval},
                                                       {"alarm", Urgency::alarm}};
  return words.at(command.value("urgency", "news"));
}

Note note_of(const json& command) {
  return {.name = command.value("name", ""),
          .thread_of = command.value("thread_of", ""),
          .channel = command.value("channel", ""),
          .broadcast = command.value("broadcast", false),
          .urgency = urgency_of(command),
          .layout = {command.value("text", ""),
                     command.contains("blocks") ? command["blocks"].dump() : ""}};
}

json health_of(const Client& client) {
  const ClientHealth health = client.health();
  const SocketCounts counts = client.counts();
  return {{"connected", health.link.connected},
          {"connections", health.link.connections},
          {"fatal", health.link.fatal},
          {"problem", health.link.problem},
          {"problems", health.problems},
          {"bot_user", health.identity ? health.identity->bot_user : ""},
          {"waiting", health.outbox.waiting},
          {"dropped", health.outbox.dropped},
          {"halted", health.outbox.halted},
          {"down", health.outbox.down_since.has_value()},
          {"lost_ms", client.lost_for() ? client.lost_for()->count() : -1},
          {"envelopes", counts.envelopes},
          {"acked", counts.acked},
          {"repeated", counts.repeated},
          {"strange", counts.strange},
          {"dials", counts.dials},
          {"tickets", counts.tickets},
          {"slowest_ack_ms", counts.slowest_ack.count()}};
}

json obey(const json& command, Client& client, Effects& effects) {
  const std::string what = command.at("do");
  Outbox& outbox = client.outbox();
  if (what == "health") return health_of(client);
  if (what == "listen") client.listen();
  if (what == "deafen") client.deafen();
  if (what == "slow") effects.delay = Millis(command.at("ms").get<int>());
  if (what == "post") outbox.post(note_of(command));
  if (what == "whisper") outbox.whisper(command.at("user"), note_of(command));
  if (what == "remove") outbox.remove(command.at("name"));
  if (what == "drain") outbox.drain(Millis(command.at("ms").get<int>()));
  if (what == "update")
    outbox.update(command.at("name"), note_of(command).layout, urgency_of(command));
  if (what == "answer")
    outbox.answer(command.at("url"), note_of(command).layout, false,
                  command.value("replace", false));
  if (what == "upload")
    outbox.upload({.thread_of = command.value("thread_of", ""),
                   .channel = {},
                   .file_name = "report.md",
                   .title = "Report",
                   .content = command.at("content")});
  if (what == "where") {
    const auto at = outbox.where(command.at("name"));
    return {{"ts", at ? at->ts : ""}, {"channel", at ? at->channel : ""}};
  }
  if (what == "escaped") return {{"text", escaped(command.at("text").get<std::string>())}};
  if (what == "members" || what == "modal") {
    const Answer answer = client.api().ask(
        what == "members" ? group_members(command.at("group"))
                          : open_view(command.at("trigger"), command.at("view").dump()));
    return {{"ok", answer.ok()}, {"error", answer.error}, {"body", answer.body}};
  }
  return {{"ok", true}};
}

LinkTiming hurried(int haste) {
  LinkTiming timing;
  for (Millis* limit :
       {&timing.dial_limit, &timing.hello_limit, &timing.ping_every, &timing.idle_max,
        &timing.stable_after, &timing.retry_max, &timing.crowd_first, &timing.crowd_max,
        &timing.disabled_first, &timing.disabled_max, &timing.ticket_every})
    *limit /= haste;
  return timing;
}

int run(const std::filesystem::path& folder, const std::string& api_url, const std::string& ca_file,
        int haste) {
  system::RealClock clock;
  Effects effects(folder / "effects");
  SlackSettings settings;
  settings.app_token.env = "SLACK_APP_TOKEN";
  settings.bot_token.env = "SLACK_BOT_TOKEN";
  settings.channel = "C0OPS";
  settings.admin_channel = "C0ADMIN";
  settings.api_url = api_url;
  settings.ca_file = ca_file;
  auto client =
      Client::open(settings, folder, clock,
                   [&](const Interaction& deed, Slip& slip) { effects.deal_with(deed, slip); }, {},
                   {.link = hurried(haste)});
  if (!client) {
    std::cerr << client.error().what << '\n';
    return 1;
  }
  (*client)->listen();
  print({{"ready", true}});
  for (std::string line; std::getline(std::cin, line);) {
    const json command = json::parse(line, nullptr, false);
    print({{"answer", command.is_object() ? obey(command, **client, effects) : json()}});
  }
  return 0;
}

}  // namespace
}  // namespace lockkeeper::slack

int main(int count, char** words) {
  if (count != 5) {
    std::cerr << "usage: slack_probe FOLDER API_URL CA_FILE HASTE\n";
    return 2;
  }
  // OpenSSL writes to sockets that the other end may have closed.
  std::signal(SIGPIPE, SIG_IGN);
  return lockkeeper::slack::run(words[1], words[2], words[3], std::stoi(words[4]));
}
