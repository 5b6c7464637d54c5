// SPDX-License-Identifier: Apache-2.0
#include "integrations/packages/channel.h"

#include <doctest/doctest.h>

#include "tests/unit/packages/feed_site.h"

namespace lockkeeper::packages {
namespace {

using test::FeedSite;

constexpr std::string_view kCollection =
    R"({"type":"collection","resourceType":"channels","links":{"self":"x"},"actions":{},"data":[)"
    R"({"id":"stable","type":"channel","name":"stable","latest":"v1.34.6+k3s1"},)"
    R"({"id":"testing","name":"testing"},7,)"
    R"({"id":"v1.35","type":"channel","name":"v1.35","latest":"v1.35.2+k3s1","new":[]}]})";

std::string read(FeedSite& site, const std::string& name) {
  const auto got = read_channel({site.client, site.clock, site.settings}, name);
  return got.versions ? joined(*got.versions) : got.versions.error().what;
}

}  // namespace

TEST_CASE("a channel's own address answers with a redirect to its release") {
  FeedSite site;
  site.redirect("/v1-release/channels/stable",
                "https://github.com/k3s-io/k3s/releases/tag/v1.34.6%2Bk3s1");
  CHECK(read(site, "stable") == "v1.34.6+k3s1");
  site.redirect("/v1-release/channels/stable", "https://login.example/");
  CHECK(read(site, "stable") == "its redirect leads to no release");
}

TEST_CASE("where it does not, the collection is read, whatever else it holds") {
  FeedSite site;
  site.put("/v1-release/channels", std::string(kCollection));
  CHECK(read(site, "stable") == "v1.34.6+k3s1");
  CHECK(read(site, "v1.35") == "v1.35.2+k3s1");
  CHECK(read(site, "testing").empty());
  CHECK(read(site, "v1.99").empty());
}

TEST_CASE("a collection that is none is a failure") {
  FeedSite site;
  const auto all = [&](std::string body, int status = 200) {
    site.put("/v1-release/channels", std::move(body), status);
    return read(site, "stable");
  };
  CHECK(all("") == "an empty answer");
  CHECK(all("<html></html>") == "a web page instead of JSON");
  CHECK(all("[]") == "it is no list of channels");
  CHECK(all(R"({"data":{}})") == "it is no list of channels");
  CHECK(all(std::string(kCollection.substr(0, 100))) == "it is no list of channels");
  CHECK(all("busy", 503) == "HTTP 503");
}

TEST_CASE("percent-encoding is decoded strictly") {
  CHECK(tag_of_location("https://x/releases/tag/v1.33.6%2bk3s1?a=b").value() == "v1.33.6+k3s1");
  for (const auto* location : {"https://x/releases/tag/v1%2", "https://x/releases/tag/v1%zz",
                               "https://x/releases/tag/%0a", "", "https://x/tag/v1.33.6"}) {
    CAPTURE(location);
    CHECK_FALSE(tag_of_location(location).has_value());
  }
}

TEST_CASE("only the channel of a minor may be absent") {
  FeedSite site;
  CHECK(read_channel({site.client, site.clock, site.settings}, "v1.35").may_be_absent);
  CHECK_FALSE(read_channel({site.client, site.clock, site.settings}, "stable").may_be_absent);
}

}  // namespace lockkeeper::packages
