// SPDX-License-Identifier: Apache-2.0
#pragma once

// Tests of rules from their YAML text. As strict as the ini files: an unknown key, a doubled one, a
// value of another kind is an error with file, line, column and the nearest word that exists.
// yaml-cpp stays in the .cpp file. Pure; any thread.
//
//   rules: rules.ini        # beside the test file; default: the configuration's
//   interval: 15s           # between polls; default: poll_interval of [gate]
//   tests:
//   - name: a full disk holds the next node
//     start: 2026-11-23T08:00:00Z              # the wall time of 0s; default: a Monday, 00:00 UTC
//     alerts:
//     - {series: 'DiskFull{node="w1"}', values: '_x4 1x20 stale'}
//     watchdog: 1x30 _x10                      # default: always there
//     run:                                     # the run opens with the first; default: between
//     - {at: 0s, phase: between, nodes: {w1: next, w2: pending}}
//     - {at: 5m, phase: upgrade, nodes: {w1: active}}
//     - {at: 9m, nodes: {w1: {state: done, since: 20m}}}
//     - {at: 15m, resumed: true}               # a person's resume
//     - {at: 20m, closed: true}
//     webhooks:
//     - {at: 30s, firing: ['DiskFull{node="w1"}'], truncated: 0}
//     blind:
//     - {from: 10m, to: 12m, reason: connection refused}
//     expect:
//     - {at: 2m, answer: wait, state: paused, rules: [disk], decides: {DiskFull: disk}}

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bot/replay/rule_test.h"
#include "config/error.h"

namespace lockkeeper::yaml {

struct RuleTestFile {
  std::string rules;  // a path as it stands there; empty: the configuration's
  std::vector<replay::RuleTest> tests;
};

/// A larger file is refused before it is read.
inline constexpr std::size_t kTestFileBytesMax = 4UL << 20;

/// `file` is only for the errors, which are all that were found.
std::expected<RuleTestFile, std::vector<ConfigError>> read_rule_tests(std::string_view text,
                                                                      const std::string& file);

}  // namespace lockkeeper::yaml
