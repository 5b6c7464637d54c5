// SPDX-License-Identifier: Apache-2.0
#pragma once

// Paths and methods read as the API server reads them: which resource, which object, which verb.
// Pure functions.

#include <optional>
#include <string>
#include <string_view>

#include "integrations/http/message.h"
#include "tests/lab/apiserver/resources.h"

namespace lockkeeper::lab {

/// One resource path. `name` is empty for a collection.
struct Route {
  const Resource* resource = nullptr;
  std::string ns = {};
  std::string name = {};
  std::string subresource = {};
};

/// Nothing when the path names no resource that is served here.
std::optional<Route> route_of(std::string_view path);

/// get, list, watch, create, update, patch, delete, deletecollection; "" for a method that makes no
/// sense there (405).
std::string_view verb_of(const http::Request& request, const Route& route);

/// `GET /api/v1/namespaces/{ns}/pods/{name}/eviction`: the path with its names taken out, for
/// counters.
std::string pattern_of(const http::Request& request);

}  // namespace lockkeeper::lab
