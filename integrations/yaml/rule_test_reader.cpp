// SPDX-License-Identifier: Apache-2.0
#include "integrations/yaml/rule_test_reader.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <functional>

namespace lockkeeper::yaml {
namespace {

using replay::Expectation;
using replay::kValuesMax;
using replay::RuleTest;
using replay::SeriesValues;
using replay::TestBlindness;
using replay::TestMoment;
using replay::TestSeries;
using replay::TestWebhook;

// 2026-01-05T00:00:00Z, a Monday: tests that do not name a day get a plain one.
constexpr Time kMonday{Millis(1'767'571'200'000)};
// A test that plays longer has a slip in its units.
constexpr Millis kYear = std::chrono::hours(24 * 366);
constexpr Millis kIntervalMin = std::chrono::milliseconds(100);  // as poll_interval has it

/// The keys of a map, each with what reads its value.
using Keys = std::vector<std::pair<std::string_view, std::function<void(const YAML::Node&)>>>;

template <typename Enum>
std::optional<Enum> word_to(std::string_view word, std::initializer_list<Enum> all) {
  for (const auto one : all) {
    if (to_string(one) == word) return one;
  }
  return std::nullopt;
}

/// Reads one file; used once.
class Reader {
 public:
  explicit Reader(const std::string& name) : errors_(name) {}

  void read(const YAML::Node& root);
  void refuse(const YAML::Mark& mark, const std::string& what) {
    errors_.add(mark.line + 1, what, static_cast<std::size_t>(mark.column + 1));
  }
  void refuse(const YAML::Node& node, const std::string& what) { refuse(node.Mark(), what); }

  RuleTestFile file;
  [[nodiscard]] std::vector<ConfigError> errors() const { return errors_.listed(); }

 private:
  void map(const YAML::Node& node, std::string_view what, const Keys& keys,
           std::initializer_list<std::string_view> required = {});
  void list(const YAML::Node& node, const std::function<void(const YAML::Node&)>& read);
  std::string text(const YAML::Node& node);
  Millis duration(const YAML::Node& node);
  template <typename Enum>
  std::optional<Enum> word(const YAML::Node& node, std::initializer_list<Enum> all);
  std::optional<SeriesValues> values(const YAML::Node& node);
  Labels labels(const YAML::Node& node);
  bool yes_or_no(const YAML::Node& node);
  int count(const YAML::Node& node);

  void read_test(const YAML::Node& node);
  TestSeries series(const YAML::Node& node);
  TestMoment moment(const YAML::Node& node);
  TestMoment::Node standing(const YAML::Node& node);
  TestWebhook webhook(const YAML::Node& node);
  TestBlindness blindness(const YAML::Node& node);
  Expectation expectation(const YAML::Node& node);
  void check_test(const RuleTest& test);

