// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "tests/lab/apiserver/budget.h"
#include "tests/lab/apiserver/verbs.h"
#include "tests/lab/apiserver/wire_time.h"
#include "tests/lab/apiserver/writes.h"

namespace lockkeeper::lab {
namespace {

std::string replaced(std::string text, std::string_view mark, const std::string& value) {
  for (std::size_t at = text.find(mark); at != std::string::npos;
       at = text.find(mark, at + value.size())) {
    text.replace(at, mark.size(), value);
  }
  return text;
}

/// The annotation lab/log with its times filled in: the moment at which the container started.
std::string written_log(const Json& pod) {
  std::string text(annotation_of(pod, "lab/log"));
  const std::string started = string_at(pod, "status/startTime");
  const auto time = parse_time(started);
  const auto seconds =
      time ? std::chrono::floor<std::chrono::seconds>(time->time_since_epoch()).count() : 0;
  text = replaced(std::move(text), "{{now}}", started);
  text = replaced(std::move(text), "{{unix}}", std::to_string(seconds));
  if (!text.empty() && !text.ends_with('\n')) text += '\n';
  return text;
}

std::size_t size_in(const Call& call, std::string_view name, std::size_t otherwise) {
  const auto text = call.request.query_value(name);
  std::size_t value = otherwise;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::string last_lines(const std::string& text, std::size_t lines) {
  std::size_t begin = text.size();
  while (begin > 0) {
    const std::size_t newline = begin < 2 ? std::string::npos : text.rfind('\n', begin - 2);
    if (lines == 0) break;
    --lines;
    begin = newline == std::string::npos ? 0 : newline + 1;
  }
  return text.substr(begin);
}

std::string stamped(const std::string& text, const std::string& time) {
  std::string out;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size() - 1) + 1;
    out += time + " " + text.substr(begin, end - begin);
    begin = end;
  }
  return out;
}

Outcome<std::string> container_of(const Call& call, const Json& pod) {
  std::string wanted(call.request.query_value("container"));
  const Json& containers = list_at(pod, "spec/containers");
  if (wanted.empty() && containers.size() == 1) wanted = string_at(containers.at(0), "name");
  if (wanted.empty()) {
    std::vector<std::string> names;
    for (const auto& container : containers)
      names.push_back(string_at(container, "name"));
    return refuse(bad_request(
        fmt::format("a container name must be specified for pod {}, choose one of: [{}]",
                    name_of(pod), fmt::join(names, " "))));
  }
  if (entry_with(containers, "name", wanted) == nullptr) {
    return refuse(
        bad_request(fmt::format("container {} is not valid for pod {}", wanted, name_of(pod))));
  }
  return wanted;
}

Json scale_of(const Json& body) {
  std::vector<std::string> terms;
  for (const auto& [key, value] : map_at(body, "spec/selector/matchLabels").items()) {
    terms.push_back(key + "=" + value.get<std::string>());
  }
  return {{"kind", "Scale"},
          {"apiVersion", "autoscaling/v1"},
          {"metadata",
           {{"name", name_of(body)},
            {"namespace", namespace_of(body)},
            {"uid", uid_of(body)},
            {"resourceVersion", text_at(body, "metadata/resourceVersion")},
            {"creationTimestamp", text_at(body, "metadata/creationTimestamp")}}},
          {"spec", {{"replicas", number_at(body, "spec/replicas", 1)}}},
          {"status",
           {{"replicas", number_at(body, "status/replicas", 0)},
            {"selector", fmt::format("{}", fmt::join(terms, ","))}}}};
}

Outcome<Reply> bind(Cluster& cluster, const Call& call, const Json& binding) {
  const Resource& pods = *call.route.resource;
  const ObjectPtr pod = cluster.store.get(pods, key_of(call));
  if (!pod) return refuse(not_found(pods, call.route.name));
  if (!text_at(pod->body, "spec/nodeName").empty()) {
    return refuse(conflict(pods, call.route.name,
                           fmt::format("pod {} is already assigned to node \"{}\"", call.route.name,
                                       text_at(pod->body, "spec/nodeName"))));
  }
  edit(cluster, pods, key_of(call),
       [&](Json& body) { body["spec"]["nodeName"] = string_at(binding, "target/name"); });
  const Json status = {{"kind", "Status"},
                       {"apiVersion", "v1"},
                       {"metadata", Json::object()},
                       {"status", "Success"},
                       {"code", 201}};
  return json_response(201, status.dump() + "\n");
}

}  // namespace

Outcome<std::string> log_text(Cluster& cluster, const Key& key, std::string_view container,
                              bool& ended) {
  const Resource& pods = resource("pods");
  const ObjectPtr pod = cluster.store.get(pods, key);
  ended = true;
  if (!pod) return refuse(not_found(pods, key.name));
  const Json* status =
      entry_with(list_at(pod->body, "status/containerStatuses"), "name", container);
  if (status == nullptr) {
    return refuse(bad_request(
        fmt::format("container \"{}\" in pod \"{}\" is waiting to start: ContainerCreating",
                    container, key.name)));
  }
  ended = find(*status, "state/terminated") != nullptr;
  return written_log(pod->body);
}

Outcome<Reply> pod_log(Cluster& cluster, const Call& call) {
  const Key key = key_of(call);
  const ObjectPtr pod = cluster.store.get(*call.route.resource, key);
  if (!pod) return refuse(not_found(*call.route.resource, call.route.name));
  const auto container = container_of(call, pod->body);
  if (!container) return std::unexpected(container.error());
  bool ended = false;
  auto text = log_text(cluster, key, *container, ended);
  if (!text) return std::unexpected(text.error());
  if (call.request.query_value("follow") == "true" && !ended)
    return FollowReply{.pod = key, .container = *container};
  if (call.request.query_value("timestamps") == "true")
    text = stamped(*text, string_at(pod->body, "status/startTime"));
  const std::size_t all = text->size();
  const std::string tail = last_lines(*text, size_in(call, "tailLines", all));
  return http::Response{.status = 200,
                        .body = tail.substr(0, size_in(call, "limitBytes", all)),
                        .content_type = "text/plain"};
}

Outcome<Reply> get_scale(Cluster& cluster, const Call& call) {
  const ObjectPtr object = cluster.store.get(*call.route.resource, key_of(call));
  if (!object) return refuse(not_found(*call.route.resource, call.route.name));
  return json_response(200, scale_of(object->body).dump() + "\n");
}

Outcome<Reply> act_on_pod(Cluster& cluster, const Call& call, const Json& body) {
  if (call.route.subresource == "binding") return bind(cluster, call, body);
  auto evicted = evict(cluster, key_of(call), body, call.dry_run);
  if (!evicted) return std::unexpected(evicted.error());
  return json_response(201, evicted->dump() + "\n");
}

}  // namespace lockkeeper::lab
