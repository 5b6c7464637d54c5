// SPDX-License-Identifier: Apache-2.0

// What is checked between values that are each fine alone.

#include <doctest/doctest.h>

#include "tests/unit/config/loading.h"

namespace lockkeeper {
namespace {

using testing::loaded;
using testing::refusal;

/// Seven lines.
const std::string kBase = testing::kRequired + "[gate]\ndefault_action = pause\n";

}  // namespace

TEST_CASE("no rules and no default action is refused") {
  const std::string rest = "[ssh]\nuser = o\nkey_file = k\n[prometheus]\nurl = http://p\n";
  CHECK(refusal(rest) ==
        "l.ini: no rules and no default_action: without either, nobody has said what an alert "
        "means; write rules, or default_action in [gate]\n");
  CHECK(loaded(rest + "[gate]\ndefault_action = abort\n").rules.fallback.action ==
        RuleAction::abort);
  CHECK(loaded(rest + "[rule x]\nmatch = a=\"b\"\naction = ignore\n").rules.fallback.action ==
        RuleAction::pause);
}

TEST_CASE("times that contradict each other are refused") {
  CHECK(refusal(kBase + "blind_after = 29s\n") ==
        "l.ini:8: blind_after (29s) must be at least 2 * poll_interval (15s): one lost answer is "
        "not blindness\n");
  CHECK(refusal(kBase + "poll_interval = 30s\n") ==
        "l.ini:8: blind_after (45s) must be at least 2 * poll_interval (30s): one lost answer is "
        "not blindness\n");
  CHECK(refusal(kBase + "blind_after = 30s\n") == "accepted");
  CHECK(refusal(kBase + "confirm_within = 5s\n") ==
        "l.ini:8: confirm_within (5s) must be at least poll_interval (15s), or 0s\n");
  CHECK(refusal(kBase + "[upgrade]\nsoak = 60m\n") ==
        "l.ini:9: soak (1h) must be shorter than soak_limit (1h)\n");
  CHECK(refusal(kBase + "[upgrade]\nready_timeout = 5s\n") ==
        "l.ini:9: poll_interval (5s) must be shorter than ready_timeout (5s)\n");
}

TEST_CASE("a worker is not first and last") {
  CHECK(refusal(kBase + "[upgrade]\nfirst = a, b\nlast = c, b\n") ==
        "l.ini:10: b stands in first and in last\n");
}

TEST_CASE("an address that others reach needs a webhook token") {
  CHECK(refusal(kBase + "[http]\naddress = 0.0.0.0\n") ==
        "l.ini:9: address 0.0.0.0 is reachable from elsewhere, so alerts need a webhook_token_file "
        "(or _env, _credential, _secret) or a client_ca_file\n");
  CHECK(refusal(kBase + "[http]\naddress = 0.0.0.0\ntls_cert_file = c\ntls_key_file = k\n"
                        "client_ca_file = a\nwebhook_names = alertmanager.example\n") ==
        "accepted");
  CHECK(refusal(kBase + "[http]\naddress = 0.0.0.0\nwebhook_token_file = t\n") == "accepted");
  CHECK(refusal(kBase + "[http]\naddress = ::1\n") == "accepted");
}

TEST_CASE("certificate and key belong together") {
  const std::string told =
      ": tls_cert_file and tls_key_file belong together: give both or neither\n";
  CHECK(refusal(kBase + "[http]\ntls_cert_file = c\n") == "l.ini:9" + told);
  CHECK(refusal(kBase + "[http]\ntls_key_file = k\n") == "l.ini:9" + told);
  CHECK(refusal(kBase + "[http]\ntls_key_file = k\ntls_cert_file = c\n") == "accepted");
}

TEST_CASE("certificates of webhooks need TLS, a CA and names") {
  const std::string tls = "[http]\ntls_cert_file = c\ntls_key_file = k\n";
  const std::string told =
      ": client_ca_file and webhook_names belong together: give both or neither\n";
  CHECK(refusal(kBase + tls + "client_ca_file = a\n") == "l.ini:11" + told);
  CHECK(refusal(kBase + tls + "webhook_names = a.example\n") == "l.ini:11" + told);
  CHECK(refusal(kBase + "[http]\nclient_ca_file = a\nwebhook_names = a.example\n") ==
        "l.ini:9: client_ca_file needs a tls_cert_file: without TLS nobody shows one\n");
}

TEST_CASE("clients have names and tokens of their own") {
  CHECK(refusal("[client]\n") == "l.ini:1: [client] needs a name: [client NAME]\n");
  CHECK(refusal("[client a b]\n") ==
        "l.ini:1: [client a b]: a name is one word of letters, digits, '_', '-' and '.'\n");
  CHECK(refusal("[client  a]\n") ==
        "l.ini:1: [client  a]: a name is one word of letters, digits, '_', '-' and '.'\n");
  CHECK(refusal(kBase + "[client a]\n") ==
        "l.ini:8: [client a] has no token; use token_file, token_env, token_credential or "
        "token_secret\n");
  CHECK(refusal(kBase + "[client a]\ntoken_env = X\n[client a]\ntoken_env = Y\n") ==
        "l.ini:10: [client a] stands already in line 8\n");
  CHECK(refusal(kBase + "[client a]\ntoken_file = t\n[client b]\ntoken_file = ./t\n") ==
        "l.ini:10: clients a and b have the same token and could not be told apart\n");
}

TEST_CASE("roles name people that can exist") {
  CHECK(refusal(kBase + "[authority]\noperator = http:ops\n") ==
        "l.ini:9: operator: http:ops is nobody; there is no [client ops]\n");
  CHECK(refusal(kBase + "[authority]\nviewer = console:*\nadmin = slack:U1\n") ==
        "l.ini:10: admin: slack:U1 is nobody; there is no [slack]\n");
  const auto settings = loaded(kBase +
                               "[client ops]\ntoken_env = T\n"
                               "[authority]\noperator = http:ops, console:*\nviewer = http:*\n");
  CHECK(settings.authority.operators == std::vector<std::string>{"http:ops", "console:*"});
}

TEST_CASE("half of a Slack is refused, and none is fine") {
  const std::string whole = "[slack]\napp_token_env = A\nbot_token_env = B\nchannel = C0OPS\n";
  CHECK(refusal(kBase + whole) == "accepted");
  CHECK(refusal(kBase + "[slack]\ncommand = /k8s-upgrade\n") == "accepted");
  CHECK(refusal(kBase + "[slack]\napp_token_env = A\nchannel = C0OPS\n")
            .find("[slack] needs bot_token_file (or _env, _credential, _secret): xoxb-...") !=
        std::string::npos);
  CHECK(refusal(kBase + "[slack]\nchannel = C0OPS\n").find("app_token_file") != std::string::npos);
  CHECK(refusal(kBase + "[slack]\napp_token_env = A\nbot_token_env = B\n").find("needs channel") !=
        std::string::npos);
  CHECK(refusal(kBase + "[slack]\napp_token_env = A\nbot_token_env = A\nchannel = C0OPS\n")
            .find("two different tokens") != std::string::npos);
}

TEST_CASE("Slack's tokens do not travel in the clear") {
  const std::string whole =
      "[slack]\napp_token_env = A\nbot_token_env = B\nchannel = C0OPS\napi_url = ";
  CHECK(refusal(kBase + whole + "http://127.0.0.1:8080/api\n") == "accepted");
  CHECK(refusal(kBase + whole + "http://localhost/api\n") == "accepted");
  CHECK(refusal(kBase + whole + "https://proxy.example/api/\n") == "accepted");
  CHECK(refusal(kBase + whole + "http://slack.com/api\n").find("use https") != std::string::npos);
}

TEST_CASE("a channel is named by its id, a command by a slash") {
  CHECK(refusal(kBase + "[slack]\nchannel = ops\n").find("a channel's id such as C0123ABCD") !=
        std::string::npos);
  CHECK(refusal(kBase + "[slack]\ncommand = upgrade\n").find("a command is a slash") !=
        std::string::npos);
  CHECK(refusal(kBase + "[slack]\napp_token = xapp-1\n").find("xapp-1") == std::string::npos);
}

}  // namespace lockkeeper
