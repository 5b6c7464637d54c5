// SPDX-License-Identifier: Apache-2.0
#pragma once

// Files in Slack: the timeline of a run that has ended, and those forms of a report that nobody can
// read in an answer. Values and pure functions; any thread.

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "bot/desk.h"

namespace lockkeeper::slack {

struct RunFile {
  std::string file_name;
  std::string content;
};

/// Makes a file of a drawing: a picture that Slack shows, or the SVG itself. May take seconds.
using Draw = std::function<RunFile(std::string name, std::string svg)>;

/// The file that the answer to this line becomes: the long report, JSON, a picture. Nothing: the
/// answer is read as it is, as the short report is.
std::optional<RunFile> report_file(const Reply& reply, std::string_view line, const Draw& draw);

}  // namespace lockkeeper::slack
