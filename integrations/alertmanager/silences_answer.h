// SPDX-License-Identifier: Apache-2.0
#pragma once

// Alertmanager's answer to GET /api/v2/silences, and the text of the silences that we make. The
// answer has the expired ones of the last days, too. Functions for any thread.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bot/ports.h"
#include "rules/result.h"

namespace lockkeeper::alertmanager {

/// Who our silences say has made them.
inline constexpr std::string_view kSilenceAuthor = "lockkeeper";

struct SilenceMatcher {
  std::string name;
  std::string value;
  bool regex = false;
  bool equal = true;  // absent in answers of old releases, which knew no other
};

/// One silence, of whomever.
struct KnownSilence {
  std::string id;
  std::string state;  // "active", "pending", "expired"
  std::string created_by;
  std::string comment;
  Time starts_at{};
  Time ends_at{};
  std::vector<SilenceMatcher> matchers;
};

/// More silences than this are a failure.
inline constexpr std::size_t kSilencesMax = 100'000;

Result<std::vector<KnownSilence>> read_silences_answer(std::string_view body);

/// The body of POST /api/v2/silences: an equality on the alert's name and one on the node's, and a
/// comment by which the silence is found again. With an id it changes that one.
std::string silence_body(const OwnSilence& silence, const std::string& cluster);

/// The silence as one that a run on `cluster` has made; nothing when it is not.
std::optional<OwnSilence> own_silence(const KnownSilence& silence, const std::string& cluster);

}  // namespace lockkeeper::alertmanager
