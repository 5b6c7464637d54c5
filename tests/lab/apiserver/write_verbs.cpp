// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <array>
#include <charconv>

#include "tests/lab/apiserver/patch.h"
#include "tests/lab/apiserver/protobuf.h"
#include "tests/lab/apiserver/verbs.h"
#include "tests/lab/apiserver/writes.h"

namespace lockkeeper::lab {
namespace {

// Kinds whose deletion answers with the object; the others answer with a Status.
constexpr std::array<std::string_view, 5> kShownWhenGone = {
    "Pod", "Service", "ServiceAccount", "PersistentVolume", "PersistentVolumeClaim"};

// Objects are written recursively; nobody means more than this.
constexpr int kDepthMax = 256;

Part part_of(const Call& call) {
  return call.route.subresource == "status" ? Part::status : Part::main;
}

Outcome<DeleteOptions> delete_options_of(const Call& call) {
  Json body;
  if (!call.request.body.empty()) {
    auto parsed = parse_json(call.request.body);
    if (!parsed) return std::unexpected(parsed.error());
    body = std::move(*parsed);
  }
  auto options = read_delete_options(body);
  if (!options) return options;
  const auto grace = call.request.query_value("gracePeriodSeconds");
  std::int64_t seconds = 0;
  if (std::from_chars(grace.data(), grace.data() + grace.size(), seconds).ptr != grace.data()) {
    options->grace_seconds = seconds;
  }
  const auto propagation = call.request.query_value("propagationPolicy");
  if (!propagation.empty()) options->propagation = propagation;
  options->dry_run = options->dry_run || call.dry_run;
  return options;
}

http::Response deletion_response(const Call& call, const Deleted& deleted) {
  const Resource& resource = *call.route.resource;
  const bool shown = std::ranges::find(kShownWhenGone, resource.kind) != kShownWhenGone.end();
  if (!deleted.gone || shown) return object_response(call, 200, *deleted.object);
  Json details = {
      {"name", call.route.name}, {"kind", resource.plural}, {"uid", uid_of(deleted.object->body)}};
  if (!resource.group.empty()) details["group"] = resource.group;
  const Json status = {{"kind", "Status"},
                       {"apiVersion", "v1"},
                       {"metadata", Json::object()},
                       {"status", "Success"},
                       {"details", details}};
  return json_response(200, status.dump() + "\n");
}

/// The whole object as a client sees it, for patches.
Json whole(const Resource& resource, const Json& body) {
  Json object = outward(resource, body);
  object["kind"] = resource.kind;
  object["apiVersion"] = resource.api_version;
  return object;
}

Outcome<Reply> patch_scale(Cluster& cluster, const Call& call, const Json& patch) {
  const Key key = key_of(call);
  const ObjectPtr object = cluster.store.get(*call.route.resource, key);
  if (!object) return refuse(not_found(*call.route.resource, call.route.name));
  const Json scale = {{"spec", {{"replicas", number_at(object->body, "spec/replicas", 1)}}}};
  const bool put = call.verb == "update";
  const auto next =
      put ? Outcome<Json>(patch) : patched(scale, call.request.headers.get("Content-Type"), patch);
  if (!next) return std::unexpected(next.error());
  Json body = object->body;
  body["spec"]["replicas"] = number_at(*next, "spec/replicas", 1);
  auto written =
      update_object(cluster, *call.route.resource, key, std::move(body), Part::main, call.dry_run);
  if (!written) return std::unexpected(written.error());
  return get_scale(cluster, call);
}

}  // namespace

Outcome<Reply> create_by(Cluster& cluster, const Call& call) {
  if (!call.route.subresource.empty()) {
    auto action = parse_json(call.request.body);
    if (!action) return std::unexpected(action.error());
    return act_on_pod(cluster, call, *action);
  }
  auto body = read_body(call);
  if (!body) return std::unexpected(body.error());
  erase_at(*body, "metadata/managedFields");
  auto created = create_object(cluster, *call.route.resource,
                               inward(*call.route.resource, std::move(*body)), call.dry_run);
  if (!created) return std::unexpected(created.error());
  return object_response(call, 201, **created);
}

Outcome<Reply> update_by(Cluster& cluster, const Call& call) {
  if (call.route.subresource == "scale") {
    auto scale = parse_json(call.request.body);
    if (!scale) return std::unexpected(scale.error());
    return patch_scale(cluster, call, *scale);
  }
  auto body = read_body(call);
  if (!body) return std::unexpected(body.error());
  const Resource& resource = *call.route.resource;
  const Key key = key_of(call);
  const bool creates = (resource.kind == "Lease" || resource.kind == "Event") &&
                       text_at(*body, "metadata/resourceVersion").empty();
  if (creates && !cluster.store.get(resource, key)) {
    auto created =
        create_object(cluster, resource, inward(resource, std::move(*body)), call.dry_run);
    if (!created) return std::unexpected(created.error());
    return object_response(call, 201, **created);
  }
  auto updated = update_object(cluster, resource, key, inward(resource, std::move(*body)),
                               part_of(call), call.dry_run);
  if (!updated) return std::unexpected(updated.error());
  return object_response(call, 200, **updated);
}

Outcome<Reply> patch_by(Cluster& cluster, const Call& call) {
  auto patch = parse_json(call.request.body);
  if (!patch) return std::unexpected(patch.error());
  if (call.route.subresource == "scale") return patch_scale(cluster, call, *patch);
  const auto type = call.request.headers.get("Content-Type");
  if (type.starts_with("application/apply-patch+yaml")) return apply_by(cluster, call, *patch);
  const Resource& resource = *call.route.resource;
  const Key key = key_of(call);
  const ObjectPtr before = cluster.store.get(resource, key);
  if (!before) return refuse(not_found(resource, call.route.name));
  auto next = patched(whole(resource, before->body), type, *patch);
  if (!next) return std::unexpected(next.error());
  if (name_of(*next) != call.route.name) {
    return refuse(bad_request(
        fmt::format("the name of the object ({}) does not match the name on the URL ({})",
                    name_of(*next), call.route.name)));
  }
  auto updated = update_object(cluster, resource, key, inward(resource, std::move(*next)),
                               part_of(call), call.dry_run);
  if (!updated) return std::unexpected(updated.error());
  return object_response(call, 200, **updated);
}

Outcome<Reply> delete_by(Cluster& cluster, const Call& call) {
  const auto options = delete_options_of(call);
  if (!options) return std::unexpected(options.error());
  const auto deleted = delete_object(cluster, *call.route.resource, key_of(call), *options);
  if (!deleted) return std::unexpected(deleted.error());
  return deletion_response(call, *deleted);
}

Outcome<Reply> delete_collection(Cluster& cluster, const Call& call) {
  const auto options = delete_options_of(call);
  if (!options) return std::unexpected(options.error());
  const auto selection = selection_of(call);
  if (!selection) return std::unexpected(selection.error());
  const Resource& resource = *call.route.resource;
  std::vector<ObjectPtr> chosen;
  for (const auto& [key, object] : cluster.store.all(resource)) {
    const bool here = call.route.ns.empty() || key.ns == call.route.ns;
    if (here && selection->matches(object->body)) chosen.push_back(object);
  }
  for (const auto& object : chosen) {
    const auto deleted = delete_object(cluster, resource, key_of(resource, object->body), *options);
    if (!deleted) return std::unexpected(deleted.error());
  }
  return json_response(200, list_text(call.view, chosen, {.revision = cluster.store.revision()}));
}

Outcome<Reply> perform(Cluster& cluster, const Call& call) {
  if (call.verb == "get") return get_object(cluster, call);
  if (call.verb == "list") return list_objects(cluster, call);
  if (call.verb == "watch") return watch_objects(cluster, call);
  if (call.verb == "create") return create_by(cluster, call);
  if (call.verb == "update") return update_by(cluster, call);
  if (call.verb == "patch") return patch_by(cluster, call);
  if (call.verb == "delete") return delete_by(cluster, call);
  if (call.verb == "deletecollection") return delete_collection(cluster, call);
  return refuse(method_not_allowed());
}

Key key_of(const Call& call) {
  return {call.route.ns, call.route.name};
}

http::Response json_response(int status, std::string text) {
  return {.status = status, .body = std::move(text)};
}

http::Response object_response(const Call& call, int status, const Object& object) {
  return json_response(status, object_text(call.view, object) + "\n");
}

Outcome<Json> parse_json(std::string_view text) {
  bool too_deep = false;
  const auto look = [&](int depth, Json::parse_event_t, Json&) {
    too_deep = too_deep || depth > kDepthMax;
    return !too_deep;
  };
  Json json = Json::parse(text, look, false);
  if (too_deep) return refuse(bad_request("the body of the request is nested too deeply"));
  if (json.is_discarded()) return refuse(bad_request("the body of the request is no JSON"));
  return json;
}

Outcome<Json> parse_body(const http::Request& request) {
  const auto type = request.headers.get("Content-Type");
  if (type.starts_with(kProtobufType)) return decode_protobuf(request.body);
  if (!type.empty() && !type.starts_with("application/json") && !type.starts_with("*/*")) {
    return refuse(unsupported_media_type(type, "application/json"));
  }
  return parse_json(request.body);
}

Outcome<Json> read_body(const Call& call) {
  auto body = parse_body(call.request);
  if (!body) return body;
  if (!body->is_object()) return refuse(bad_request("the body of the request is no object"));
  const Resource& resource = *call.route.resource;
  const auto wrong = [&](std::string_view what, std::string_view given, std::string_view expected) {
    return refuse(
        bad_request(fmt::format("the {} in the data ({}) does not match the expected {} ({})", what,
                                given, what, expected)));
  };
  const auto kind = text_at(*body, "kind");
  const auto version = text_at(*body, "apiVersion");
  if (!kind.empty() && kind != resource.kind) return wrong("kind", kind, resource.kind);
  if (!version.empty() && version != resource.api_version)
    return wrong("API version", version, resource.api_version);
  const auto ns = text_at(*body, "metadata/namespace");
  if (resource.namespaced && !ns.empty() && ns != call.route.ns) {
    return refuse(bad_request(
        "the namespace of the provided object does not match the namespace sent on the request"));
  }
  if (resource.namespaced) place(*body, "metadata/namespace") = call.route.ns;
  const auto name = name_of(*body);
  if (!call.route.name.empty() && name != call.route.name) {
    return refuse(bad_request(
        fmt::format("the name of the object ({}) does not match the name on the URL ({})", name,
                    call.route.name)));
  }
  return body;
}

}  // namespace lockkeeper::lab
