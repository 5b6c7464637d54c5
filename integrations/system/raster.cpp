// SPDX-License-Identifier: Apache-2.0
#include "integrations/system/raster.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "integrations/system/child.h"

namespace lockkeeper::system {
namespace {

/// A file with a content that goes away with this object.
class Scratch {
 public:
  explicit Scratch(std::string_view content) {
    std::error_code none;
    path_ = (std::filesystem::temp_directory_path(none) / "lockkeeper-XXXXXX").string();
    const int file = ::mkstemp(path_.data());
    if (file < 0) return;
    good_ = true;
    while (good_ && !content.empty()) {
      const auto count = ::write(file, content.data(), content.size());
      if (count < 0 && errno == EINTR) continue;
      good_ = count > 0;
      if (good_) content.remove_prefix(static_cast<std::size_t>(count));
    }
    ::close(file);
    made_ = true;
  }
  ~Scratch() {
    if (made_) ::unlink(path_.c_str());
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  [[nodiscard]] bool good() const { return good_; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
  bool good_ = false;
  bool made_ = false;
};

}  // namespace

Result<std::string> png_of(std::string_view svg, const Clock& clock, Millis limit) {
  // A file and not a pipe: the child has no input, and the picture may be larger than a pipe holds.
  const Scratch file(svg);
  if (!file.good()) return fail("no room for a picture in the folder for temporary files");
  auto end = run_child({"rsvg-convert", "--format", "png", file.path()}, {}, clock, limit);
  if (!end) return fail("rsvg-convert: " + end.error().what);
  if (end->status != 0 || !end->output.starts_with("\x89PNG"))
    return fail(fmt::format("rsvg-convert ended with {}", end->status));
  return std::move(end->output);
}

}  // namespace lockkeeper::system
