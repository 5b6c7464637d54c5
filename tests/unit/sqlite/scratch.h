// SPDX-License-Identifier: Apache-2.0
#pragma once

// A temporary folder with a journal in it, and the records that the tests write.

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "integrations/sqlite/journal.h"

namespace lockkeeper::sqlite {

/// Removed, with everything in it, at the end of the test.
struct Scratch {
  std::filesystem::path folder;
  JournalSettings settings;

  Scratch() {
    std::string name =
        (std::filesystem::temp_directory_path() / "lockkeeper-journal.XXXXXX").native();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    folder = name;
    settings.file = folder / "journal.db";
    settings.busy_timeout = Millis(50);
  }
  ~Scratch() { std::filesystem::remove_all(folder); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  /// The journal, which must open.
  std::unique_ptr<SqliteJournal> open() const {
    auto journal = SqliteJournal::open(settings);
    REQUIRE_MESSAGE(journal, (journal ? "" : journal.error().what));
    return std::move(*journal);
  }

  /// What a refused opening says after "journal <path>: ".
  [[nodiscard]] std::string refusal() const {
    const auto journal = SqliteJournal::open(settings);
    REQUIRE_FALSE(journal);
    const std::string prefix = "journal " + settings.file.native() + ": ";
    REQUIRE(journal.error().what.starts_with(prefix));
    return journal.error().what.substr(prefix.size());
  }
};

inline constexpr Time kNoon{Millis(1'795'262'400'123)};

/// A plan of one node and one step, enough to be told from another.
inline Opened opened(const std::string& run) {
  Opened body;
  body.plan.run = run;
  body.plan.cluster = "home";
  body.plan.from = {1, 34, 2, ""};
  body.plan.target = {1, 34, 7, ""};
  body.plan.steps.push_back({.number = 1,
                             .stage = Stage::master,
                             .action = Action::cordon,
                             .node = "nöde \"1\"\n",
                             .limit = Millis(60'000)});
  body.by = "console:ana";
  body.reason = "it's time";
  return body;
}

}  // namespace lockkeeper::sqlite
