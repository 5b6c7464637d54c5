// SPDX-License-Identifier: Apache-2.0
#pragma once

// A start that waits for another person, and what people see when they open the App Home, for the
// tests of both. Values only.

#include <string>
#include <utility>

#include "integrations/slack/home.h"
#include "integrations/slack/request_card.h"
#include "tests/unit/bot/story.h"

namespace lockkeeper::slack {

inline StartRequest waiting_request(std::int64_t seq = 17, std::string reason = "CVE-2026-1111") {
  StartRequest request;
  request.seq = seq;
  request.at = test::kNoon;
  request.what = {"4be1c2d3",
                  "slack:U0ANA",
                  std::move(reason),
                  "{}",
                  "1.34.2 -> 1.34.7 (patch), 3 nodes, 37 steps, plan 4be1c2d3",
                  {},
                  test::kNoon + std::chrono::hours(4)};
  return request;
}

inline StartRequest decided(StartRequest request, Ruling ruling, Actor by = "slack:U0BOB",
                            std::string why = {}, std::string run = {}) {
  request.decided = Decided{request.seq, ruling, std::move(by), std::move(why), std::move(run)};
  request.decided_at = request.at + std::chrono::minutes(10);
  return request;
}

inline HomePerson operator_ana() {
  return {.user = "U0ANA", .roles = {"operator"}, .may = {"look", "start"}, .problems = {}};
}

/// A run in which the gate holds, and three starts: one to look at, one to approve, one of one's
/// own.
inline HomePicture home_picture() {
  test::Story story;
  story.comes_to(Action::drain, "worker-2");
  GateView gate;
  gate.state = GateState::paused;
  gate.reasons = {"KubeAPIDown firing 2m"};
  HomePicture picture{
      .cluster = "lab", .version = "0.1.0", .run = {}, .waiting = {}, .gate = gate, .links = {}};
  if (auto run = picture_of(story.records(), gate, "step 9: drain worker-2")) picture.run = *run;
  picture.waiting = {{waiting_request(17), HomeRequest::May::look},
                     {waiting_request(18), HomeRequest::May::decide},
                     {waiting_request(19), HomeRequest::May::withdraw}};
  picture.links = {{"Slack", true, "connected"},
                   {"Prometheus", false, "connection refused"},
                   {"API server", true, "answered at 12:00 UTC, v1.34.2, 3 nodes"}};
  return picture;
}

}  // namespace lockkeeper::slack
