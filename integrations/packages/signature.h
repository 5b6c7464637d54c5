// SPDX-License-Identifier: Apache-2.0
#pragma once

// Whether a repository's Release was signed by a key of a keyring, as gpgv judges it (package gpgv,
// the program that apt itself asks). Its exit code alone is not enough: a signature by an expired
// key is 0 there, which let an old key of Kubernetes' repository pass for years.

#include <filesystem>
#include <string>
#include <string_view>

#include "bot/ports.h"

namespace lockkeeper::packages {

/// The text of an InRelease, once its signature is good. Only what was signed comes out, so that
/// nothing can be slipped in front of it or behind it.
Result<std::string> verified_text(std::string_view message, const std::filesystem::path& keyring,
                                  const Clock& clock);

/// Whether `signature` (Release.gpg) is a good one of `text` (Release).
Status verify_detached(std::string_view text, std::string_view signature,
                       const std::filesystem::path& keyring, const Clock& clock);

/// What gpgv's status lines say: nothing, or why the signature does not count.
Status judged_status(int exit_code, std::string_view status_lines);

}  // namespace lockkeeper::packages
