// SPDX-License-Identifier: Apache-2.0
#include "rules/version.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "rules/utf8.h"

namespace lockkeeper {
namespace {

Version version(std::string_view text) {
  const auto parsed = parse_version(text);
  REQUIRE(parsed.has_value());
  return *parsed;
}

std::string refusal(std::string_view text) {
  const auto parsed = parse_version(text);
  return parsed ? "accepted" : parsed.error().what;
}

}  // namespace

TEST_CASE("a cluster's version is read with or without v, with or without a build") {
  CHECK(to_string(version("v1.34.2")) == "1.34.2");
  CHECK(to_string(version("1.34.2")) == "1.34.2");
  CHECK(to_string(version("v1.34.2+k3s1")) == "1.34.2+k3s1");
  CHECK(version("v1.34.2+k3s1").build == "k3s1");
  CHECK(to_string(version("0.0.0")) == "0.0.0");
}

TEST_CASE("what is not a version is refused") {
  for (const auto* text : {"",           "v",       "1",        "1.34",         "1.34.",
                           "1.34.2.1",   "1.34.x",  "01.34.2",  "1.034.2",      "1.34.2 ",
                           " 1.34.2",    "V1.34.2", "vv1.34.2", "1.34.2+",      "1.34.2+k3s 1",
                           "1.34.2+k_3", "1,34,2",  "-1.34.2",  "1.34.9999999", "+1.34.2"}) {
    CAPTURE(text);
    CHECK(refusal(text) == "'" + std::string(text) + "' is not a version like v1.34.2");
  }
}

TEST_CASE("a pre-release is refused as such") {
  CHECK(refusal("v1.35.0-rc.1") == "'v1.35.0-rc.1' is a pre-release; only releases are run");
}

TEST_CASE("a long text is not repeated whole, and no character is cut in half") {
  const auto told = refusal(std::string(63, 'x') + "ää");
  CHECK(told.size() < 120);
  CHECK(invalid_utf8_at(told) == told.size());
}

TEST_CASE("a target is exactly X.Y.Z") {
  CHECK(to_string(*parse_target_version("1.34.7")) == "1.34.7");
  for (const auto* text : {"v1.34.7", "1.34", "1.34.7+k3s1", "1.34.7-rc.1", "latest", ""}) {
    CAPTURE(text);
    CHECK(parse_target_version(text).error().what ==
          "version '" + std::string(text) + "' is not exactly X.Y.Z");
  }
}

TEST_CASE("versions are ordered by number, and k3s counts its builds") {
  CHECK(version("1.34.2") < version("1.34.10"));
  CHECK(version("1.9.9") < version("1.10.0"));
  CHECK(version("1.99.99") < version("2.0.0"));
  CHECK(version("1.34.2") < version("1.34.2+k3s1"));
  CHECK(version("1.34.2+k3s9") < version("1.34.2+k3s10"));
  CHECK(version("1.34.2+k3s1") < version("1.34.3"));
  CHECK(version("v1.34.2") == version("1.34.2"));
  CHECK(version("1.34.2+k3s1") != version("1.34.2+rke2r1"));
  CHECK(version("1.34.2+k3s2") < version("1.34.2+k3s99999999999"));
}

TEST_CASE("minors are told apart and counted") {
  CHECK(minor_name(version("1.34.2")) == "1.34");
  CHECK(same_minor(version("1.34.2"), version("1.34.9")));
  CHECK_FALSE(same_minor(version("1.34.2"), version("2.34.2")));
  CHECK(minors_between(version("1.33.9"), version("1.35.0")) == 2);
  CHECK(minors_between(version("1.35.0"), version("1.34.9")) == -1);
  CHECK(minors_between(version("1.35.0"), version("2.0.0")) > 100);
}

TEST_CASE("a kubelet is never newer and at most three minors older than the API server") {
  const auto allowed = [](std::string_view kubelet, std::string_view server) {
    return kubelet_skew_allowed(version(kubelet), version(server));
  };
  CHECK(allowed("1.34.2", "1.34.7"));
  CHECK(allowed("1.34.9", "1.34.2"));
  CHECK(allowed("1.31.0", "1.34.2"));
  CHECK_FALSE(allowed("1.30.9", "1.34.2"));
  CHECK_FALSE(allowed("1.35.0", "1.34.2"));
  CHECK(allowed("1.24.0", "1.26.0"));
  CHECK_FALSE(allowed("1.24.0", "1.27.0"));
  CHECK(allowed("1.25.0", "1.28.0"));
  CHECK_FALSE(allowed("1.34.0", "2.0.0"));
}

TEST_CASE("any version is written and read back as the same") {
  CHECK(rc::check("round trip", [] {
    const auto number = rc::gen::inRange(0, 999'999);
    const Version made{*number, *number, *number,
                       *rc::gen::element<std::string>("", "k3s1", "rke2r10", "a-b.c")};
    const auto again = parse_version("v" + to_string(made));
    RC_ASSERT(again.has_value());
    RC_ASSERT(*again == made);
  }));
}

}  // namespace lockkeeper
