// SPDX-License-Identifier: Apache-2.0
#include "integrations/packages/release.h"

#include <doctest/doctest.h>

#include "integrations/packages/madison.h"
#include "tests/unit/packages/feed_site.h"

namespace lockkeeper::packages {
namespace {

using test::file;

std::string madison(std::string_view text) {
  const auto versions = parse_madison(text);
  return versions ? joined(*versions) : versions.error().what;
}

}  // namespace

TEST_CASE("a Release lists its files by SHA256 only") {
  const auto files = parse_release(file("Release")).value();
  REQUIRE(files.size() == 2);
  CHECK(files.at("Packages").size == file("Packages").size());
  CHECK(parse_release("SHA256:\n x 1 Packages\n").error().what ==
        "its list of SHA256 sums cannot be read");
  CHECK(parse_release("MD5Sum:\n 00 1 Packages\n").error().what == "it lists no SHA256 sums");
  CHECK(parse_release("").error().what == "it lists no SHA256 sums");
}

TEST_CASE("the versions of one package, each once") {
  CHECK(parse_packages(file("Packages"), "kubeadm").value() ==
        std::vector<std::string>{"1.35.0", "1.35.1"});
  CHECK(parse_packages(file("Packages"), "kubectl").value().empty());
  CHECK(parse_packages("", "kubeadm").error().what == "it names no package");
  CHECK(parse_packages("no such format\n", "kubeadm").error().what == "it names no package");
}

TEST_CASE("the upstream part of a Debian version") {
  CHECK(upstream_version("1.34.7-1.1") == "1.34.7");
  CHECK(upstream_version("1.23.17-00") == "1.23.17");
  CHECK(upstream_version("1.36.0~rc.1-1.1") == "1.36.0-rc.1");
  CHECK(upstream_version("1.34.7") == "1.34.7");
}

TEST_CASE("a signed message that is cut short is none") {
  const auto message = file("InRelease");
  CHECK(signed_text(message).value() == file("Release"));
  CHECK(signed_text(message.substr(0, message.size() / 2)).error().what ==
        "it is cut short before the end of its signature");
  CHECK(signed_text(message.substr(0, message.size() - 20)).error().what ==
        "it is cut short before the end of its signature");
  CHECK(signed_text("Origin: x\n").error().what == "it is no signed message");
}

TEST_CASE("madison: columns apart, other packages and sources left out") {
  CHECK(madison("   kubeadm | 1.34.7-1.1 | https://pkgs.k8s.io/core:/stable:/v1.34/deb  Packages\n"
                "   kubeadm | 1.34.2-1.1 | https://pkgs.k8s.io/core:/stable:/v1.34/deb  Packages\n"
                "   kubeadm | 1.34.2-1.1 | https://mirror.example/v1.34/deb  Packages\n"
                "   kubelet | 1.99.0-1.1 | https://mirror.example/v1.34/deb  Packages\n"
                "   kubeadm | 1.98.0-1.1 | https://mirror.example/v1.34/deb  Sources\n") ==
        "1.34.7, 1.34.2");
  CHECK(madison("").empty());
  CHECK(madison("N: Unable to locate package kubeadm") ==
        "not a line of apt-cache madison: 'N: Unable to locate package kubeadm'");
}

}  // namespace lockkeeper::packages
