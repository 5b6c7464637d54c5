// SPDX-License-Identifier: Apache-2.0
#include "integrations/sqlite/checkup.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace lockkeeper::sqlite {
namespace {

/// "1: FLOCK  ADVISORY  WRITE 1234 00:2f:131 0 EOF": the process of the line about this file.
std::string holder_of(const std::string& lock_file) {
  struct stat info{};
  if (::stat(lock_file.c_str(), &info) != 0) return {};
  const auto inode = fmt::format(":{}", info.st_ino);
  const auto device = fmt::format("{:02x}:{:02x}", major(info.st_dev), minor(info.st_dev));
  std::ifstream locks("/proc/locks");
  for (std::string line; std::getline(locks, line);) {
    std::istringstream words(line);
    std::string number;
    std::string kind;
    std::string advisory;
    std::string mode;
    std::string process;
    std::string place;
    words >> number >> kind >> advisory >> mode >> process >> place;
    if (kind == "FLOCK" && place == device + inode) return "process " + process;
  }
  return {};
}

}  // namespace

JournalExam check_up(const JournalSettings& settings) {
  JournalExam exam;
  std::error_code ignored;
  const auto& file = settings.file;
  exam.found = std::filesystem::exists(file, ignored);
  const auto folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  struct statvfs space{};
  if (::statvfs(folder.c_str(), &space) == 0)
    exam.free_bytes = static_cast<std::int64_t>(space.f_bavail * space.f_frsize);
  exam.held_by = holder_of(file.native() + ".lock");
  return exam;
}

}  // namespace lockkeeper::sqlite
