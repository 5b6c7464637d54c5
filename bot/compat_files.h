// SPDX-License-Identifier: Apache-2.0
#pragma once

// The files of config/compat/, embedded when the project is built. Constants for any thread.

#include <string_view>

namespace lockkeeper {

extern const std::string_view addons_json;
extern const std::string_view apis_json;
extern const std::string_view nodes_json;

}  // namespace lockkeeper
