// SPDX-License-Identifier: Apache-2.0
#include "rules/verdict.h"

#include <algorithm>

namespace lockkeeper {

Verdict combined(Verdict a, const Verdict& b) {
  if (a.answer == Answer::wait && b.answer == Answer::wait) {
    a.next_look = std::min(a.next_look, b.next_look);
  } else if (b.answer == Answer::wait) {
    a.next_look = b.next_look;
  }
  a.answer = std::max(a.answer, b.answer);
  a.reasons.insert(a.reasons.end(), b.reasons.begin(), b.reasons.end());
  return a;
}

std::string_view to_string(Answer answer) {
  switch (answer) {
    case Answer::go:
      return "go";
    case Answer::wait:
      return "wait";
    case Answer::stop:
      return "stop";
  }
  return "?";
}

}  // namespace lockkeeper
