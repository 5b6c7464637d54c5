// SPDX-License-Identifier: Apache-2.0
#pragma once

// What is known about who works with which Kubernetes: the files of config/compat/, read strictly.
// A copy of them is built in; a folder may take its place ([compat] data). Reading is pure; a text
// that is not wholly understood is refused, because a row that was skipped would look like a
// component without limits. Values only, any thread.

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/result.h"
#include "rules/time.h"

namespace lockkeeper {

/// "1.35" of Kubernetes.
struct Minor {
  int major = 0;
  int minor = 0;

  auto operator<=>(const Minor&) const = default;
};

/// The version of an addon or a runtime: up to three numbers; what follows them does not count.
struct PartVersion {
  std::array<int, 3> parts{};
  std::size_t count = 0;  // how many were written: "3.26" has two

  auto operator<=>(const PartVersion& other) const { return parts <=> other.parts; }
  bool operator==(const PartVersion& other) const { return parts == other.parts; }
};

/// Up to which minor some versions of an addon go.
struct AddonRow {
  PartVersion from;
  PartVersion to;            // with everything below it: to 3.26 holds 3.26.9
  std::optional<Minor> max;  // nothing: no limit is known
  std::string source;
};

struct AddonData {
  std::string name;
  std::string means;                // "tested" or "supported": what the vendor says of `max`
  std::vector<std::string> images;  // ends of image names, "calico/node"
  std::vector<std::string> labels;  // values of app.kubernetes.io/name and k8s-app
  std::string note;                 // worth knowing whatever the version; or empty
  std::vector<AddonRow> rows;       // in ascending order, at least one
};

struct ApiData {
  std::string api;  // "batch/v1beta1/cronjobs"
  Minor removed_in;
  std::string use;  // what to use instead
};

/// The least containerd for a target, one for each line of releases that still counts.
struct RuntimeRow {
  Minor target;                           // counts until the next row's
  std::vector<PartVersion> floors;        // ascending; a newer line than the last one is fine
  std::optional<PartVersion> warn_below;  // still works, and soon will not
  std::string source;
};

struct FlagData {
  std::string component;  // "kubelet"
  std::string flag;       // "--container-runtime", or the name of a feature gate
  Minor removed_in;
  std::string cleaned_in{};  // a file out of which the upgrade takes the flag by itself
};

struct CompatData {
  Time updated{};  // the oldest of the three files'
  std::vector<AddonData> addons;
  std::vector<ApiData> apis;
  std::vector<RuntimeRow> containerd;
  Minor cgroup_v2_from;
  std::vector<FlagData> flags;
  std::vector<FlagData> gates;  // of every component
};

/// The texts of addons.json, apis.json and nodes.json.
struct CompatTexts {
  std::string_view addons;
  std::string_view apis;
  std::string_view nodes;
};

/// Those that are built in.
CompatTexts built_in_compat();

/// Reads all three. A failure names the file and the entry.
Result<CompatData> parse_compat(const CompatTexts& texts);

/// "1.35", or "1.35.2" of which only the minor counts.
Result<Minor> parse_minor(std::string_view text);

/// "v3.26.1", "1.28.0-distroless", "25.10": nothing without at least two numbers.
std::optional<PartVersion> parse_part_version(std::string_view text);

std::string to_string(Minor minor);

/// With as many numbers as were written: "3.26".
std::string to_string(const PartVersion& version);

}  // namespace lockkeeper
