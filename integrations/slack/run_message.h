// SPDX-License-Identifier: Apache-2.0
#pragma once

// The one message of a run, as it is edited from its start to its end: state, how far it is, nodes,
// the gate, and the buttons that make sense in this state. Pure: what was seen comes in, a layout
// goes out. Any thread.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "bot/gate.h"
#include "bot/progress.h"
#include "integrations/slack/budget.h"

namespace lockkeeper::slack {

/// A run as a message shows it.
struct RunPicture {
  Progress progress;
  // The record that brought the run into its present state: an opening, a pause, an order, an end.
  // Buttons carry it; while it is the same, a button means what the person saw.
  std::int64_t seq = 0;
  // The same without the gate's coming and going, which says nothing about a pause or an abort.
  std::int64_t seq_of_people = 0;
  GateView gate;
  std::string activity;  // what the runner does this second

  [[nodiscard]] bool open() const { return progress.open(); }
  /// "r-7f3:17" for a button of that verb. Resuming depends on what holds the run, so it is of the
  /// state that was seen.
  [[nodiscard]] std::string mark(std::string_view verb) const;
};

/// Of all records of a run, as the journal has them. A failure: they make no sense, or none are
/// there.
Result<RunPicture> picture_of(std::span<const Record> records, GateView gate, std::string activity);

enum class RunState { running, paused, needs_you, ending, ended };

RunState state_of(const Progress& progress);
/// "running", "needs a person", or how it ended.
std::string state_word(const Progress& progress);

/// How many of the plan's nodes are on their target, as far as this run has proven it.
struct NodeTally {
  int done = 0;
  int failed = 0;
  int all = 0;
};

NodeTally tally_of(const Progress& progress);

/// "running, 2 of 5 nodes, now: drain node3": for those who pressed an old button.
std::string where_it_is(const RunPicture& picture);

/// The same run, whose reasons name the command as this workspace knows it.
RunPicture naming(RunPicture picture, std::string_view command);

/// The message. With an ended run it has no buttons.
Layout run_layout(const RunPicture& picture);

/// "run:r-7f3", its name in the outbox, and those of the last reply and of the files in its thread.
std::string run_name(const std::string& run);
std::string end_name(const std::string& run);
std::string file_name(const std::string& run);
std::string picture_name(const std::string& run);

}  // namespace lockkeeper::slack
