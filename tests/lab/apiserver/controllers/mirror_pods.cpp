// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "tests/lab/apiserver/controllers/controllers.h"
#include "tests/lab/apiserver/controllers/workload.h"
#include "tests/lab/apiserver/wire_time.h"
#include "tests/lab/apiserver/writes.h"

namespace lockkeeper::lab {
namespace {

constexpr std::array kComponents = {"kube-apiserver", "kube-controller-manager", "kube-scheduler",
                                    "etcd"};
constexpr const char* kRole = "node-role.kubernetes.io/control-plane";
constexpr const char* kRunning = "lab/control-plane-version";

/// The mirror pods of one control-plane node run the version in the node's annotation
/// lab/control-plane-version, or the cluster's.
class MirrorPods : public Controller {
 public:
  using Controller::Controller;

  void observe(const Change& change) override {
    if (change.resource != &nodes_) return;
    const bool control_plane =
        change.after && map_at(change.after->body, "metadata/labels").contains(kRole);
    if (control_plane) mark(change.key);
  }

  void reconcile(const Key& key) override {
    const ObjectPtr node = cluster_.store.get(nodes_, key);
    if (!node) return;
    std::string version(annotation_of(node->body, kRunning));
    if (version.empty()) version = cluster_.version;
    for (const auto* component : kComponents) {
      const Key pod_key{"kube-system", std::string(component) + "-" + key.name};
      const ObjectPtr pod = cluster_.store.get(pods_, pod_key);
      // etcd keeps its own version; the others follow the release.
      const std::string image = image_of(component, version);
      const bool same =
          pod && text_at(list_at(pod->body, "spec/containers").at(0), "image") == image;
      if (same || (pod && std::string_view(component) == "etcd")) continue;
      if (pod) cluster_.store.remove(pods_, pod_key);
      (void)create_object(cluster_, pods_, mirror(pod_key, component, image, *node), false, true);
    }
  }

 private:
  static std::string image_of(std::string_view component, const std::string& version) {
    if (component == "etcd") return "registry.k8s.io/etcd:3.6.5-0";
    return "registry.k8s.io/" + std::string(component) + ":v" + version;
  }

  static Json mirror(const Key& key, const char* component, const std::string& image,
                     const Object& node) {
    const std::string hash = new_uid();
    const std::string name(name_of(node.body));
    const std::string now = now_seconds();
    Json pod = {{"metadata",
                 {{"name", key.name},
                  {"namespace", key.ns},
                  {"labels", {{"component", component}, {"tier", "control-plane"}}},
                  {"annotations",
                   {{"kubernetes.io/config.hash", hash},
                    {"kubernetes.io/config.mirror", hash},
                    {"kubernetes.io/config.seen", now},
                    {"kubernetes.io/config.source", "file"}}},
                  {"ownerReferences", Json::array({{{"apiVersion", "v1"},
                                                    {"kind", "Node"},
                                                    {"name", name},
                                                    {"uid", uid_of(node.body)},
                                                    {"controller", true}}})}}},
                {"spec",
                 {{"nodeName", name},
                  {"hostNetwork", true},
                  {"priorityClassName", "system-node-critical"},
                  {"containers", Json::array({{{"name", component}, {"image", image}}})}}}};
    const Json running = {{"running", {{"startedAt", now}}}};
    pod["status"] = {{"phase", "Running"},
                     {"startTime", now},
                     {"containerStatuses", Json::array({{{"name", component},
                                                         {"image", image},
                                                         {"imageID", ""},
                                                         {"ready", true},
                                                         {"started", true},
                                                         {"restartCount", 0},
                                                         {"state", running}}})}};
    for (const char* condition : {"Initialized", "Ready", "ContainersReady", "PodScheduled"}) {
      set_condition(pod, condition, "True", "", "");
    }
    return pod;
  }

  const Resource& nodes_ = resource("nodes");
  const Resource& pods_ = resource("pods");
};

}  // namespace

std::unique_ptr<Controller> mirror_pods(Cluster& cluster, Loop& loop) {
  return std::make_unique<MirrorPods>(cluster, loop);
}

}  // namespace lockkeeper::lab
