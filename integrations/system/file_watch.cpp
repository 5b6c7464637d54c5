// SPDX-License-Identifier: Apache-2.0
#include "integrations/system/file_watch.h"

#include <sys/stat.h>

#include <utility>

namespace lockkeeper::system {

FileWatch::FileWatch(std::vector<std::filesystem::path> files) {
  read_now(std::move(files));
}

std::vector<FileWatch::Stamp> FileWatch::stamps() const {
  constexpr std::int64_t kNanosASecond = 1'000'000'000;
  std::vector<Stamp> all;
  for (const auto& file : files_) {
    struct stat found{};
    Stamp stamp;
    if (::stat(file.c_str(), &found) == 0) {
      stamp = {found.st_dev, found.st_ino, found.st_size,
               found.st_mtim.tv_sec * kNanosASecond + found.st_mtim.tv_nsec};
    }
    all.push_back(stamp);
  }
  return all;
}

bool FileWatch::changed() {
  auto now = stamps();
  const bool settled = now == newest_;
  newest_ = std::move(now);
  if (!settled || newest_ == known_) return false;
  known_ = newest_;
  return true;
}

void FileWatch::read_now(std::vector<std::filesystem::path> files) {
  files_ = std::move(files);
  known_ = newest_ = stamps();
}

}  // namespace lockkeeper::system
