// SPDX-License-Identifier: Apache-2.0
#pragma once

// Kubernetes versions and the skew rules between them. Values only: no I/O, any thread.

#include <compare>
#include <string>
#include <string_view>

#include "rules/result.h"

namespace lockkeeper {

/// A release of Kubernetes. `build` is the part behind "+", for example "k3s1"; k3s counts its own
/// rebuilds there, and k3s10 comes after k3s9, so the trailing number is compared as a number.
struct Version {
  int major = 0;
  int minor = 0;
  int patch = 0;
  std::string build;

  std::strong_ordering operator<=>(const Version& other) const;
  bool operator==(const Version& other) const { return (*this <=> other) == 0; }
};

/// Reads what a cluster reports: "v1.34.2", "1.34.2", "v1.34.2+k3s1". Pre-releases ("-rc.1") are
/// refused: this tool never runs them (requirement D2).
Result<Version> parse_version(std::string_view text);

/// Reads what a person orders: exactly X.Y.Z, digits only (requirement A1).
Result<Version> parse_target_version(std::string_view text);

/// "1.34.2" or "1.34.2+k3s1", without the leading v.
std::string to_string(const Version& version);

/// "1.34": the name of a package repository and of a skew rule.
std::string minor_name(const Version& version);

/// Whether both belong to the same X.Y.
bool same_minor(const Version& a, const Version& b);

/// How many minors `to` lies above `from`; negative when it lies below. Different majors count as
/// a thousand minors, which every skew rule refuses.
int minors_between(const Version& from, const Version& to);

/// Whether a kubelet may talk to an API server: never newer, and at most three minors older (two
/// when the kubelet is older than 1.25).
/// Source: https://kubernetes.io/releases/version-skew-policy/
bool kubelet_skew_allowed(const Version& kubelet, const Version& api_server);

}  // namespace lockkeeper
