// SPDX-License-Identifier: Apache-2.0

#include "integrations/slack/store.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

namespace lockkeeper::slack {
namespace {

constexpr Time kNoon{Millis(1'795'262'400'000)};

/// A folder of its own, removed at the end.
struct Folder {
  std::filesystem::path path;

  Folder() {
    std::string name =
        (std::filesystem::temp_directory_path() / "lockkeeper-slack.XXXXXX").native();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~Folder() { std::filesystem::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  [[nodiscard]] std::unique_ptr<Store> open() const {
    auto store = open_store(path / "slack.db");
    REQUIRE_MESSAGE(store, (store ? "" : store.error().what));
    return std::move(*store);
  }
};

Interaction deed(const std::string& envelope, const std::string& key) {
  Interaction made;
  made.deed = Deed::slash;
  made.envelope = envelope;
  made.key = key;
  made.user = "U0ANA";
  made.text = "status \"ä\"";
  return made;
}

}  // namespace

TEST_CASE("a deed is kept once, and waits until it is done, across restarts") {
  const Folder folder;
  {
    auto store = folder.open();
    CHECK(store->keep(deed("e1", "k1"), kNoon) == Store::Kept::fresh);
    CHECK(store->keep(deed("e2", "k2"), kNoon) == Store::Kept::fresh);
    REQUIRE(store->done("e1"));
  }
  auto store = folder.open();
  CHECK(store->waiting() == std::vector{deed("e2", "k2")});
  CHECK(store->keep(deed("e1", "k1"), kNoon) == Store::Kept::repeated);
  CHECK(store->keep(deed("e2", "k2"), kNoon) == Store::Kept::repeated);
  CHECK(store->waiting()->size() == 1);
}

TEST_CASE("a copy is known by its envelope or by its deed") {
  const Folder folder;
  auto store = folder.open();
  CHECK(store->keep(deed("e1", "k1"), kNoon) == Store::Kept::fresh);
  CHECK(store->keep(deed("e9", "k1"), kNoon) == Store::Kept::repeated);
  CHECK(store->keep(deed("e1", "k9"), kNoon) == Store::Kept::repeated);
  // The copy's own id is known from now on as well.
  CHECK(store->keep(deed("e9", "k7"), kNoon) == Store::Kept::repeated);
  CHECK(store->keep(deed("e3", "envelope e3"), kNoon) == Store::Kept::fresh);
}

TEST_CASE("a modal that was sent back may be sent again") {
  const Folder folder;
  auto store = folder.open();
  CHECK(store->keep(deed("e1", "submit V1 h"), kNoon) == Store::Kept::fresh);
  REQUIRE(store->forget("submit V1 h"));
  CHECK(store->keep(deed("e2", "submit V1 h"), kNoon) == Store::Kept::fresh);
  CHECK(store->keep(deed("e1", "submit V1 h"), kNoon) == Store::Kept::repeated);
}

TEST_CASE("copies are recognised for an hour") {
  const Folder folder;
  auto store = folder.open();
  CHECK(store->keep(deed("e0", "k0"), kNoon) == Store::Kept::fresh);
  for (int i = 1; i < 130; ++i) {
    const auto name = std::to_string(i);
    REQUIRE(store->keep(deed("e" + name, "k" + name), kNoon + std::chrono::minutes(50)) ==
            Store::Kept::fresh);
    REQUIRE(store->done("e" + name));
  }
  CHECK(store->keep(deed("e0", "k0"), kNoon + std::chrono::minutes(50)) == Store::Kept::repeated);
  for (int i = 200; i < 330; ++i) {
    const auto name = std::to_string(i);
    REQUIRE(store->keep(deed("e" + name, "k" + name), kNoon + std::chrono::minutes(70)) ==
            Store::Kept::fresh);
    REQUIRE(store->done("e" + name));
  }
  CHECK(store->keep(deed("e0", "k0"), kNoon + std::chrono::minutes(70)) == Store::Kept::fresh);
}

TEST_CASE("beyond its limit nothing is kept, and nothing is remembered of it") {
  const Folder folder;
  auto store = folder.open();
  for (std::size_t i = 0; i < kInboxMax; ++i) {
    const auto name = std::to_string(i);
    REQUIRE(store->keep(deed("e" + name, "k" + name), kNoon) == Store::Kept::fresh);
  }
  CHECK(store->keep(deed("more", "more"), kNoon) == Store::Kept::full);
  REQUIRE(store->done("e0"));
  CHECK(store->keep(deed("more", "more"), kNoon) == Store::Kept::fresh);
}

TEST_CASE("where messages stand is remembered") {
  const Folder folder;
  {
    auto store = folder.open();
    REQUIRE(store->remember("run:r-1", {"C0OPS", ""}, kNoon));
    REQUIRE(store->remember("run:r-1", {"C0OPS", "1.2"}, kNoon));
    REQUIRE(store->remember("run:r-2", {"C0OPS", ""}, kNoon));
  }
  CHECK(
      folder.open()->messages() ==
      std::map<std::string, MessageRef>{{"run:r-1", {"C0OPS", "1.2"}}, {"run:r-2", {"C0OPS", ""}}});
}

TEST_CASE("the file is its owner's alone") {
  const Folder folder;
  const auto path = folder.path / "slack.db";
  std::ofstream(path).close();
  REQUIRE(::chmod(path.c_str(), 0644) == 0);
  CHECK(folder.open() != nullptr);
  struct stat info{};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777U) == 0600U);
}

TEST_CASE("what is no inbox is refused by name") {
  const Folder folder;
  const auto path = folder.path / "slack.db";
  std::ofstream(path) << "this is a text, long enough to be looked at as a database by SQLite, "
                         "which needs a hundred bytes for its header";
  const auto store = open_store(path);
  REQUIRE_FALSE(store);
  CHECK(store.error().what == "slack inbox " + path.native() + ": not an SQLite database");
  CHECK_FALSE(open_store(folder.path));
  CHECK_FALSE(open_store(folder.path / "none" / "slack.db"));
}

}  // namespace lockkeeper::slack
