// SPDX-License-Identifier: Apache-2.0
#pragma once

// The answer to "may the run take its next step?", with the reasons that an operator is shown.

#include <string>
#include <string_view>
#include <vector>

#include "rules/text.h"

namespace lockkeeper {

/// From best to worst; where several are asked, the worst answer wins and every reason is kept.
enum class Answer { go, wait, stop };

struct Verdict {
  Answer answer = Answer::go;
  std::vector<std::string> reasons;  // one line each; empty only for go
  Millis next_look{};                // for wait: how long until it is worth asking again

  bool operator==(const Verdict&) const = default;
};

/// The worse answer, all reasons, the earlier look.
Verdict combined(Verdict a, const Verdict& b);

std::string_view to_string(Answer answer);

}  // namespace lockkeeper
