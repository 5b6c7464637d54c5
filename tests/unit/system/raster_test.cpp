// SPDX-License-Identifier: Apache-2.0
#include "integrations/system/raster.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "integrations/system/real_clock.h"

using namespace lockkeeper;
namespace fs = std::filesystem;

namespace {

constexpr auto kDrawing = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"4\" height=\"3\"/>";

/// A $PATH with one folder of its own in front, also the folder for temporary files.
struct Place {
  fs::path folder;
  std::string path = std::getenv("PATH");

  Place() {
    std::string name = (fs::temp_directory_path() / "lockkeeper-raster.XXXXXX").native();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    folder = name;
    ::setenv("TMPDIR", folder.c_str(), 1);
  }
  ~Place() {
    ::setenv("PATH", path.c_str(), 1);
    ::unsetenv("TMPDIR");
    fs::remove_all(folder);
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  /// A stand-in for the program: a shell script.
  void offers(const std::string& script) const {
    const auto file = folder / "rsvg-convert";
    std::ofstream(file) << "#!/bin/sh\n" << script << "\n";
    REQUIRE(::chmod(file.c_str(), 0700) == 0);
    ::setenv("PATH", (folder.native() + ":/usr/bin:/bin").c_str(), 1);
  }
  [[nodiscard]] Result<std::string> png(Millis limit = std::chrono::seconds(20)) const {
    const system::RealClock clock;
    return system::png_of(kDrawing, clock, limit);
  }
};

}  // namespace

TEST_CASE("without the program there is no picture, and it is said why") {
  const Place place;
  ::setenv("PATH", place.folder.c_str(), 1);
  const auto png = place.png();
  REQUIRE_FALSE(png);
  CHECK(png.error().what == "rsvg-convert: No such file or directory");
}

TEST_CASE("what the program makes of the drawing is the picture, and no file is left") {
  const Place place;
  place.offers("printf '\\211PNG'; test \"$1 $2\" = '--format png' && cat \"$3\"");
  const auto png = place.png();
  REQUIRE_MESSAGE(png.has_value(), (png ? "" : png.error().what));
  CHECK(*png == std::string("\x89PNG") + kDrawing);
  place.offers("exit 3");
  CHECK(place.png().error().what == "rsvg-convert ended with 3");
  place.offers("echo no picture");
  CHECK_FALSE(place.png());
  place.offers("sleep 60");
  CHECK_FALSE(place.png(Millis(50)));
  fs::remove(place.folder / "rsvg-convert");
  CHECK(fs::is_empty(place.folder));
}

TEST_CASE("the real program draws, where it is installed") {
  const Place place;
  const auto png = place.png();
  if (!png && png.error().what.ends_with("No such file or directory")) {
    MESSAGE("skipped: rsvg-convert is not installed");
    return;
  }
  REQUIRE_MESSAGE(png.has_value(), (png ? "" : png.error().what));
  // The header names the size: 4 by 3.
  REQUIRE(png->size() > 24);
  CHECK(png->substr(12, 12) == std::string("IHDR\0\0\0\4\0\0\0\3", 12));
}
