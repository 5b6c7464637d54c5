// SPDX-License-Identifier: Apache-2.0
#include "bot/people.h"

#include <doctest/doctest.h>

namespace lockkeeper {
namespace {

AuthoritySettings with_people() {
  AuthoritySettings settings;
  settings.people = {"ana=slack:U0ANA+http:ana+console:ana", "bob=slack:U0BOB+http:bob",
                     "eva=http:eva", "ana=cli:root"};
  return settings;
}

}  // namespace

TEST_CASE("an entry is one person, and two Slack accounts are two") {
  const AuthoritySettings none;
  CHECK(likeness("slack:U1", "slack:U1", none) == Likeness::same);
  CHECK(likeness("slack:U1", "slack:U2", none) == Likeness::different);
  CHECK(likeness("http:ci", "http:ci", none) == Likeness::same);
}

TEST_CASE("what a token, a login or a terminal does not tell is unknown") {
  const AuthoritySettings none;
  CHECK(likeness("http:ana", "slack:U0ANA", none) == Likeness::unknown);
  CHECK(likeness("http:ana", "http:bob", none) == Likeness::unknown);
  CHECK(likeness("console:ana", "console:bob", none) == Likeness::unknown);
  // To be named alone says nothing about the other one.
  CHECK(likeness("http:eva", "http:ci", with_people()) == Likeness::unknown);
  CHECK(likeness("http:ci", "slack:U0ANA", with_people()) == Likeness::unknown);
}

TEST_CASE("a person who is named is the same under every entry, and not another one who is") {
  const auto settings = with_people();
  CHECK(likeness("http:ana", "slack:U0ANA", settings) == Likeness::same);
  CHECK(likeness("console:ana", "http:ana", settings) == Likeness::same);
  CHECK(likeness("http:ana", "http:bob", settings) == Likeness::different);
  CHECK(likeness("http:eva", "console:ana", settings) == Likeness::different);
  CHECK(likeness("cli:root", "slack:U0ANA", settings) == Likeness::same);
}

TEST_CASE("people of Slack and those who are named are known") {
  CHECK(is_known("slack:U1", {}));
  CHECK_FALSE(is_known("http:eva", {}));
  CHECK(is_known("http:eva", with_people()));
  CHECK_FALSE(is_known("http:ci", with_people()));
}

TEST_CASE("a person who is named has Slack accounts, which others have not") {
  const auto settings = with_people();
  CHECK(likeness("http:ana", "slack:U0EVE", settings) == Likeness::different);
  CHECK(likeness("http:eva", "slack:U0EVE", settings) == Likeness::unknown);
}

}  // namespace lockkeeper
