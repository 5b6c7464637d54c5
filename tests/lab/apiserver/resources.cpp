// SPDX-License-Identifier: Apache-2.0
#include "tests/lab/apiserver/resources.h"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace lockkeeper::lab {
namespace {

constexpr std::array kResources = {
    Resource{"", "v1", "configmaps", "configmap", "ConfigMap", true, "cm"},
    Resource{"", "v1", "endpoints", "endpoints", "Endpoints", true, "ep"},
    Resource{"", "v1", "events", "event", "Event", true, "ev"},
    Resource{"", "v1", "namespaces", "namespace", "Namespace", false, "ns", "", "finalize status"},
    Resource{"", "v1", "nodes", "node", "Node", false, "no", "", "status"},
    Resource{"", "v1", "persistentvolumeclaims", "persistentvolumeclaim", "PersistentVolumeClaim",
             true, "pvc", "", "status"},
    Resource{"", "v1", "persistentvolumes", "persistentvolume", "PersistentVolume", false, "pv", "",
             "status"},
    Resource{"", "v1", "pods", "pod", "Pod", true, "po", "all", "binding eviction log status"},
    Resource{"", "v1", "replicationcontrollers", "replicationcontroller", "ReplicationController",
             true, "rc", "all", "scale status", true},
    Resource{"", "v1", "secrets", "secret", "Secret", true},
    Resource{"", "v1", "serviceaccounts", "serviceaccount", "ServiceAccount", true, "sa"},
    Resource{"", "v1", "services", "service", "Service", true, "svc", "all", "status"},
    Resource{"apps", "apps/v1", "daemonsets", "daemonset", "DaemonSet", true, "ds", "all", "status",
             true},
    Resource{"apps", "apps/v1", "deployments", "deployment", "Deployment", true, "deploy", "all",
             "scale status", true},
    Resource{"apps", "apps/v1", "replicasets", "replicaset", "ReplicaSet", true, "rs", "all",
             "scale status", true},
    Resource{"apps", "apps/v1", "statefulsets", "statefulset", "StatefulSet", true, "sts", "all",
             "scale status", true},
    Resource{"batch", "batch/v1", "cronjobs", "cronjob", "CronJob", true, "cj", "all", "status",
             true},
    Resource{"batch", "batch/v1", "jobs", "job", "Job", true, "", "all", "status", true},
    Resource{"policy", "policy/v1", "poddisruptionbudgets", "poddisruptionbudget",
             "PodDisruptionBudget", true, "pdb", "", "status", true},
    Resource{"coordination.k8s.io", "coordination.k8s.io/v1", "leases", "lease", "Lease", true},
    Resource{"storage.k8s.io", "storage.k8s.io/v1", "storageclasses", "storageclass",
             "StorageClass", false, "sc"},
    Resource{"storage.k8s.io", "storage.k8s.io/v1", "volumeattachments", "volumeattachment",
             "VolumeAttachment", false, "", "", "status"},
    Resource{"events.k8s.io", "events.k8s.io/v1", "events", "event", "Event", true, "ev", "", "",
             false, "v1"},
    Resource{"apiextensions.k8s.io", "apiextensions.k8s.io/v1", "customresourcedefinitions",
             "customresourcedefinition", "CustomResourceDefinition", false, "crd crds",
             "api-extensions", "status", true},
};

}  // namespace

std::string_view Resource::version() const {
  return api_version.substr(api_version.find('/') + 1);
}

bool Resource::has(std::string_view subresource) const {
  std::string_view rest = subresources;
  while (!rest.empty()) {
    const std::string_view word = rest.substr(0, rest.find(' '));
    if (word == subresource) return true;
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
  }
  return false;
}

std::size_t Resource::index() const {
  return static_cast<std::size_t>(this - kResources.data());
}

std::span<const Resource> all_resources() {
  return kResources;
}

const Resource* resource_named(std::string_view group, std::string_view version,
                               std::string_view plural) {
  const auto at = std::ranges::find_if(kResources, [&](const Resource& candidate) {
    return candidate.plural == plural && candidate.group == group && candidate.version() == version;
  });
  return at == kResources.end() ? nullptr : at;
}

const Resource* resource_of_kind(std::string_view api_version, std::string_view kind) {
  const auto at = std::ranges::find_if(kResources, [&](const Resource& candidate) {
    return candidate.kind == kind && candidate.api_version == api_version;
  });
  return at == kResources.end() ? nullptr : at;
}

const Resource& resource(std::string_view plural) {
  const auto at = std::ranges::find(kResources, plural, &Resource::plural);
  // Only called with names written in the code; a wrong one shows at the first start.
  if (at == kResources.end()) std::abort();
  return *at;
}

}  // namespace lockkeeper::lab
