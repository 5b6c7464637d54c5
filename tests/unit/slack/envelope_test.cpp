// SPDX-License-Identifier: Apache-2.0

#include "integrations/slack/envelope.h"

#include <doctest/doctest.h>

#include <string>

namespace lockkeeper::slack {
namespace {

Interaction deed_of(std::string_view text) {
  const Frame frame = read_frame(text);
  REQUIRE(std::holds_alternative<Envelope>(frame));
  return std::get<Envelope>(frame).interaction;
}

Strange strange(std::string_view text) {
  const Frame frame = read_frame(text);
  REQUIRE(std::holds_alternative<Strange>(frame));
  return std::get<Strange>(frame);
}

constexpr std::string_view kSlash = R"({"envelope_id":"e-1","type":"slash_commands",
  "accepts_response_payload":true,"payload":{"token":"t","team_id":"T0ACME","channel_id":"C0OPS",
  "user_id":"U0ANA","user_name":"bob","command":"\/upgrade",
  "text":"start prod-eu --approver <@U0BOB|bob>","api_app_id":"A0UPGRADER",
  "is_enterprise_install":"false","response_url":"https:\/\/hooks.example.test\/c",
  "trigger_id":"111.222.9f3c"}})";

constexpr std::string_view kPress = R"({"envelope_id":"e-2","type":"interactive","payload":{
  "type":"block_actions","api_app_id":"A0UPGRADER","trigger_id":"111.333.aa",
  "user":{"id":"U0ANA","username":"ana"},"team":{"id":"T0ACME"},"enterprise":null,
  "container":{"type":"message","message_ts":"1795196218.000100","channel_id":"C0OPS",
    "is_ephemeral":false,"thread_ts":"1795196200.000000"},
  "channel":{"id":"C0OPS","name":"ops"},"message":{"ts":"1795196218.000100","blocks":[]},
  "state":{"values":{}},"response_url":"https://hooks.example.test/a",
  "actions":[{"type":"button","action_id":"run.pause","block_id":"ctl.17","value":"r-7f3:17",
    "action_ts":"1795196220.456789"}]}})";

constexpr std::string_view kSubmit = R"({"envelope_id":"e-3","type":"interactive","payload":{
  "type":"view_submission","user":{"id":"U0ANA"},"team":{"id":"T0ACME"},"trigger_id":"1.2",
  "view":{"id":"V0START","type":"modal","callback_id":"upgrade.start","hash":"1795196230.ab",
    "private_metadata":"{\"plan\":\"p-91\"}","state":{"values":{
      "reason":{"in":{"type":"plain_text_input","value":"CVE-2026-1111"}},
      "gate":{"in":{"type":"static_select","selected_option":{"value":"strict"}}},
      "ok":{"in":{"type":"checkboxes","selected_options":[{"value":"a"},{"value":"b"}]}},
      "who":{"in":{"type":"users_select","selected_user":"U0BOB"}}}}}}})";

}  // namespace

TEST_CASE("hello says as much or as little as it likes") {
  const auto hello = std::get<Hello>(read_frame(
      R"({"type":"hello","num_connections":2,"connection_info":{"app_id":"A0UPGRADER"},
          "debug_info":{"host":"applink-7","approximate_connection_time":18060}})"));
  CHECK(hello.connections == 2);
  CHECK(hello.app == "A0UPGRADER");
  CHECK(hello.host == "applink-7");
  CHECK(hello.lifetime == Millis(18'060'000));
  CHECK(std::get<Hello>(read_frame(R"({"type":"hello"})")).connections == 0);
  CHECK(std::get<Hello>(read_frame(R"({"type":"hello","num_connections":"x"})")).app.empty());
}

TEST_CASE("a disconnect carries its reason, known or not") {
  CHECK(std::get<Goodbye>(read_frame(R"({"type":"disconnect","reason":"warning"})")).reason ==
        "warning");
  CHECK(std::get<Goodbye>(read_frame(R"({"type":"disconnect"})")).reason.empty());
}

TEST_CASE("a slash command is who, where and what") {
  const auto deed = deed_of(kSlash);
  CHECK(deed.deed == Deed::slash);
  CHECK(deed.envelope == "e-1");
  CHECK(deed.key == "slash 111.222.9f3c");
  CHECK(deed.user == "U0ANA");
  CHECK(deed.channel == "C0OPS");
  CHECK(deed.command == "/upgrade");
  CHECK(deed.text == "start prod-eu --approver <@U0BOB|bob>");
  CHECK(deed.response_url == "https://hooks.example.test/c");
  CHECK(deed.app == "A0UPGRADER");
}

TEST_CASE("a button is who pressed what, where and when") {
  const auto deed = deed_of(kPress);
  CHECK(deed.deed == Deed::press);
  CHECK(deed.action == "run.pause");
  CHECK(deed.value == "r-7f3:17");
  CHECK(deed.message == "1795196218.000100");
  CHECK(deed.thread == "1795196200.000000");
  CHECK(deed.key == "press U0ANA run.pause r-7f3:17 1795196220.456789");
  CHECK(run_mark(deed.value) == RunMark{"r-7f3", 17});
  CHECK(time_of(deed.pressed_at) == Time(Millis(1'795'196'220'456)));
}

