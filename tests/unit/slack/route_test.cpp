// SPDX-License-Identifier: Apache-2.0

#include "integrations/slack/route.h"

#include <doctest/doctest.h>

#include <map>
#include <string>

namespace lockkeeper::slack {
namespace {

SocketAddress at(std::string_view url) {
  const auto address = socket_address(url);
  REQUIRE(address);
  return *address;
}

Result<std::optional<Proxy>> proxy(std::string_view url, std::map<std::string, std::string> names) {
  return proxy_for(at(url), [names](const char* name) {
    const auto found = names.find(name);
    return found == names.end() ? std::string() : found->second;
  });
}

}  // namespace

TEST_CASE("a socket's address is read in its parts") {
  CHECK(at("wss://wss-primary.slack.com/link/?ticket=a&app_id=b") ==
        SocketAddress{true, "wss-primary.slack.com", "443", "/link/?ticket=a&app_id=b"});
  CHECK(at("ws://127.0.0.1:8080/x") == SocketAddress{false, "127.0.0.1", "8080", "/x"});
  CHECK(at("wss://[::1]:1?t=1") == SocketAddress{true, "::1", "1", "/?t=1"});
  CHECK(at("wss://h/#f").target == "/");
}

TEST_CASE("what may be printed of it has no ticket") {
  CHECK(at("wss://h/link/?ticket=secret").origin() == "wss://h:443");
  CHECK(at("ws://[::1]:1/").origin() == "ws://[::1]:1");
}

TEST_CASE("what is no socket's address is refused without repeating it") {
  for (const char* wrong : {"https://h/", "wss://", "wss://user:pw@h/", "wss://h:x/", "wss://h:/",
                            "wss://h:70000/", "wss://h/a b", "wss://h/\r\nX: y", "wss://[::1/"}) {
    CAPTURE(wrong);
    const auto address = socket_address(wrong);
    REQUIRE_FALSE(address);
    CHECK(address.error().what.find("pw") == std::string::npos);
  }
}

TEST_CASE("the environment's proxy is taken for the right scheme") {
  const auto secure = proxy("wss://slack.com/", {{"https_proxy", "http://p.example:3128"},
                                                 {"http_proxy", "http://other:1"}});
  CHECK(secure.value() == Proxy{"p.example", "3128", ""});
  CHECK(proxy("ws://slack.com/", {{"http_proxy", "other:1"}}).value() == Proxy{"other", "1", ""});
  CHECK(proxy("wss://slack.com/", {{"HTTPS_PROXY", "http://p"}}).value() == Proxy{"p", "1080", ""});
  CHECK(proxy("wss://slack.com/", {{"all_proxy", "http://p:2"}}).value() == Proxy{"p", "2", ""});
  CHECK_FALSE(proxy("wss://slack.com/", {}).value());
  CHECK_FALSE(proxy("ws://slack.com/", {{"HTTP_PROXY", "http://evil:1"}}).value());
}

TEST_CASE("a proxy's user becomes a header") {
  CHECK(proxy("wss://h/", {{"https_proxy", "http://ana:p%40ss@p:1"}}).value() ==
        Proxy{"p", "1", "Basic YW5hOnBAc3M="});
}

TEST_CASE("no_proxy and loopback go straight") {
  for (const char* list : {"*", "slack.com", ".slack.com", "x, slack.com"}) {
    CAPTURE(list);
    const auto straight =
        proxy("wss://wss.slack.com/", {{"https_proxy", "http://p:1"}, {"no_proxy", list}});
    CHECK_FALSE(straight.value());
  }
  const std::map<std::string, std::string> other = {{"https_proxy", "http://p:1"},
                                                    {"no_proxy", "lack.com,com.slack"}};
  CHECK(proxy("wss://slack.com/", other).value().has_value());
  CHECK_FALSE(proxy("wss://127.0.0.1:1/", {{"https_proxy", "http://p:1"}}).value());
  CHECK_FALSE(proxy("wss://localhost/", {{"https_proxy", "http://p:1"}}).value());
}

TEST_CASE("a proxy that cannot be asked to connect is refused, without its password") {
  for (const char* wrong : {"socks5://u:pw@p:1", "http://u:pw@:1", "http://u:pw@p:x"}) {
    const auto refused = proxy("wss://slack.com/", {{"https_proxy", wrong}});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().what.find("pw") == std::string::npos);
  }
}

}  // namespace lockkeeper::slack
