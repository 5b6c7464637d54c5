// SPDX-License-Identifier: Apache-2.0
#pragma once

// A unit test of rules: alerts over time, where the run stands, what goes wrong with the sight, and
// what the gate is expected to say when. Plain values and the function that plays one on virtual
// time; integrations/yaml reads them from a file. Pure; any thread.

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "bot/gate.h"
#include "bot/replay/series_notation.h"

namespace lockkeeper::replay {

/// An alert with its presence at each poll. At the end of its values it is gone.
struct TestSeries {
  Labels labels;
  SeriesValues values;
};

/// From `at` on the run stands like this; what is not given stays as it was.
struct TestMoment {
  struct Node {
    NodeStanding standing = NodeStanding::pending;
    Millis since{};  // how long it had this standing at that time
  };

  Millis at{};
  std::optional<Phase> phase;
  std::map<std::string, Node> nodes;
  bool resumed = false;  // a person says to go on
  bool closed = false;   // the run ends here
};

struct TestWebhook {
  Millis at{};
  std::vector<Labels> firing;
  int truncated = 0;
};

/// Polls fail from `from` until before `to`.
struct TestBlindness {
  Millis from{};
  Millis to{};
  std::string reason;
};

/// What must hold at one time; what is not given is not looked at.
struct Expectation {
  Millis at{};
  int line = 0;
  std::optional<Answer> answer;
  std::optional<GateState> state;
  std::optional<std::set<std::string>> rules;       // for which the gate is held: all of them
  std::optional<std::vector<std::string>> reasons;  // word for word
  std::map<std::string, std::string> decides;       // alertname -> the rule that decides about it
};

struct RuleTest {
  std::string name;
  int line = 0;
  std::optional<Millis> interval;  // between polls; nothing: poll_interval of the settings
  Time start{};                    // wall time of 0s, for what depends on the calendar
  std::vector<TestSeries> alerts;
  std::optional<SeriesValues> watchdog;  // nothing: it fires whenever Prometheus answers
  std::vector<TestMoment> run;           // in time order; the run opens with the first
  std::vector<TestWebhook> webhooks;
  std::vector<TestBlindness> blind;
  std::vector<Expectation> expect;
};

/// An expectation that did not hold. Each member of the lists is one line.
struct TestFailure {
  int line = 0;
  std::string test;
  Millis at{};
  std::vector<std::string> differences;  // "answer: expected wait, got go"
  std::vector<std::string> why;          // what decides about each alert, and why no other rule
};

/// Plays one test; returns what did not hold, in time order.
std::vector<TestFailure> play(const RuleTest& test, const RuleBook& book,
                              const GateSettings& settings);

}  // namespace lockkeeper::replay
