// SPDX-License-Identifier: Apache-2.0
#pragma once

// A small healthy cluster, and what a person orders of it: the ground on which these tests stand.
// A test changes the one thing that it is about. Values only; one thread.

#include <string>
#include <string_view>

#include "bot/facts.h"
#include "bot/plan.h"
#include "bot/request.h"
#include "config/settings.h"

namespace lockkeeper::test {

/// 2026-11-20T12:00:00Z.
inline constexpr Time kNoon{Millis(1'795'176'000'000)};

inline const Version kOld{1, 34, 2, {}};
inline const Version kPatch{1, 34, 7, {}};
inline const Version kMinor{1, 35, 1, {}};

/// Ready, schedulable, quiet for a week.
NodeFacts node(const std::string& name, bool control_plane, const Version& version = kOld);

/// cp-1, cp-2, ... and worker-1, worker-2, ..., all of one version.
ClusterFacts cluster(int control_planes = 1, int workers = 2, const Version& version = kOld);

/// The node of that name, which must be there.
NodeFacts& at(ClusterFacts& facts, std::string_view name);

void runs(NodeFacts& node, const Version& version);

/// What the words behind `start` ask for; they must be sound.
UpgradeRequest order(std::string_view words);

Settings settings();

/// The plan of run "r-test" for these facts and words; it must not be refused.
Plan plan_of(const ClusterFacts& facts, std::string_view words = "1.34.7",
             const Settings& with = settings());

/// One cp-1, worker-2, worker-1 from 1.34.2 to 1.34.7.
Plan small_plan();

/// The first step that does `action` on that node; it must be there.
const Step& step_of(const Plan& plan, Action action, std::string_view node = {});

}  // namespace lockkeeper::test
