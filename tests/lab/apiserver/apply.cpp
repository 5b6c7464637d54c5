// SPDX-License-Identifier: Apache-2.0
#include "tests/lab/apiserver/apply.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "tests/lab/apiserver/patch.h"
#include "tests/lab/apiserver/verbs.h"
#include "tests/lab/apiserver/wire_time.h"
#include "tests/lab/apiserver/writes.h"

namespace lockkeeper::lab {
namespace {

struct Clash {
  std::string manager;
  std::string path;
};

Json fields_of_value(std::string_view field, const Json& value);

Json fields_of_list(std::string_view field, const Json& list) {
  const std::string_view key = list.empty() ? "" : merge_key(field, list.front());
  Json fields = Json::object();
  if (key.empty()) return fields;  // replaced as a whole: one leaf
  for (const auto& entry : list) {
    if (key == "=") {
      fields["v:" + entry.dump()] = Json::object();
      continue;
    }
    const Json name = {{std::string(key), entry.value(std::string(key), Json())}};
    Json inner = fields_of_value(field, entry);
    inner["."] = Json::object();
    fields["k:" + name.dump()] = std::move(inner);
  }
  return fields;
}

Json fields_of_value(std::string_view field, const Json& value) {
  if (value.is_array()) return fields_of_list(field, value);
  Json fields = Json::object();
  if (!value.is_object()) return fields;
  for (const auto& [key, inner] : value.items())
    fields["f:" + key] = fields_of_value(key, inner);
  return fields;
}

/// What a field's name ("f:x", "k:{...}", "v:...") stands for inside `at`, or null.
Json* locate(Json* at, const std::string& field) {
  if (at == nullptr || field.size() < 2) return nullptr;
  const std::string rest = field.substr(2);
  if (field.starts_with("f:")) {
    if (!at->is_object()) return nullptr;
    const auto found = at->find(rest);
    return found == at->end() ? nullptr : &*found;
  }
  if (!at->is_array()) return nullptr;
  const Json wanted = Json::parse(rest, nullptr, false);
  const auto found = std::ranges::find_if(*at, [&](const Json& entry) {
    if (field.starts_with("v:")) return entry == wanted;
    return std::ranges::all_of(wanted.items(), [&](const auto& item) {
      return entry.is_object() && entry.contains(item.key()) && entry[item.key()] == item.value();
    });
  });
  return found == at->end() ? nullptr : &*found;
}

void remove_from(Json& parent, const std::string& field, const Json* child) {
  if (field.starts_with("f:")) {
    parent.erase(field.substr(2));
    return;
  }
  for (auto at = parent.begin(); at != parent.end(); ++at) {
    if (&*at == child) {
      parent.erase(at);
      return;
    }
  }
}

using FieldSets = std::vector<const Json*>;

FieldSets inside(const FieldSets& sets, const std::string& field) {
  FieldSets inner;
  for (const auto* set : sets) {
    if (set->contains(field)) inner.push_back(&(*set)[field]);
  }
  return inner;
}

/// Takes out of `live` what is in `before` and in none of `kept`.
void prune(Json& live, const Json& before, const FieldSets& kept) {
  for (const auto& [field, inner] : before.items()) {
    Json* child = locate(&live, field);
    if (child == nullptr) continue;
    const FieldSets still = inside(kept, field);
    if (!inner.empty() && !still.empty()) {
      prune(*child, inner, still);
    } else if (still.empty()) {
      remove_from(live, field, child);
    }
  }
}

/// The leaves that `set` and `mine` share although the wish has another value than `live`.
void find_clashes(const Json& set, const Json& mine, Json* live, Json* wish,
                  const std::string& path, std::vector<std::string>& into) {
  for (const auto& [field, inner] : set.items()) {
    if (!mine.contains(field) || field == ".") continue;
    Json* have = locate(live, field);
    Json* want = locate(wish, field);
    const std::string here =
        field.starts_with("f:") ? path + "." + field.substr(2) : path + "[" + field.substr(2) + "]";
    if (inner.empty() || mine[field].empty()) {
      if (have != nullptr && want != nullptr && *have != *want) into.push_back(here);
    } else {
      find_clashes(inner, mine[field], have, want, here, into);
    }
  }
}

ApiError clash_error(const std::vector<Clash>& clashes, const std::string& api_version) {
  Json causes = Json::array();
  std::vector<std::string> lines;
  for (const auto& clash : clashes) {
    lines.push_back(fmt::format("conflict with \"{}\": {}", clash.manager, clash.path));
    causes.push_back(
        {{"reason", "FieldManagerConflict"},
         {"message", fmt::format("conflict with \"{}\" using {}", clash.manager, api_version)},
         {"field", clash.path}});
  }
  return {.code = 409,
          .reason = "Conflict",
          .message = fmt::format("Apply failed with {} conflict{}: {}", clashes.size(),
                                 clashes.size() == 1 ? "" : "s", fmt::join(lines, ", ")),
          .details = {{"causes", std::move(causes)}}};
}

void release_fields(Json& owned, const Json& taken) {
  for (const auto& [field, inner] : taken.items()) {
    if (!owned.contains(field)) continue;
    if (inner.empty() || owned[field].empty()) {
      owned.erase(field);
    } else {
      release_fields(owned[field], inner);
    }
  }
}

}  // namespace

Json fields_of(const Json& wish) {
  Json plain = wish;
  plain.erase("apiVersion");
  plain.erase("kind");
  for (const char* field :
       {"name", "namespace", "managedFields", "resourceVersion", "uid", "creationTimestamp"}) {
    erase_at(plain, std::string("metadata/") + field);
  }
  if (map_at(plain, "metadata").empty()) plain.erase("metadata");
  return fields_of_value("", plain);
}

Outcome<Json> applied(Json live, const ApplyWish& apply) {
  const Json mine = fields_of(apply.wish);
  Json others = Json::array();
  Json before = Json::object();
  for (const auto& entry : list_at(live, "metadata/managedFields")) {
    if (text_at(entry, "manager") == apply.manager) {
      before = map_at(entry, "fieldsV1");
    } else {
      others.push_back(entry);
    }
  }
  std::vector<Clash> clashes;
  FieldSets kept = {&mine};
  Json wish = apply.wish;
  for (auto& entry : others) {
    std::vector<std::string> paths;
    find_clashes(entry["fieldsV1"], mine, &live, &wish, "", paths);
    for (auto& path : paths)
      clashes.push_back({string_at(entry, "manager"), std::move(path)});
    if (apply.force && !paths.empty()) release_fields(entry["fieldsV1"], mine);
    kept.push_back(&entry["fieldsV1"]);
  }
  if (!clashes.empty() && !apply.force) return refuse(clash_error(clashes, apply.api_version));
  prune(live, before, kept);
  Json next = strategic_merge(std::move(live), apply.wish);
  others.push_back({{"manager", apply.manager},
                    {"operation", "Apply"},
                    {"apiVersion", apply.api_version},
                    {"time", now_seconds()},
                    {"fieldsType", "FieldsV1"},
                    {"fieldsV1", mine}});
  next["metadata"]["managedFields"] = std::move(others);
  return next;
}

Outcome<Reply> apply_by(Cluster& cluster, const Call& call, const Json& wish) {
  const Resource& resource = *call.route.resource;
  const std::string manager(call.request.query_value("fieldManager"));
  if (manager.empty()) {
    return refuse(invalid(
        resource, call.route.name,
        {{"FieldValueRequired", "Required value: is required for apply patch", "fieldManager"}}));
  }
  const Key key = key_of(call);
  const ObjectPtr before = cluster.store.get(resource, key);
  Json live = before ? outward(resource, before->body) : Json::object();
  auto next = applied(std::move(live), {.wish = wish,
                                        .manager = manager,
                                        .api_version = std::string(resource.api_version),
                                        .force = call.request.query_value("force") == "true"});
  if (!next) return std::unexpected(next.error());
  (*next)["metadata"]["name"] = call.route.name;
  if (resource.namespaced) (*next)["metadata"]["namespace"] = call.route.ns;
  Json body = inward(resource, std::move(*next));
  const bool status = call.route.subresource == "status";
  auto written = before ? update_object(cluster, resource, key, std::move(body),
                                        status ? Part::status : Part::main, call.dry_run)
                        : create_object(cluster, resource, std::move(body), call.dry_run);
  if (!written) return std::unexpected(written.error());
  return object_response(call, before ? 200 : 201, **written);
}

}  // namespace lockkeeper::lab
