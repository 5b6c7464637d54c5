// SPDX-License-Identifier: Apache-2.0

// Repositories that lie. What a healthy one says stands first.

#include "integrations/packages/repository.h"

#include <doctest/doctest.h>

#include "tests/unit/packages/feed_site.h"

namespace lockkeeper::packages {

using test::FeedSite;
using test::file;
using test::kRepository;

TEST_CASE("a healthy repository is read through its signature and its sums") {
  FeedSite site;
  site.put_repository();
  site.settings.keyring = kRepository / "keyring.gpg";
  CHECK(site.read() == "1.35.0, 1.35.1");
  CHECK(site.notes.empty());
}

TEST_CASE("without a keyring the versions count, and it is said that nobody vouched for them") {
  FeedSite site;
  site.put_repository();
  CHECK(site.read() == "1.35.0, 1.35.1");
  CHECK(joined(site.notes) == "its signature was not checked: [detection] names no keyring");
}

TEST_CASE("a repository without InRelease is read by its Release and the signature beside it") {
  FeedSite site;
  site.put_repository();
  site.remove("InRelease");
  site.settings.keyring = kRepository / "keyring.gpg";
  CHECK(site.read() == "1.35.0, 1.35.1");
  site.remove("Release.gpg");
  CHECK(site.read() == "Release has no signature");
  site.spoil("Release.gpg", "nonsense");
  CHECK(site.read() == "Release: it has no good signature");
}

TEST_CASE("a minor that is not out yet is an empty answer, not a failure") {
  FeedSite site;
  CHECK(site.read().empty());
  for (const auto* name : {"InRelease", "Release"})
    site.spoil(name, "<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", 403);
  CHECK(site.read().empty());
}

TEST_CASE("a proxy that forbids is not a minor that is not out yet") {
  FeedSite site;
  site.spoil("InRelease", "<html>blocked by policy</html>", 403);
  CHECK(site.read() == "InRelease: HTTP 403");
}

TEST_CASE("redirects are followed as far as five, and loops end") {
  FeedSite site;
  site.put_repository();
  site.put("/mirror/InRelease", file("InRelease"));
  site.redirect("/core:/stable:/v1.35/deb/InRelease", "/mirror/InRelease");
  CHECK(site.read() == "1.35.0, 1.35.1");
  site.redirect("/core:/stable:/v1.35/deb/InRelease", "/core:/stable:/v1.35/deb/InRelease");
  CHECK(site.read() == "InRelease: more than 5 redirects, or one to another scheme");
}

TEST_CASE("a redirect to another scheme is not followed") {
  FeedSite site;
  site.redirect("/core:/stable:/v1.35/deb/InRelease", "ftp://127.0.0.1/InRelease");
  CHECK(site.read() == "InRelease: more than 5 redirects, or one to another scheme");
}

TEST_CASE("empty bodies, web pages and errors are failures") {
  FeedSite site;
  site.put_repository();
  site.spoil("InRelease", "");
  CHECK(site.read() == "InRelease: an empty answer");
  site.spoil("InRelease", "\n <!DOCTYPE html><html>Please log in</html>");
  CHECK(site.read() == "InRelease: a web page instead of the file");
  site.spoil("InRelease", "no healthy upstream", 503);
  CHECK(site.read() == "InRelease: HTTP 503");
  site.put_repository();
  site.spoil("Packages.gz", "");
  CHECK(site.read() == "Packages.gz: an empty answer");
  site.remove("Packages.gz");
  CHECK(site.read() == "Packages.gz: it is not there, although the Release lists it");
}

TEST_CASE("a Packages that the Release does not vouch for is refused") {
  FeedSite site;
  site.put_repository();
  const auto packed = file("Packages.gz");
  const auto* refusal = "Packages.gz: it is not what the Release vouches for (SHA256)";
  site.spoil("Packages.gz", packed.substr(0, packed.size() / 2));
  CHECK(site.read() == refusal);
  auto other = packed;
  other[20] = static_cast<char>(other[20] ^ 1);
  site.spoil("Packages.gz", other);
  CHECK(site.read() == refusal);
}

TEST_CASE("a Release that is cut short, changed or unsigned is refused where a keyring is named") {
  FeedSite site;
  site.put_repository();
  const auto whole = file("InRelease");
  site.spoil("InRelease", whole.substr(0, 200));
  CHECK(site.read() == "InRelease: it is cut short before the end of its signature");
  site.settings.keyring = kRepository / "keyring.gpg";
  CHECK(site.read() == "InRelease: it has no good signature");
  site.spoil("InRelease", file("Release"));
  CHECK(site.read() == "InRelease: it has no good signature");
  auto changed = whole;
  changed.replace(changed.find("example"), 7, "Example");
  site.spoil("InRelease", changed);
  CHECK(site.read().starts_with("InRelease: its signature is wrong"));
  site.spoil("InRelease", file("InRelease.old"));
  CHECK(site.read().starts_with("InRelease: signed by a key that is not trusted"));
}

TEST_CASE("an answer beyond its limit is refused") {
  FeedSite site;
  site.put_repository();
  site.settings.body_max = 200;
  CHECK(site.read().find("larger than 200 bytes") != std::string::npos);
}

TEST_CASE("a server that is down is told with its address") {
  FeedSite site;
  site.settings.repository = "http://127.0.0.1:1";
  CHECK(site.read() == "InRelease: http://127.0.0.1:1: connection refused");
}

}  // namespace lockkeeper::packages
