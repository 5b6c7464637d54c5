// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <string>

#include "corpus.h"
#include "integrations/alertmanager/webhook.h"

using namespace lockkeeper;
using namespace lockkeeper::alertmanager;

namespace {

std::string refusal(const std::string& body) {
  const auto read = read_webhook(body);
  return read ? "accepted" : read.error().what;
}

}  // namespace

TEST_CASE("what is no webhook at all") {
  CHECK(refusal("") == "the body is empty");
  CHECK(refusal("{") == "malformed JSON at byte 2");
  CHECK(refusal("[]") == "the whole: not an object");
  CHECK(refusal("\"4\"") == "the whole: not an object");
  CHECK(refusal("null") == "the whole: not an object");
  CHECK(refusal("{}") == "version is missing: not an Alertmanager webhook");
  CHECK(refusal(R"({"version":"4"})") == "alerts is missing: not an Alertmanager webhook");
  CHECK(refusal("<html>secret</html>") == "malformed JSON at byte 1");
  CHECK(refusal(message("") + message("")) == "malformed JSON at byte 28");
}

TEST_CASE("another version than 4") {
  CHECK(refusal(R"({"version":"3","alerts":[]})") == "version is not \"4\"");
  CHECK(refusal(R"({"version":4,"alerts":[]})") == "version: not a string");
  CHECK(refusal(R"({"version":null,"alerts":[]})") == "version: not a string");
  CHECK(refusal(R"({"version":["4"],"alerts":[]})") == "version: not a string");
}

TEST_CASE("wrong types") {
  CHECK(refusal(R"({"version":"4","alerts":{}})") == "alerts: not an array");
  CHECK(refusal(R"({"version":"4","alerts":null})") == "alerts: not an array");
  CHECK(refusal(message("7")) == "alerts[0]: not an object");
  CHECK(refusal(message("[]")) == "alerts[0]: not an object");
  CHECK(refusal(message(alert("firing", "[]"))) == "alerts[0].labels: not an object");
  CHECK(refusal(message(alert("firing", "null"))) == "alerts[0].labels: not an object");
  CHECK(refusal(message(alert("firing", R"({"a":1})"))) == "alerts[0].labels.a: not a string");
  CHECK(refusal(message(alert("firing", R"({"a":{}})"))) == "alerts[0].labels.a: not a string");
  CHECK(refusal(message(alert("firing", R"({"a":null})"))) == "alerts[0].labels.a: not a string");
  CHECK(refusal(message(R"({"status":{},"labels":{}})")) == "alerts[0].status: not a string");
  CHECK(refusal(message(R"({"status":1,"labels":{}})")) == "alerts[0].status: not a string");
  CHECK(refusal(message(R"({"status":"firing","labels":{},"annotations":{"summary":7}})")) ==
        "alerts[0].annotations.summary: not a string");
  CHECK(refusal(message(R"({"status":"firing","labels":{},"annotations":"x"})")) ==
        "alerts[0].annotations: not an object");
  CHECK(refusal(message("", R"(,"truncatedAlerts":-1)")) == "truncatedAlerts: not a count");
  CHECK(refusal(message("", R"(,"truncatedAlerts":1.5)")) == "truncatedAlerts: not a count");
  CHECK(refusal(message("", R"(,"truncatedAlerts":"2")")) == "truncatedAlerts: not a count");
  CHECK(refusal(message("", R"(,"truncatedAlerts":{})")) == "truncatedAlerts: not a count");
}

TEST_CASE("alerts that do not say what they are") {
  CHECK(refusal(message(alert("firing", "{}") + "," + alert("pending", "{}"))) ==
        "alerts[1].status: neither \"firing\" nor \"resolved\"");
  CHECK(refusal(message(R"({"labels":{}})")) ==
        "alerts[0].status: neither \"firing\" nor \"resolved\"");
  CHECK(refusal(message(R"({"status":"firing"})")) == "alerts[0].labels: missing");
}

TEST_CASE("tricks") {
  CHECK(refusal(message(alert("firing", R"({"a":"1","a":"2"})"))) ==
        "alerts[0].labels.a: a duplicate key");
  CHECK(refusal(message("", R"(,"alerts":[])")) == "alerts: a duplicate key");
  CHECK(refusal(message(alert("firing", R"({"a":"x\u0000y"})"))) ==
        "alerts[0].labels.a: a NUL character");
  CHECK(refusal(message(alert("firing", R"({"a":"\ud800"})"))).starts_with("malformed JSON"));
  CHECK(refusal(message("", ",\"x\":" + std::string(100'000, '['))).ends_with("nested too deep"));
  std::string labels = "{";
  for (int i = 0; i < 400; ++i)
    labels += (i == 0 ? "\"l" : ",\"l") + std::to_string(i) + "\":\"v\"";
  CHECK(refusal(message(alert("firing", labels + "}"))).ends_with("too many keys in one object"));
}

TEST_CASE("every captured message cut anywhere is refused, never half read") {
  for (const char* name : {"a_first_firing", "e_truncated"}) {
    const std::string body = captured(name);
    const std::size_t end = body.rfind('}');
    for (std::size_t length = 0; length <= end; ++length)
      CHECK_FALSE(read_webhook(std::string_view(body).substr(0, length)).has_value());
    CHECK(read_webhook(std::string_view(body).substr(0, end + 1)).has_value());
  }
}

TEST_CASE("a captured message with any one byte changed is read or refused, never worse") {
  const std::string body = captured("b_second_joins");
  std::size_t refused = 0;
  for (std::size_t i = 0; i < body.size(); ++i) {
    for (const char c : {'\0', '"', '{', '}', '\\', '\xff', '9'}) {
      std::string changed = body;
      changed[i] = c;
      const auto read = read_webhook(changed);
      refused += read ? 0U : 1U;
      if (read) CHECK(read->firing.size() + read->resolved.size() == 2);
    }
  }
  CHECK(refused > body.size());
}
