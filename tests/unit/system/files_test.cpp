// SPDX-License-Identifier: Apache-2.0
#include "integrations/system/files.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <iterator>
#include <string>

using namespace lockkeeper;
namespace fs = std::filesystem;

namespace {

/// A folder of its own for one test, removed at its end.
struct Folder {
  fs::path path;
  Folder() {
    std::string name = (fs::temp_directory_path() / "lockkeeper-files.XXXXXX").native();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~Folder() { fs::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
};

}  // namespace

TEST_CASE("what was written is read back, and nothing else is left in the folder") {
  const Folder folder;
  const fs::path file = folder.path / "state";
  REQUIRE(system::write_file(file, "first"));
  REQUIRE(system::write_file(file, std::string(200'000, 'y')));
  CHECK(system::read_file(file, 200'000) == std::string(200'000, 'y'));
  CHECK(std::distance(fs::directory_iterator(folder.path), {}) == 1);
}

TEST_CASE("a new file has the mode that was asked for, whatever the umask") {
  const Folder folder;
  const mode_t before = ::umask(0);
  REQUIRE(system::write_file(folder.path / "secret", "x"));
  ::umask(0077);
  REQUIRE(system::write_file(folder.path / "public", "x", 0644));
  ::umask(before);
  CHECK(fs::status(folder.path / "secret").permissions() == fs::perms(0600));
  CHECK(fs::status(folder.path / "public").permissions() == fs::perms(0644));
}

TEST_CASE("a failed write names the path and leaves the old content") {
  const Folder folder;
  CHECK(system::write_file(folder.path / "no" / "file", "x").error().what ==
        (folder.path / "no" / "file").native() + ": No such file or directory");
  fs::create_directory(folder.path / "taken");
  CHECK_FALSE(system::write_file(folder.path / "taken", "x"));
  CHECK(std::distance(fs::directory_iterator(folder.path), {}) == 1);
}

TEST_CASE("only regular files within the limit are read") {
  const Folder folder;
  const fs::path file = folder.path / "four";
  REQUIRE(system::write_file(file, "four"));
  CHECK(system::read_file(file, 4) == "four");
  CHECK(system::read_file(file, 3).error().what == file.native() + ": longer than 3 bytes");
  CHECK(system::read_file(folder.path / "none", 9).error().what ==
        (folder.path / "none").native() + ": No such file or directory");
  CHECK(system::read_file(folder.path, 9).error().what ==
        folder.path.native() + ": not a regular file");
  REQUIRE(::mkfifo((folder.path / "fifo").c_str(), 0600) == 0);
  CHECK(system::read_file(folder.path / "fifo", 9).error().what ==
        (folder.path / "fifo").native() + ": not a regular file");
}
