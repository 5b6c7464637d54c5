// SPDX-License-Identifier: Apache-2.0
#include "integrations/packages/madison.h"

#include <fmt/format.h>

#include <algorithm>

#include "integrations/packages/release.h"
#include "rules/text.h"

namespace lockkeeper::packages {

Result<std::vector<std::string>> parse_madison(std::string_view text) {
  std::vector<std::string> versions;
  for (const auto line : split(text, '\n')) {
    if (line.empty()) continue;
    const auto fields = split(line, '|');
    if (fields.size() != 3 || fields[1].empty())
      return fail(fmt::format("not a line of apt-cache madison: '{}'", clipped(line, 80)));
    if (fields[0] != "kubeadm" || fields[2].ends_with("Sources")) continue;
    auto version = upstream_version(fields[1]);
    if (std::ranges::find(versions, version) == versions.end())
      versions.push_back(std::move(version));
  }
  return versions;
}

}  // namespace lockkeeper::packages
