// SPDX-License-Identifier: Apache-2.0
#include "tests/lab/apiserver/control.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

#include "tests/lab/apiserver/writes.h"

namespace lockkeeper::lab {
namespace {

using std::chrono::milliseconds;

// Nothing that a script asks for lasts longer.
constexpr double kSecondsMax = 3600;

using Answer = Outcome<Json>;

Json done() {
  return {{"ok", true}};
}

Outcome<milliseconds> seconds_at(const Json& json, const char* name, double otherwise) {
  const Json* value = find(json, name);
  const double seconds = value != nullptr && value->is_number() ? value->get<double>() : otherwise;
  if (seconds < 0 || seconds > kSecondsMax) {
    return refuse(
        bad_request(fmt::format("{}: write a number of seconds up to {}", name, kSecondsMax)));
  }
  return milliseconds(static_cast<std::int64_t>(seconds * 1000));
}

/// What clients see while the only control plane is replaced: nothing, then a server that is not
/// ready, then one that knows no permissions yet.
std::vector<Front::Phase> upgrade_phases(milliseconds whole) {
  return {{Outage::refuse, whole * 55 / 100},
          {Outage::unavailable, whole * 25 / 100},
          {Outage::forbidden, whole * 20 / 100}};
}

Answer control_plane(const Console& console, const Json& body) {
  const std::string node = string_at(body, "node");
  const std::string version = string_at(body, "version");
  const auto outage = seconds_at(body, "outage_seconds", 2);
  if (!outage) return std::unexpected(outage.error());
  Cluster& cluster = console.desk.cluster;
  const Resource& nodes = resource("nodes");
  {
    const std::lock_guard lock(cluster.mutex);
    if (!cluster.store.get(nodes, {"", node})) return refuse(not_found(nodes, node));
    if (version.empty()) return refuse(bad_request("version: write the new version, as 1.34.7"));
  }
  if (outage->count() > 0) console.front.interrupt(upgrade_phases(*outage));
  const std::lock_guard lock(cluster.mutex);
  cluster.version = version;
  // The controller of the mirror pods follows this annotation.
  edit(cluster, nodes, {"", node}, [&](Json& object) {
    place(object, "metadata/annotations")["lab/control-plane-version"] = version;
  });
  return Json{{"node", node}, {"version", version}, {"ready_in_ms", outage->count()}};
}

Answer outage(const Console& console, const Json& body) {
  const auto mode = outage_named(text_at(body, "mode"));
  if (!mode) return refuse(bad_request("mode: write refuse, hang, 503, 429, 403, reset or html"));
  const auto length = seconds_at(body, "seconds", 1);
  if (!length) return std::unexpected(length.error());
  console.front.interrupt({{*mode, *length}});
  return done();
}

Answer fault(const Console& console, const Json& body) {
  auto rule = read_fault(body);
  if (!rule) return std::unexpected(rule.error());
  if (auto added = console.desk.faults.add(std::move(*rule)); !added)
    return refuse(bad_request(added.error().what));
  return done();
}

Answer clear_faults(const Console& console, const Json&) {
  console.desk.faults.clear();
  console.front.interrupt({});
  return done();
}

Answer freeze(const Console& console, const Json& body) {
  const auto length = seconds_at(body, "seconds", 1);
  if (!length) return std::unexpected(length.error());
  const std::lock_guard lock(console.desk.cluster.mutex);
  console.desk.cluster.watches.freeze_until(std::chrono::steady_clock::now() + *length);
  return done();
}

Answer abort_watches(const Console& console, const Json&) {
  const std::lock_guard lock(console.desk.cluster.mutex);
  console.desk.cluster.watches.abort_all();
  return done();
}

Answer compact(const Console& console, const Json&) {
  Cluster& cluster = console.desk.cluster;
  const std::lock_guard lock(cluster.mutex);
  cluster.watches.settle();
  cluster.store.compact();
  return done();
}

Answer reset_requests(const Console& console, const Json&) {
  console.desk.log.reset();
  return done();
}

Answer state(const Console& console, const Json&) {
  Cluster& cluster = console.desk.cluster;
  const bool away = console.desk.faults.current() != Outage::none;
  const std::lock_guard lock(cluster.mutex);
  Json objects = Json::object();
  for (const auto& resource : all_resources()) {
    if (resource.stored_as.empty())
      objects[std::string(resource.plural)] = cluster.store.all(resource).size();
  }
  return Json{{"version", cluster.version},
              {"outage", away},
              {"watches", cluster.watches.count()},
              {"revision", cluster.store.revision()},
              {"objects", std::move(objects)}};
}

const Resource* resource_in(const Json& body) {
  return resource_of_kind(text_at(body, "apiVersion"), text_at(body, "kind"));
}

Answer put_object(const Console& console, const Json& given) {
  const Resource* resource = resource_in(given);
  if (resource == nullptr)
    return refuse(bad_request("apiVersion and kind name no resource of the lab"));
  Cluster& cluster = console.desk.cluster;
  Json body = inward(*resource, given);
  const std::lock_guard lock(cluster.mutex);
  const Key key = key_of(*resource, body);
  const ObjectPtr before = cluster.store.get(*resource, key);
  if (before) {
    for (const char* field : {"uid", "creationTimestamp"})
      body["metadata"][field] = before->body["metadata"][field];
  }
  const auto after = before ? cluster.store.replace(*resource, key, std::move(body))
                            : create_object(cluster, *resource, std::move(body), false, true);
  if (!after) return std::unexpected(after.error());
  return Json::parse(object_text({.resource = resource}, **after));
}

Answer drop_object(const Console& console, const Json& given) {
  const Resource* resource = resource_in(given);
  if (resource == nullptr)
    return refuse(bad_request("apiVersion and kind name no resource of the lab"));
  Cluster& cluster = console.desk.cluster;
  const std::lock_guard lock(cluster.mutex);
  if (!cluster.store.remove(*resource, key_of(*resource, given)))
    return refuse(not_found(*resource, name_of(given)));
  return done();
}

Answer metrics(const Console& console, const Json& body) {
  std::string text = string_at(body, "text");
  for (const auto& entry : list_at(body, "deprecated")) {
    text += fmt::format(
        "apiserver_requested_deprecated_apis{{group=\"{}\",removed_release=\"{}\",resource=\"{}\","
        "subresource=\"\",version=\"{}\"}} 1\n",
        text_at(entry, "group"), text_at(entry, "removed_release"), text_at(entry, "resource"),
        text_at(entry, "version"));
  }
  const std::lock_guard lock(console.desk.cluster.mutex);
  console.desk.cluster.extra_metrics = std::move(text);
  return done();
}

Answer grants(const Console& console, const Json&) {
  return console.desk.access.grants();
}

Answer replace_grants(const Console& console, const Json& body) {
  const Json& rbac = list_at(body, "rbac");
  if (rbac.empty()) return refuse(bad_request("rbac: write the whole list of grants"));
  console.desk.access.replace_grants(rbac);
  return done();
}

struct Endpoint {
  std::string_view method;
  std::string_view path;
  Answer (*serve)(const Console&, const Json&);
};

constexpr std::array kEndpoints = {
    Endpoint{"POST", "/_lab/control-plane", control_plane},
    Endpoint{"POST", "/_lab/outage", outage},
    Endpoint{"POST", "/_lab/fault", fault},
    Endpoint{"DELETE", "/_lab/faults", clear_faults},
    Endpoint{"POST", "/_lab/freeze-watches", freeze},
    Endpoint{"POST", "/_lab/abort-watches", abort_watches},
    Endpoint{"POST", "/_lab/compact", compact},
    Endpoint{"POST", "/_lab/requests/reset", reset_requests},
    Endpoint{"GET", "/_lab/state", state},
    Endpoint{"POST", "/_lab/object", put_object},
    Endpoint{"DELETE", "/_lab/object", drop_object},
    Endpoint{"POST", "/_lab/metrics", metrics},
    Endpoint{"GET", "/_lab/rbac", grants},
    Endpoint{"POST", "/_lab/rbac", replace_grants},
};

Answer answer(const Console& console, const http::Request& request) {
  if (request.method == "GET" && request.path == "/_lab/requests")
    return console.desk.log.counters();
  if (request.method == "GET" && request.path == "/_lab/journal") {
    const auto text = request.query_value("after");
    std::uint64_t after = 0;
    std::from_chars(text.data(), text.data() + text.size(), after);
    return console.desk.log.entries(after);
  }
  const auto endpoint = std::ranges::find_if(kEndpoints, [&](const Endpoint& candidate) {
    return candidate.method == request.method && candidate.path == request.path;
  });
  if (endpoint == kEndpoints.end()) {
    return refuse(
        {.code = 404, .reason = "NotFound", .message = "no such call in the lab's control API"});
  }
  Json body = Json::object();
  if (!request.body.empty()) {
    auto parsed = parse_json(request.body);
    if (!parsed) return std::unexpected(parsed.error());
    body = std::move(*parsed);
  }
  return endpoint->serve(console, body);
}

}  // namespace

http::Response serve_control(const Console& console, const http::Request& request) {
  const auto result = answer(console, request);
  if (!result) return to_response(result.error());
  return {.status = 200, .body = result->dump() + "\n"};
}

}  // namespace lockkeeper::lab
