// SPDX-License-Identifier: Apache-2.0
#include "integrations/web/tokens.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <map>
#include <string>

#include "running_site.h"

using namespace lockkeeper;
using namespace lockkeeper::web;

namespace {

SecretSource in_kubernetes(const std::string& path) {
  SecretSource source;
  source.kubernetes = path;
  return source;
}

}  // namespace

TEST_CASE("a token names its holder, nothing else does") {
  const Secrets secrets;
  Tokens tokens({{.name = "ana", .source = secrets.write("a", "alpha")},
                 {.name = "ben", .source = secrets.write("b", "beta")}});
  CHECK(tokens.holder_of("alpha") == "ana");
  CHECK(tokens.holder_of("beta") == "ben");
  for (const char* wrong : {"", "alph", "alphaa", "ALPHA", " alpha", "gamma"})
    CHECK_FALSE(tokens.holder_of(wrong).has_value());
}

TEST_CASE("of two holders with the same token the first is meant") {
  const Secrets secrets;
  Tokens tokens({{.name = "ana", .source = secrets.write("a", "same")},
                 {.name = "ben", .source = secrets.write("b", "same")}});
  CHECK(tokens.holder_of("same") == "ana");
}

TEST_CASE("a token that cannot be read or is empty lets nobody in, and harms no other") {
  const Secrets secrets;
  SecretSource missing;
  missing.file = "/nonexistent/token";
  Tokens tokens({{.name = "gone", .source = missing},
                 {.name = "empty", .source = secrets.write("e", "")},
                 {.name = "ana", .source = secrets.write("a", "alpha")}});
  CHECK_FALSE(tokens.holder_of("").has_value());
  CHECK_FALSE(tokens.holder_of("\n").has_value());
  CHECK(tokens.holder_of("alpha") == "ana");
}

TEST_CASE("environment variables are read again, too") {
  SecretSource source;
  source.env = "LOCKKEEPER_TEST_TOKEN";
  Tokens tokens({{.name = "ana", .source = source}});
  ::setenv("LOCKKEEPER_TEST_TOKEN", "one", 1);
  CHECK(tokens.holder_of("one") == "ana");
  ::setenv("LOCKKEEPER_TEST_TOKEN", "two", 1);
  CHECK_FALSE(tokens.holder_of("one").has_value());
  CHECK(tokens.holder_of("two") == "ana");
  ::unsetenv("LOCKKEEPER_TEST_TOKEN");
  CHECK_FALSE(tokens.holder_of("two").has_value());
}

TEST_CASE("Kubernetes Secrets count as they were refreshed, and outlive an outage") {
  std::map<std::string, std::string> cluster = {{"ns/bot/token", "one"}};
  int reads = 0;
  Tokens tokens({{.name = "ana", .source = in_kubernetes("ns/bot/token")}},
                [&](const std::string& path) -> Result<std::string> {
                  ++reads;
                  if (!cluster.contains(path)) return fail("no such Secret");
                  return cluster.at(path);
                });
  CHECK_FALSE(tokens.holder_of("one").has_value());
  tokens.refresh();
  CHECK(tokens.holder_of("one") == "ana");
  CHECK(reads == 1);
  cluster.clear();
  tokens.refresh();
  CHECK(tokens.holder_of("one") == "ana");
  cluster["ns/bot/token"] = "two";
  tokens.refresh();
  CHECK_FALSE(tokens.holder_of("one").has_value());
  CHECK(tokens.holder_of("two") == "ana");
}

TEST_CASE("a site reads the tokens in Kubernetes Secrets by itself") {
  RunningSite site;
  site.clients = {{.name = "ops", .token = in_kubernetes("ns/bot/token")}};
  std::atomic<int> reads = 0;
  site.from_kubernetes = [&](const std::string&) -> Result<std::string> {
    ++reads;
    return "k";
  };
  site.open();
  const Moment limit = site.clock.moment() + Millis(5'000);
  int status = 0;
  while (status != 200 && site.clock.moment() < limit)
    status = site.ask("POST", "/api/v1/commands", R"({"text":"whoami"})", "k").status;
  CHECK(status == 200);
  CHECK(reads == 1);
}
