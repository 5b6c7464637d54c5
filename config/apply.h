// SPDX-License-Identifier: Apache-2.0
#pragma once

// Filling a struct from one section of an ini file by its table. Every entry is looked at, so all
// findings of a section come together. Pure but for the environment variables that a `*_env` key of
// a plain value names; any thread.

#include <filesystem>

#include "config/error.h"
#include "config/ini.h"
#include "config/table.h"

namespace lockkeeper {

/// Reads every entry of the section into the target, relative paths from `folder`. What is wrong
/// goes to `errors` with its line, and its column where a value knows it; the target then holds
/// what could be read and must not be used. T is Settings, PrometheusSettings,
/// ClientSettings, Rule or Window.
template <class T>
void apply(const Table<T>& table, const IniSection& section, const std::filesystem::path& folder,
           T& target, ErrorList& errors);

}  // namespace lockkeeper
