// SPDX-License-Identifier: Apache-2.0
#include "integrations/sqlite/checkup.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

namespace lockkeeper::sqlite {
namespace {

std::string read_locks() {
  std::ifstream file("/proc/locks");
  return {std::istreambuf_iterator<char>(file), {}};
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
  struct stat lock{};
  if (::stat((file.native() + ".lock").c_str(), &lock) == 0)
    exam.held_by = lock_holder(read_locks(), lock.st_dev, lock.st_ino);
  return exam;
}

std::string lock_holder(const std::string& locks, dev_t device, ino_t inode) {
  const auto wanted = fmt::format("{:02x}:{:02x}:{}", major(device), minor(device), inode);
  std::istringstream lines(locks);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string number;
    std::string kind;
    std::string advisory;
    std::string mode;
    std::string process;
    std::string place;
    words >> number >> kind >> advisory >> mode >> process >> place;
    if (kind == "FLOCK" && place == wanted) return "process " + process;
  }
  return {};
}

}  // namespace lockkeeper::sqlite
