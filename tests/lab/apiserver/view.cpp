// SPDX-License-Identifier: Apache-2.0
#include "tests/lab/apiserver/view.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "rules/text.h"

namespace lockkeeper::lab {
namespace {

using FieldPair = std::pair<const char*, const char*>;

// core/v1 on the left, events.k8s.io/v1 on the right.
constexpr std::array kEventFields = {
    FieldPair{"involvedObject", "regarding"},
    FieldPair{"message", "note"},
    FieldPair{"source", "deprecatedSource"},
    FieldPair{"firstTimestamp", "deprecatedFirstTimestamp"},
    FieldPair{"lastTimestamp", "deprecatedLastTimestamp"},
    FieldPair{"count", "deprecatedCount"},
    FieldPair{"reportingComponent", "reportingController"},
};

void rename(Json& body, const char* from, const char* to) {
  const auto at = body.find(from);
  if (at == body.end()) return;
  Json value = std::move(*at);
  body.erase(at);
  body[to] = std::move(value);
}

bool is_event_alias(const Resource& resource) {
  return !resource.stored_as.empty();
}

std::string kind_prefix(std::string_view kind, std::string_view api_version) {
  return fmt::format(R"({{"kind":"{}","apiVersion":"{}",)", kind, api_version);
}

std::string partial_text(const Object& object, bool in_list) {
  const std::string metadata = map_at(object.body, "metadata").dump();
  const auto prefix = kind_prefix("PartialObjectMetadata", "meta.k8s.io/v1");
  return fmt::format("{}\"metadata\":{}}}", in_list ? std::string("{") : prefix, metadata);
}

/// The object's text without kind and apiVersion.
std::string bare_text(const Resource& resource, const Object& object) {
  return is_event_alias(resource) ? outward(resource, object.body).dump() : object.text();
}

Json row_of(const Resource& resource, const Object& object) {
  Json partial = {{"kind", "PartialObjectMetadata"},
                  {"apiVersion", "meta.k8s.io/v1"},
                  {"metadata", map_at(object.body, "metadata")}};
  return {{"cells", table_cells(resource, object.body)}, {"object", std::move(partial)}};
}

std::string table_text(const Resource& resource, const std::vector<const Object*>& objects,
                       Json metadata) {
  Json rows = Json::array();
  for (const auto* object : objects)
    rows.push_back(row_of(resource, *object));
  const Json table = {{"kind", "Table"},
                      {"apiVersion", "meta.k8s.io/v1"},
                      {"metadata", std::move(metadata)},
                      {"columnDefinitions", table_columns(resource)},
                      {"rows", std::move(rows)}};
  return table.dump();
}

Json list_metadata(const ListHead& head) {
  Json metadata = {{"resourceVersion", std::to_string(head.revision)}};
  if (!head.continue_token.empty()) metadata["continue"] = head.continue_token;
  if (head.remaining) metadata["remainingItemCount"] = *head.remaining;
  return metadata;
}

}  // namespace

std::optional<Shape> accepted_shape(std::string_view accept) {
  if (trimmed(accept).empty()) return Shape::object;
  for (const auto option : split(accept, ',')) {
    const auto parts = split(option, ';');
    const std::string_view type = parts.empty() ? std::string_view() : parts.front();
    if (type != "application/json" && type != "*/*" && type != "application/*") continue;
    std::string_view as;
    bool v1 = true;
    for (const auto part : parts) {
      if (part.starts_with("as=")) as = part.substr(3);
      if (part.starts_with("v=")) v1 = part == "v=v1";
    }
    if (as.empty()) return Shape::object;
    if (v1 && as == "Table") return Shape::table;
    if (v1 && as.starts_with("PartialObjectMetadata")) return Shape::metadata;
  }
  return std::nullopt;
}

std::string object_text(const View& view, const Object& object) {
  if (view.shape == Shape::metadata) return partial_text(object, false);
  if (view.shape == Shape::table) {
    Json metadata = {{"resourceVersion", std::to_string(object.revision)}};
    return table_text(*view.resource, {&object}, std::move(metadata));
  }
  const std::string bare = bare_text(*view.resource, object);
  return kind_prefix(view.resource->kind, view.resource->api_version) + bare.substr(1);
}

std::string list_text(const View& view, const std::vector<ObjectPtr>& items, const ListHead& head) {
  if (view.shape == Shape::table) {
    std::vector<const Object*> objects;
    for (const auto& item : items)
      objects.push_back(item.get());
    return table_text(*view.resource, objects, list_metadata(head)) + "\n";
  }
  const bool partial = view.shape == Shape::metadata;
  const std::string kind =
      partial ? "PartialObjectMetadataList" : std::string(view.resource->kind) + "List";
  std::string text = kind_prefix(kind, partial ? "meta.k8s.io/v1" : view.resource->api_version);
  text += fmt::format("\"metadata\":{},\"items\":[", list_metadata(head).dump());
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) text += ',';
    text += partial ? partial_text(*items[i], true) : bare_text(*view.resource, *items[i]);
  }
  return text + "]}\n";
}

std::string event_text(std::string_view type, std::string_view object) {
  return fmt::format("{{\"type\":\"{}\",\"object\":{}}}\n", type, object);
}

std::string bookmark_text(const View& view, Revision revision, bool initial_events_end) {
  Json metadata = {{"resourceVersion", std::to_string(revision)}, {"creationTimestamp", nullptr}};
  if (initial_events_end) metadata["annotations"]["k8s.io/initial-events-end"] = "true";
  Json object = {{"kind", view.resource->kind},
                 {"apiVersion", view.resource->api_version},
                 {"metadata", std::move(metadata)}};
  if (view.shape == Shape::metadata) {
    object["kind"] = "PartialObjectMetadata";
    object["apiVersion"] = "meta.k8s.io/v1";
  }
  return event_text("BOOKMARK", object.dump());
}

Json outward(const Resource& resource, Json body) {
  if (!is_event_alias(resource)) return body;
  for (const auto& [core, newer] : kEventFields)
    rename(body, core, newer);
  return body;
}

Json inward(const Resource& resource, Json body) {
  body.erase("kind");
  body.erase("apiVersion");
  if (!is_event_alias(resource)) return body;
  for (const auto& [core, newer] : kEventFields)
    rename(body, newer, core);
  return body;
}

}  // namespace lockkeeper::lab
