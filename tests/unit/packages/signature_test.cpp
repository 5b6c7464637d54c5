// SPDX-License-Identifier: Apache-2.0
#include "integrations/packages/signature.h"

#include <doctest/doctest.h>

#include "tests/unit/packages/feed_site.h"

namespace lockkeeper::packages {
namespace {

using test::file;
using test::kRepository;

std::string verified(const std::string& message, const char* keyring) {
  const system::RealClock clock;
  const auto text = verified_text(message, kRepository / keyring, clock);
  return text ? *text : text.error().what;
}

}  // namespace

TEST_CASE("a good signature lets out what was signed, and nothing else") {
  CHECK(verified(file("InRelease"), "keyring.gpg") == file("Release"));
  CHECK(verified("Origin: evil\n" + file("InRelease"), "keyring.gpg") == file("Release"));
  const system::RealClock clock;
  CHECK(verify_detached(file("Release"), file("Release.gpg"), kRepository / "keyring.gpg", clock)
            .has_value());
}

TEST_CASE("a text that was changed has a wrong signature") {
  auto message = file("InRelease");
  message.replace(message.find("example"), 7, "Example");
  CHECK(verified(message, "keyring.gpg").starts_with("its signature is wrong: "));
  const system::RealClock clock;
  const auto changed = verify_detached(file("Release") + "x", file("Release.gpg"),
                                       kRepository / "keyring.gpg", clock);
  CHECK(changed.error().what.starts_with("its signature is wrong: "));
}

TEST_CASE("a key that nobody trusts, and one that has expired, do not count") {
  CHECK(verified(file("InRelease"), "old.gpg").starts_with("signed by a key that is not trusted"));
  CHECK(
      verified(file("InRelease.old"), "old.gpg").starts_with("signed by a key that has expired: "));
}

TEST_CASE("no signature at all is no good one") {
  CHECK(verified(file("Release"), "keyring.gpg") == "it has no good signature");
  CHECK(verified("", "keyring.gpg") == "it has no good signature");
  CHECK(verified(file("InRelease"), "missing.gpg").find("missing.gpg") != std::string::npos);
}

TEST_CASE("the exit code alone is not believed, and neither are the lines alone") {
  CHECK(judged_status(0, "").has_value() == false);
  CHECK(judged_status(0, "[GNUPG:] GOODSIG 1 a\n").has_value() == false);
  CHECK(judged_status(0, "[GNUPG:] GOODSIG 1 a\n[GNUPG:] VALIDSIG 1\n").has_value());
  CHECK(judged_status(2, "[GNUPG:] GOODSIG 1 a\n[GNUPG:] VALIDSIG 1\n").has_value() == false);
  CHECK(judged_status(0, "[GNUPG:] GOODSIG 1 a\n[GNUPG:] VALIDSIG 1\n[GNUPG:] BADSIG 2 b\n")
            .error()
            .what == "its signature is wrong: 2 b");
  CHECK(judged_status(0, "[GNUPG:] REVKEYSIG 1 a").error().what == "signed by a revoked key: 1 a");
}

}  // namespace lockkeeper::packages