  ErrorList errors_;
  std::optional<Millis> interval_;
};

void Reader::map(const YAML::Node& node, std::string_view what, const Keys& keys,
                 std::initializer_list<std::string_view> required) {
  if (!node.IsMap()) return refuse(node, fmt::format("{} is a map of keys and values", what));
  std::vector<std::string_view> known;
  for (const auto& [name, read] : keys)
    known.push_back(name);
  std::set<std::string> seen;
  for (const auto& entry : node) {
    const auto name = text(entry.first);
    const auto key = std::ranges::find(keys, name, [](const auto& one) { return one.first; });
    if (key == keys.end()) {
      refuse(entry.first, fmt::format("unknown key '{}' in {}{}", clipped(name, 40), what,
                                      suggestion(name, known)));
    } else if (!seen.insert(name).second) {
      refuse(entry.first, fmt::format("{} stands twice in {}", name, what));
    } else {
      key->second(entry.second);
    }
  }
  for (const auto name : required) {
    if (!seen.contains(std::string(name))) {
      refuse(node, fmt::format("{} needs {}", what, name));
    }
  }
}

void Reader::list(const YAML::Node& node, const std::function<void(const YAML::Node&)>& read) {
  if (!node.IsSequence()) return refuse(node, "a list belongs here");
  for (const auto& one : node)
    read(one);
}

std::string Reader::text(const YAML::Node& node) {
  if (node.IsScalar()) return node.Scalar();
  refuse(node, "a plain text belongs here");
  return {};
}

Millis Reader::duration(const YAML::Node& node) {
  const auto read = parse_duration(text(node));
  if (!read) {
    refuse(node, read.error().what);
  } else if (*read > kYear) {
    refuse(node, "longer than a year");
  } else {
    return *read;
  }
  return {};
}

template <typename Enum>
std::optional<Enum> Reader::word(const YAML::Node& node, std::initializer_list<Enum> all) {
  const auto given = text(node);
  if (const auto found = word_to(given, all)) return found;
  std::vector<std::string_view> known;
  for (const auto one : all)
    known.push_back(to_string(one));
  std::vector<std::string> words(known.begin(), known.end());
  refuse(node, fmt::format("'{}' is none of {}{}", clipped(given, 40), joined(words),
                           suggestion(given, known)));
  return std::nullopt;
}

std::optional<SeriesValues> Reader::values(const YAML::Node& node) {
  auto read = replay::parse_series_values(text(node));
  if (read) return std::move(*read);
  refuse(node, read.error().what);
  return std::nullopt;
}

Labels Reader::labels(const YAML::Node& node) {
  auto read = replay::parse_series(text(node));
  if (read) return std::move(*read);
  refuse(node, read.error().what);
  return {};
}

bool Reader::yes_or_no(const YAML::Node& node) {
  const auto given = text(node);
  if (given != "true" && given != "false" && given != "yes" && given != "no") {
    refuse(node, "true or false belongs here");
  }
  return given == "true" || given == "yes";
}

int Reader::count(const YAML::Node& node) {
  const auto given = text(node);
  int value = 0;
  const auto [end, problem] = std::from_chars(given.data(), given.data() + given.size(), value);
  if (problem != std::errc{} || end != given.data() + given.size() || value < 0) {
    refuse(node, "a whole number from 0 on belongs here");
  }
  return value;
}

TestSeries Reader::series(const YAML::Node& node) {
  TestSeries series;
  map(node, "an alert",
      {{"series", [&](const auto& value) { series.labels = labels(value); }},
       {"values",
        [&](const auto& value) { series.values = values(value).value_or(SeriesValues()); }}},
      {"series", "values"});
  const auto state = series.labels.get("alertstate");
  if (!state.empty() && state != "firing" && state != "pending") {
    refuse(node, fmt::format("alertstate is firing or pending, not '{}'", clipped(state, 40)));
  }
  return series;
}

/// `w1: done`, or `w1: {state: done, since: 20m}`.
TestMoment::Node Reader::standing(const YAML::Node& node) {
  TestMoment::Node standing;
  const auto state = [&](const YAML::Node& value) {
    standing.standing =
        word(value, {NodeStanding::pending, NodeStanding::next, NodeStanding::active,
                     NodeStanding::done, NodeStanding::outside})
            .value_or(NodeStanding::pending);
  };
  if (node.IsScalar()) {
    state(node);
  } else {
    map(node, "a node",
        {{"state", state}, {"since", [&](const auto& value) { standing.since = duration(value); }}},
        {"state"});
  }
  return standing;
}

TestMoment Reader::moment(const YAML::Node& node) {
  TestMoment moment;
  map(node, "a moment of the run",
      {{"at", [&](const auto& value) { moment.at = duration(value); }},
       {"phase",
        [&](const auto& value) {
          moment.phase = word(
              value, {Phase::precheck, Phase::between, Phase::drain, Phase::upgrade, Phase::soak});
        }},
       {"nodes",
        [&](const YAML::Node& value) {
          if (!value.IsMap()) return refuse(value, "nodes is a map of names and standings");
          for (const auto& entry : value)
            moment.nodes[text(entry.first)] = standing(entry.second);
        }},
       {"resumed", [&](const auto& value) { moment.resumed = yes_or_no(value); }},
       {"closed", [&](const auto& value) { moment.closed = yes_or_no(value); }}},
      {"at"});
  return moment;
}

TestWebhook Reader::webhook(const YAML::Node& node) {
  TestWebhook webhook;
  map(node, "a webhook",
      {{"at", [&](const auto& value) { webhook.at = duration(value); }},
       {"firing",
        [&](const auto& value) {
          list(value, [&](const auto& one) { webhook.firing.push_back(labels(one)); });
        }},
       {"truncated", [&](const auto& value) { webhook.truncated = count(value); }}},
      {"at"});
  return webhook;
}

TestBlindness Reader::blindness(const YAML::Node& node) {
  TestBlindness spell{{}, {}, "the test says so"};
  map(node, "a blind spell",
      {{"from", [&](const auto& value) { spell.from = duration(value); }},
       {"to", [&](const auto& value) { spell.to = duration(value); }},
       {"reason", [&](const auto& value) { spell.reason = text(value); }}},
      {"from", "to"});
  if (spell.to <= spell.from) refuse(node, "a blind spell ends after it began");
  return spell;
}

Expectation Reader::expectation(const YAML::Node& node) {
  Expectation wanted;
  wanted.line = node.Mark().line + 1;
  const auto texts = [this](const YAML::Node& value) {
    std::vector<std::string> all;
    list(value, [&](const auto& one) { all.push_back(text(one)); });
    return all;
  };
  map(node, "an expectation",
      {{"at", [&](const auto& value) { wanted.at = duration(value); }},
       {"answer",
        [&](const auto& value) {
          wanted.answer = word(value, {Answer::go, Answer::wait, Answer::stop});
        }},
       {"state",
        [&](const auto& value) {
          wanted.state = word(
              value, {GateState::clear, GateState::paused, GateState::blind, GateState::aborted});
        }},
       {"rules",
        [&](const auto& value) {
          const auto names = texts(value);
          wanted.rules = std::set<std::string>(names.begin(), names.end());
        }},
       {"reasons", [&](const auto& value) { wanted.reasons = texts(value); }},
       {"decides",
        [&](const YAML::Node& value) {
          if (!value.IsMap()) return refuse(value, "decides is a map of alert names and rules");
          for (const auto& entry : value)
            wanted.decides[text(entry.first)] = text(entry.second);
        }}},
      {"at"});
  if (node.IsMap() && node.size() < 2) {
    refuse(node, "an expectation without answer, state, rules, reasons or decides expects nothing");
  }
  return wanted;
}

void Reader::check_test(const RuleTest& test) {
  const auto refused = [&](std::string what) { errors_.add(test.line, std::move(what)); };
  if (test.name.empty()) refused("a test needs a name");
  if (test.expect.empty()) return refused("a test without expect tests nothing");
  const Millis interval = test.interval.value_or(GateSettings().poll_interval);
  if (interval < kIntervalMin) return refused("interval: at least 100ms");
  if (!std::ranges::is_sorted(test.run, {}, &TestMoment::at)) {
    refused("run: the moments stand in the order of time");
  }
  const auto last = std::ranges::max_element(test.expect, {}, &Expectation::at);
  if (last->at / interval > static_cast<std::int64_t>(kValuesMax)) {
    refused(fmt::format("more than {} polls until {}", kValuesMax, to_string(last->at)));
  }
}

void Reader::read_test(const YAML::Node& node) {
  RuleTest test;
  test.line = node.Mark().line + 1;
  test.start = kMonday;
  const auto each = [this](auto& into, auto member) {
    return [this, &into, member](const YAML::Node& value) {
      list(value, [&](const YAML::Node& one) { into.push_back((this->*member)(one)); });
    };
  };
  map(node, "a test",
      {{"name", [&](const auto& value) { test.name = text(value); }},
       {"interval", [&](const auto& value) { test.interval = duration(value); }},
       {"start",
        [&](const auto& value) {
          const auto start = parse_time(text(value));
          if (!start) return refuse(value, start.error().what);
          test.start = *start;
        }},
       {"alerts", each(test.alerts, &Reader::series)},
       {"watchdog", [&](const auto& value) { test.watchdog = values(value); }},
       {"run", each(test.run, &Reader::moment)},
       {"webhooks", each(test.webhooks, &Reader::webhook)},
       {"blind", each(test.blind, &Reader::blindness)},
       {"expect", each(test.expect, &Reader::expectation)}});
  file.tests.push_back(std::move(test));
}

void Reader::read(const YAML::Node& root) {
  map(root, "the file",
      {{"rules", [&](const auto& value) { file.rules = text(value); }},
       {"interval", [&](const auto& value) { interval_ = duration(value); }},
       {"tests",
        [&](const auto& value) { list(value, [&](const auto& one) { read_test(one); }); }}},
      {"tests"});
  for (auto& test : file.tests) {
    if (!test.interval) test.interval = interval_;
    check_test(test);
  }
  if (root.IsMap() && file.tests.empty()) refuse(root, "no tests");
}

}  // namespace

std::expected<RuleTestFile, std::vector<ConfigError>> read_rule_tests(std::string_view text,
                                                                      const std::string& file) {
  Reader reader(file);
  try {
    reader.read(YAML::Load(std::string(text)));
  } catch (const YAML::ParserException& problem) {
    reader.refuse(problem.mark, "not YAML: " + problem.msg);
  } catch (const YAML::Exception& problem) {
    reader.refuse(problem.mark, problem.msg);
  }
  if (auto errors = reader.errors(); !errors.empty()) return std::unexpected(std::move(errors));
  return std::move(reader.file);
}

}  // namespace lockkeeper::yaml
