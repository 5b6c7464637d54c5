// SPDX-License-Identifier: Apache-2.0
#pragma once

// The reference of all keys for the documentation, made from the tables that the loader uses, so
// that a key cannot exist without being described. Pure; any thread.

#include <string>

namespace lockkeeper {

/// Markdown: one table per section with key, value, default and meaning.
std::string reference_markdown();

}  // namespace lockkeeper
