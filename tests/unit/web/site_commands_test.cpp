// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "running_site.h"

using namespace lockkeeper;
using namespace lockkeeper::web;
using nlohmann::json;

namespace {

const std::string kCommands = "/api/v1/commands";

/// Waits until `done` holds, at most for four seconds.
template <typename Done>
bool eventually(system::RealClock& clock, Done done) {
  for (const Moment end = clock.moment() + 4s; !done() && clock.moment() < end;)
    clock.wait_until(clock.moment() + Millis(1));
  return done();
}

/// A site with one client, ops, whose token is "t".
struct Office : RunningSite {
  Office() {
    clients = {{.name = "ops", .token = secrets.write("ops", "t")}};
    open();
  }
  http::test::Reply command(const std::string& body, const std::string& token = "t") {
    return ask("POST", kCommands, body, token);
  }
};

}  // namespace

TEST_CASE("a command reaches its sink with the client's name, and the answer comes back") {
  Office office;
  office.on_command = [](const Actor&, const std::string&) {
    return CommandAnswer{
        .status = 200, .ok = true, .text = "plan of 5 nodes \"x\"\nline 2", .confirm = "4f2a"};
  };
  const auto reply = office.command(R"({"text":"start 1.34.7"})");
  CHECK(reply.status == 200);
  CHECK(json::parse(reply.body) ==
        json{{"ok", true}, {"text", "plan of 5 nodes \"x\"\nline 2"}, {"confirm", "4f2a"}});
  CHECK(office.commands() == std::vector<std::string>{"http:ops start 1.34.7"});
}

TEST_CASE("an upgrade request is passed on as it is, for the desk to judge") {
  Office office;
  const std::string request = R"({"target_version":"1.34.5","kind":"patch","dry_run":true})";
  CHECK(office.command(request).status == 200);
  CHECK(office.command("{}").status == 200);
  CHECK(office.commands() == std::vector<std::string>{"http:ops " + request, "http:ops {}"});
}

TEST_CASE("the desk's refusal has the status that it chose") {
  Office office;
  office.on_command = [](const Actor&, const std::string&) {
    return CommandAnswer{.status = 409, .ok = false, .text = "run r-1 is open", .confirm = ""};
  };
  const auto reply = office.command(R"({"text":"start 1.34.7"})");
  CHECK(reply.status == 409);
  CHECK(json::parse(reply.body).at("ok") == false);
}

TEST_CASE("text that is not Unicode in an answer does not break it") {
  Office office;
  office.on_command = [](const Actor&, const std::string&) {
    return CommandAnswer{.status = 200, .ok = true, .text = "a\xff", .confirm = ""};
  };
  CHECK(json::parse(office.command(R"({"text":"status"})").body).at("text") == "a\uFFFD");
}

TEST_CASE("what is no command is 400 in the same form, and is not passed on") {
  Office office;
  for (const char* body :
       {"", "  ", "status", "[]", "\"status\"", R"({"text":7})", R"({"text":{"text":"x"}})",
        R"({"text":"a","text":"b"})", R"({"text":"a\u0000b"})", "{\"text\":\"\xff\"}", "{"}) {
    const auto reply = office.command(body);
    CAPTURE(body);
    CHECK(reply.status == 400);
    CHECK(json::parse(reply.body).at("ok") == false);
    CHECK_FALSE(json::parse(reply.body).at("text").get<std::string>().empty());
  }
  CHECK(office.commands().empty());
}

TEST_CASE("commands and messages need a client's token, on loopback too") {
  Office office;
  CHECK(office.command(R"({"text":"status"})", "").status == 401);
  CHECK(office.command(R"({"text":"status"})", "wrong").status == 401);
  CHECK(office.ask("GET", "/api/v1/messages").status == 401);
  CHECK(office.ask("GET", "/api/v1/messages", "", "wrong").status == 401);
  CHECK(office.commands().empty());

  RunningSite nobody;
  nobody.open();
  CHECK(nobody.ask("POST", kCommands, R"({"text":"status"})").status == 401);
  CHECK(nobody.ask("POST", kCommands, R"({"text":"status"})", "t").status == 401);
}

TEST_CASE("a command longer than 64 KiB is 413") {
  Office office;
  CHECK(office.command(R"({"text":")" + std::string(70'000, 'x') + "\"}").status == 413);
  CHECK(office.commands().empty());
}

TEST_CASE("a slow command keeps neither webhooks nor metrics waiting, and the queue is short") {
  Office office;
  std::promise<void> release;
  const auto released = release.get_future().share();
  office.on_command = [released](const Actor&, const std::string& line) {
    released.wait();
    return CommandAnswer{.status = 200, .ok = true, .text = line, .confirm = ""};
  };
  std::atomic<int> answered = 0;
  std::atomic<int> refused = 0;
  std::vector<std::jthread> people;
  const auto one_more = [&] {
    people.emplace_back([&] {
      const int status = office.command(R"({"text":"status"})").status;
      answered += status == 200 ? 1 : 0;
      refused += status == 503 ? 1 : 0;
    });
  };
  one_more();
  CHECK(eventually(office.clock, [&] { return office.commands().size() == 1; }));
  for (int i = 0; i < 20; ++i)
    one_more();
  // One is being handled, sixteen wait, four are too many.
  CHECK(eventually(office.clock, [&] { return refused == 4; }));
  CHECK(office.ask("GET", "/healthz").status == 200);
  CHECK(office.ask("GET", "/metrics").status == 200);
  release.set_value();
  people.clear();
  CHECK(answered == 17);
  CHECK(refused == 4);
}

TEST_CASE("a site that closes while a command is handled lets it finish") {
  Office office;
  std::promise<void> begun;
  office.on_command = [&](const Actor&, const std::string& line) {
    begun.set_value();
    return CommandAnswer{.status = 200, .ok = true, .text = line, .confirm = ""};
  };
  http::test::RawClient client(office.port());
  client.send(RunningSite::request("POST", kCommands, R"({"text":"status"})", "t"));
  begun.get_future().wait();
  office.close();
  CHECK(office.commands().size() == 1);
}

TEST_CASE("messages are read from a number on") {
  Office office;
  office.board.say({.tone = Tone::news, .run = "r-1", .text = "[k8s-upgrade] one"});
  office.board.say({.tone = Tone::needs_you, .run = "", .text = "two"});
  const auto all = json::parse(office.ask("GET", "/api/v1/messages", "", "t").body);
  CHECK(all.at("last") == 2);
  REQUIRE(all.at("messages").size() == 2);
  CHECK(all.at("messages")[0].at("number") == 1);
  CHECK(all.at("messages")[0].at("run") == "r-1");
  CHECK(all.at("messages")[0].at("tone") == "news");
  CHECK(all.at("messages")[1].at("text") == "two");
  CHECK(all.at("messages")[1].at("tone") == "needs_you");
  CHECK(parse_time(all.at("messages")[0].at("at").get<std::string>()).has_value());

  const auto newer = json::parse(office.ask("GET", "/api/v1/messages?after=1", "", "t").body);
  CHECK(newer.at("messages").size() == 1);
  CHECK(newer.at("started") == all.at("started"));
  const auto none = json::parse(office.ask("GET", "/api/v1/messages?after=2", "", "t").body);
  CHECK(none.at("messages").empty());
  CHECK(none.at("last") == 2);
  for (const char* after : {"x", "-1", "1x", "99999999999999999999"})
    CHECK(office.ask("GET", std::string("/api/v1/messages?after=") + after, "", "t").status == 400);
}
