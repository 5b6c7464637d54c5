// SPDX-License-Identifier: Apache-2.0
#pragma once

// The addons of a cluster, found by their images, and what the data say of their versions. Pure.

#include <vector>

#include "bot/compat.h"

namespace lockkeeper {

/// One row for each addon of the data that runs. Found by the end of an image's name, so that a
/// mirror in front of it does not hide it; where no image is known, by its pods' labels, which is
/// how a fork shows. With several versions the oldest counts.
std::vector<CompatRow> judge_addons(const CompatData& data,
                                    const Result<std::vector<RunningImage>>& images, Minor target);

/// The version that an image's tag tells; nothing for a digest alone, `latest`, or a branch.
std::optional<PartVersion> tag_version(std::string_view image);

/// "quay.io/calico/node" of "quay.io/calico/node:v3.26.1@sha256:...".
std::string_view image_name(std::string_view image);

}  // namespace lockkeeper
