// SPDX-License-Identifier: Apache-2.0
#pragma once

// The channel server of k3s: https://update.k3s.io/v1-release/channels. Read leniently, because its
// form has changed before (resourceType was "channels", then "channel", which broke strict
// clients); what comes out is still only a version, judged like any other.

#include <string>
#include <string_view>
#include <vector>

#include "bot/detection.h"
#include "integrations/packages/repository.h"

namespace lockkeeper::packages {

/// One read of what the channel `name` ("stable", "v1.35") points to. Channels of a minor that is
/// not out yet may be absent.
FeedRead read_channel(const Fetching& how, const std::string& name);

/// The `latest` of a channel in the collection; empty when it has none, or is not there.
Result<std::string> channel_latest(std::string_view json, const std::string& name);

/// "v1.33.6+k3s1" of ".../releases/tag/v1.33.6%2Bk3s1": how one channel's own address answers.
Result<std::string> tag_of_location(std::string_view location);

}  // namespace lockkeeper::packages