TEST_CASE("a modal brings what was put into it") {
  const auto deed = deed_of(kSubmit);
  CHECK(deed.deed == Deed::submit);
  CHECK(deed.key == "submit V0START 1795196230.ab");
  CHECK(deed.callback == "upgrade.start");
  CHECK(deed.metadata == R"({"plan":"p-91"})");
  CHECK(deed.inputs == std::map<std::string, std::string>{{"reason.in", "CVE-2026-1111"},
                                                          {"gate.in", "strict"},
                                                          {"ok.in", "a,b"},
                                                          {"who.in", "U0BOB"}});
}

TEST_CASE("an event is read with its wrapper and without") {
  const auto wrapped = deed_of(R"({"envelope_id":"e","type":"events_api","retry_attempt":2,
    "payload":{"type":"event_callback","event_id":"Ev1","event":{"type":"app_home_opened",
    "user":"U0ANA","tab":"home"}}})");
  CHECK(wrapped.deed == Deed::home);
  CHECK(wrapped.key == "event Ev1");
  CHECK(wrapped.user == "U0ANA");
  CHECK(wrapped.retry == 2);
  const auto bare = deed_of(R"({"envelope_id":"e","type":"events_api",
    "payload":{"type":"app_home_opened","user":"U0ANA"}})");
  CHECK(bare.deed == Deed::home);
  CHECK(bare.key == "envelope e");
  CHECK(deed_of(R"({"envelope_id":"e","type":"events_api","payload":{"type":"event_callback",
    "event":{"type":"app_home_opened","user":"U0ANA","tab":"messages"}}})")
            .deed == Deed::other);
  CHECK(deed_of(R"({"envelope_id":"e","type":"events_api",
    "payload":{"type":"app_rate_limited"}})")
            .deed == Deed::other);
  CHECK(deed_of(R"({"envelope_id":"e","type":"events_api",
    "payload":{"event":{"type":"tokens_revoked"}}})")
            .deed == Deed::uninstall);
}

TEST_CASE("an envelope of any kind and with any payload keeps its id") {
  for (const char* payload : {"[1,2]", "\"text\"", "null", "7", "{}", "{\"type\":\"shortcut\"}"})
    for (const char* type : {"slash_commands", "interactive", "events_api", "future", ""}) {
      const auto text = std::string(R"({"envelope_id":"e-9","type":")") + type + R"(","payload":)" +
                        payload + "}";
      CAPTURE(text);
      CHECK(deed_of(text).envelope == "e-9");
    }
  CHECK(deed_of(R"({"envelope_id":"e-9"})").key == "envelope e-9");
  CHECK(deed_of(R"({"envelope_id":"e-9","type":"hello"})").deed == Deed::other);
}

TEST_CASE("a button in a modal has a view and no message") {
  const auto deed = deed_of(R"({"envelope_id":"e","type":"interactive","payload":{
    "type":"block_actions","user":{"id":"U1"},"container":{"type":"view","view_id":"V1"},
    "view":{"id":"V1","hash":"h"},
    "actions":[{"action_id":"a","selected_option":{"value":"x"}}]}})");
  CHECK(deed.view == "V1");
  CHECK(deed.message.empty());
  CHECK(deed.value == "x");
}

TEST_CASE("what cannot be read still gives its id, if there is one") {
  CHECK(strange("not JSON").envelope_id.empty());
  CHECK(strange("[]").envelope_id.empty());
  CHECK(strange(R"({"type":"future"})").envelope_id.empty());
  CHECK(strange(R"({"envelope_id":"e-5","payload":{"text":"\ud800"}})").envelope_id == "e-5");
  CHECK(strange(R"({"envelope_id" : "e-5", "payload":)").envelope_id == "e-5");
  CHECK(strange(R"({"x":"\"envelope_id\":\"no\"",)").envelope_id.empty());
  CHECK(strange(R"({"envelope_id":"a\nb",)").envelope_id.empty());
  std::string deep = R"({"envelope_id":"e-6","payload":)";
  deep += std::string(100'000, '[');
  CHECK(strange(deep).envelope_id == "e-6");
  deep += std::string(100'000, ']') + "}";
  CHECK(strange(deep).envelope_id == "e-6");
}

TEST_CASE("what is too long is cut, and an id that is too long is none") {
  const auto slash =
      deed_of(R"({"envelope_id":"e","type":"slash_commands","payload":{"text":")" +
              std::string(50'000, 'x') + R"(","user_id":")" + std::string(300, 'U') + R"("}})");
  CHECK(slash.text.size() <= 8200);
  CHECK(slash.user.empty());
}

TEST_CASE("an interaction survives the inbox") {
  for (const auto text : {kSlash, kPress, kSubmit}) {
    const auto deed = deed_of(text);
    CHECK(decode(encode(deed)) == deed);
  }
  CHECK_FALSE(decode("{}"));
  CHECK_FALSE(decode("not JSON"));
  CHECK_FALSE(decode(R"({"envelope":"e","deed":"dance"})"));
}

TEST_CASE("a mark of a run is a run and a number, nothing else") {
  CHECK(run_mark("r-1:0") == RunMark{"r-1", 0});
  for (const char* wrong : {"", "r-1", ":1", "r-1:", "r-1:x", "r-1:-1", "r-1:1 "})
    CHECK_FALSE(run_mark(wrong));
}

TEST_CASE("a time of Slack's is read, or is none") {
  CHECK(time_of("1795196220") == Time(Millis(1'795'196'220'000)));
  for (const char* wrong : {"", "x", "-1", "1.x", "99999999999999999999"})
    CHECK_FALSE(time_of(wrong));
}

}  // namespace lockkeeper::slack
