// SPDX-License-Identifier: Apache-2.0
#pragma once

// A journal that is only looked at: by a report while no bot runs, or beside one that runs. It
// takes no lock and writes nothing. One thread.

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bot/detector.h"
#include "bot/ports.h"
#include "config/settings.h"
#include "integrations/sqlite/database.h"

namespace lockkeeper::sqlite {

class JournalReader : public Journal, public Memory {
 public:
  /// Opens an existing file. Failures are one line that begins with "journal <path>: ".
  static Result<std::unique_ptr<JournalReader>> open(const JournalSettings& settings);

  Result<std::vector<Record>> read(const std::string& run) override;
  Result<std::optional<std::string>> open_run() override;
  Result<std::vector<std::string>> runs(int count) override;
  Result<std::string> recall(const std::string& name) override;

  /// Always refused.
  Result<Record> append(Time at, const std::string& run, const Body& body) override;
  Status remember(Time at, const std::string& name, const std::string& text) override;

 private:
  JournalReader(std::filesystem::path file, Database database)
      : file_(std::move(file)), database_(std::move(database)) {}

  [[nodiscard]] std::unexpected<Failure> refused(const std::string& why) const;
  template <class T>
  Result<T> told(Result<T> result) const;

  std::filesystem::path file_;
  Database database_;
};

}  // namespace lockkeeper::sqlite
