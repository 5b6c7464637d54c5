// SPDX-License-Identifier: Apache-2.0
#pragma once

// How objects are written into answers: whole, as PartialObjectMetadata, or as the Table that
// kubectl prints. The client chooses with its Accept header. Pure functions; the Cluster's mutex
// guards the objects' texts.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/lab/apiserver/store.h"

namespace lockkeeper::lab {

enum class Shape { object, metadata, table };

/// One resource, seen through one Accept header. The resource is the one of the URL, so that the
/// two groups of Event each get their own form.
struct View {
  const Resource* resource = nullptr;
  Shape shape = Shape::object;
};

/// The first form in `accept` that can be served; nothing when there is none (406).
std::optional<Shape> accepted_shape(std::string_view accept);

/// One object as the answer to a GET, or inside a watch event.
std::string object_text(const View& view, const Object& object);

struct ListHead {
  Revision revision = 0;
  std::string continue_token = {};
  std::optional<std::size_t> remaining = {};
};
std::string list_text(const View& view, const std::vector<ObjectPtr>& items, const ListHead& head);

/// `{"type":"ADDED","object":...}` and a newline.
std::string event_text(std::string_view type, std::string_view object);
/// A bookmark: an object of that kind with nothing but its version.
std::string bookmark_text(const View& view, Revision revision, bool initial_events_end);

/// The body in the form of its URL's group, and back; both change Events only.
Json outward(const Resource& resource, Json body);
Json inward(const Resource& resource, Json body);

/// The columns and the row of a Table.
Json table_columns(const Resource& resource);
Json table_cells(const Resource& resource, const Json& body);

}  // namespace lockkeeper::lab
