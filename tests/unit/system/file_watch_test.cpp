// SPDX-License-Identifier: Apache-2.0
#include "integrations/system/file_watch.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <string>

#include "integrations/system/files.h"

using namespace lockkeeper;
namespace fs = std::filesystem;

namespace {

struct Watched {
  fs::path folder;
  fs::path file;
  Watched() {
    std::string name = (fs::temp_directory_path() / "lockkeeper-watch.XXXXXX").native();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    folder = name;
    file = folder / "rules.ini";
  }
  ~Watched() { fs::remove_all(folder); }
  Watched(const Watched&) = delete;
  Watched& operator=(const Watched&) = delete;

  void write(std::string_view text) const { REQUIRE(system::write_file(file, text)); }
};

}  // namespace

TEST_CASE("a change is told once, when the file has stayed as it is for one look") {
  const Watched here;
  here.write("one");
  system::FileWatch watch({here.file});
  CHECK_FALSE(watch.changed());
  here.write("two");
  CHECK_FALSE(watch.changed());
  CHECK(watch.changed());
  CHECK_FALSE(watch.changed());
}

TEST_CASE("as long as somebody writes, nothing is told") {
  const Watched here;
  here.write("one");
  system::FileWatch watch({here.file});
  for (int i = 0; i < 5; ++i) {
    here.write(std::string(static_cast<std::size_t>(i) + 5, 'x'));
    CHECK_FALSE(watch.changed());
  }
  CHECK(watch.changed());
}

TEST_CASE("a file that appears or goes has changed") {
  const Watched here;
  system::FileWatch watch({here.file});
  here.write("now");
  CHECK_FALSE(watch.changed());
  CHECK(watch.changed());
  fs::remove(here.file);
  CHECK_FALSE(watch.changed());
  CHECK(watch.changed());
}

TEST_CASE("a link that leads elsewhere has changed, as when a ConfigMap is updated") {
  const Watched here;
  fs::create_directory(here.folder / "v1");
  fs::create_directory(here.folder / "v2");
  REQUIRE(system::write_file(here.folder / "v1" / "rules.ini", "same"));
  REQUIRE(system::write_file(here.folder / "v2" / "rules.ini", "same"));
  fs::create_directory_symlink("v1", here.folder / "data");
  system::FileWatch watch({here.folder / "data" / "rules.ini"});
  fs::create_directory_symlink("v2", here.folder / "next");
  fs::rename(here.folder / "next", here.folder / "data");
  CHECK_FALSE(watch.changed());
  CHECK(watch.changed());
}

TEST_CASE("what has been read is known") {
  const Watched here;
  here.write("one");
  system::FileWatch watch({here.file});
  here.write("two");
  watch.read_now({here.file});
  CHECK_FALSE(watch.changed());
  CHECK_FALSE(watch.changed());
}
