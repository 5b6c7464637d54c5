// SPDX-License-Identifier: Apache-2.0
#include "integrations/slack/report_file.h"

#include "bot/command.h"
#include "bot/reporter.h"

namespace lockkeeper::slack {

std::optional<RunFile> report_file(const Reply& reply, std::string_view line, const Draw& draw) {
  if (!reply.ok()) return std::nullopt;
  const auto command = parse_command(line);
  if (!command || command->verb->name != "report") return std::nullopt;
  const auto request = parse_report_request(command->words);
  if (!request) return std::nullopt;
  const auto name = request->run.empty() ? std::string("report") : request->run;
  switch (request->form) {
    case ReportRequest::Form::brief:
      return std::nullopt;
    case ReportRequest::Form::page:
      return RunFile{name + ".txt", reply.text};
    case ReportRequest::Form::json:
      return RunFile{name + ".json", reply.text};
    default:
      return draw(name, reply.text);
  }
}

}  // namespace lockkeeper::slack
