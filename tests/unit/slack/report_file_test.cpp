// SPDX-License-Identifier: Apache-2.0
#include "integrations/slack/report_file.h"

#include <doctest/doctest.h>

using namespace lockkeeper;
using namespace lockkeeper::slack;

namespace {

std::string file_of(std::string_view line, Reply::Code code = Reply::Code::ok) {
  const auto file =
      report_file({code, "its text", {}}, line, [](std::string name, std::string svg) {
        return RunFile{std::move(name) + ".png", "drawn " + svg};
      });
  return file ? file->file_name + ": " + file->content : "none";
}

}  // namespace

TEST_CASE("the short report is read in its answer, and every longer form comes as a file") {
  CHECK(file_of("report") == "none");
  CHECK(file_of("/upgrade report --runs 3") == "none");
  CHECK(file_of("report --long") == "report.txt: its text");
  CHECK(file_of("report r-7f3") == "r-7f3.txt: its text");
  CHECK(file_of("report --json --runs 3") == "report.json: its text");
  CHECK(file_of("report --svg") == "report.png: drawn its text");
  CHECK(file_of("report --svg r-7f3") == "r-7f3.png: drawn its text");
}

TEST_CASE("a refusal and the answer to anything else are no files") {
  CHECK(file_of("report --svg", Reply::Code::failed) == "none");
  CHECK(file_of("history r-7f3") == "none");
  CHECK(file_of("nonsense") == "none");
}
