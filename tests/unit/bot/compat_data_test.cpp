// SPDX-License-Identifier: Apache-2.0
#include "bot/compat_data.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace lockkeeper {
namespace {

constexpr std::string_view kAddons =
    R"({"schema":1,"updated":"2026-10-01","addons":[{"name":"a","means":"tested",)"
    R"("images":["x/a"],"labels":[],"rows":[{"from":"1.2","to":"1.3","max":"1.35","source":"s"},)"
    R"({"from":"1.4","to":"1","max":"any","source":"s"}]}]})";

std::string refused(std::string addons) {
  auto texts = built_in_compat();
  texts.addons = addons;
  const auto data = parse_compat(texts);
  return data ? "accepted" : data.error().what;
}

std::string with(std::string_view old, std::string_view now) {
  std::string text(kAddons);
  text.replace(text.find(old), old.size(), now);
  return refused(text);
}

}  // namespace

TEST_CASE("the built-in data are whole") {
  const auto data = parse_compat(built_in_compat());
  REQUIRE(data.has_value());
  CHECK(to_string(data->updated) == "2026-10-22T00:00:00Z");
  for (const auto* name : {"calico", "cilium", "cert-manager", "external-secrets", "kyverno",
                           "istio", "ingress-nginx", "metrics-server", "gpu-operator", "coredns"}) {
    CAPTURE(name);
    CHECK(std::ranges::find(data->addons, name, &AddonData::name) != data->addons.end());
  }
  CHECK(data->apis.size() > 50);
  CHECK(to_string(data->cgroup_v2_from) == "1.35");
}

TEST_CASE("a row with a gap in its numbers, an open end, and the oldest date") {
  auto texts = built_in_compat();
  texts.addons = kAddons;
  const auto data = parse_compat(texts).value();
  CHECK(to_string(data.updated) == "2026-10-01T00:00:00Z");
  CHECK(data.addons.front().rows[0].max == Minor{1, 35});
  CHECK_FALSE(data.addons.front().rows[1].max.has_value());
  CHECK(data.addons.front().rows[1].to.count == 1);
}

TEST_CASE("what is not wholly understood is refused, with its file and its entry") {
  CHECK(refused(std::string(kAddons)) == "accepted");
  CHECK(refused("") == "addons.json: it is no JSON object");
  CHECK(refused("[]") == "addons.json: it is no JSON object");
  CHECK(with("\"schema\":1", "\"schema\":2") == "addons.json: its schema is not 1");
  CHECK(with("\"schema\":1,", "") == "addons.json: \"schema\" is missing");
  CHECK(with("2026-10-01", "yesterday") ==
        "addons.json: \"updated\" is no date such as 2026-10-22");
  CHECK(with("\"images\"", "\"image\"") == "addons.json: \"image\" is unknown");
  CHECK(with("tested", "liked") == "addons.json: a: \"means\" is neither tested nor supported");
  CHECK(with("\"max\":\"1.35\"", "\"max\":\"new\"") ==
        "addons.json: a: \"max\": 'new' is no minor version such as 1.35");
  CHECK(with("\"max\":\"1.35\"", "\"max\":1.35") == "addons.json: a: \"max\" has the wrong type");
  CHECK(with("\"from\":\"1.4\"", "\"from\":\"1.2\"") ==
        "addons.json: a: its rows are not in ascending order");
  CHECK(with("\"from\":\"1.4\"", "\"from\":\"x\"") == "addons.json: a: 'x' is no version");
}

TEST_CASE("versions of addons as tags carry them") {
  const auto read = [](std::string_view text) {
    const auto version = parse_part_version(text);
    return version ? to_string(*version) : "none";
  };
  CHECK(read("v3.26.1") == "3.26.1");
  CHECK(read("1.28.0-distroless") == "1.28.0");
  CHECK(read("25.10") == "25.10");
  CHECK(read("v1.2.3.4") == "1.2.3");
  CHECK(read("1.19-gke3") == "1.19");
  for (const auto* text : {"", "latest", "v1", "2026", "1", "1.x", "-1.2", "1.2rc1", "a1.2.3"}) {
    CAPTURE(text);
    CHECK(read(text) == "none");
  }
  CHECK(parse_minor("1.35").value() == Minor{1, 35});
  CHECK(parse_minor("1.35.2").value() == Minor{1, 35});
  for (const auto* text : {"", "1", "v1.35", "1.35-rc.0", "1.35."})
    CHECK_FALSE(parse_minor(text).has_value());
}

}  // namespace lockkeeper
