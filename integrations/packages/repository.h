// SPDX-License-Identifier: Apache-2.0
#pragma once

// The repository of one minor, as https://pkgs.k8s.io lays them out: flat, BASE/vX.Y/deb/, behind
// redirects to mirrors. Release is the root of trust: it is signed, and it vouches for Packages.
// Everything is read within limits; an answer that is not wholly understood is a failure, never
// "no update".

#include <stop_token>
#include <string>
#include <vector>

#include "bot/detection.h"
#include "config/settings.h"
#include "integrations/http/client.h"

namespace lockkeeper::packages {

/// How feeds are fetched.
struct Fetching {
  http::Client& client;
  const Clock& clock;
  const DetectionSettings& settings;
  std::stop_token stop{};
};

/// A body that was there, or nothing where the server says that there is none (404; the
/// storage behind pkgs.k8s.io says 403 AccessDenied). Empty bodies and web pages are failures.
Result<std::optional<std::string>> fetch(const Fetching& how, const std::string& url);

/// One read of the versions of kubeadm in the repository of `minor` ("1.35").
FeedRead read_repository(const Fetching& how, const std::string& minor);

}  // namespace lockkeeper::packages
