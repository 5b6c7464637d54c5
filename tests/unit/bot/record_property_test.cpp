// SPDX-License-Identifier: Apache-2.0

// Whatever a node, a person or a cluster writes into a record: it is written, and reads back.

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "bot/record.h"
#include "tests/unit/bot/small_cluster.h"

namespace lockkeeper::test {
namespace {

/// Texts made of what has a meaning in JSON, in SQL, in a terminal, or in chat.
std::string text(bool valid) {
  std::vector<std::string> pieces = {"a",
                                     "\"",
                                     "\\",
                                     "\n",
                                     "\t",
                                     "\r",
                                     "{",
                                     "}",
                                     "[",
                                     "]",
                                     ":",
                                     ",",
                                     "null",
                                     "'",
                                     "--",
                                     ";",
                                     "\x1B[31m",
                                     "<!channel>",
                                     "\x7F",
                                     "€",
                                     "😀",
                                     "\xE2\x80\xAE",
                                     "\\u0000",
                                     std::string(1, '\0'),
                                     "\xEF\xBF\xBF",
                                     std::string(300, 'x')};
  if (!valid) {
    for (const auto* broken : {"\xFF", "\xC3", "\xE2\x82", "\xED\xA0\x80", "\xC0\xAF"})
      pieces.emplace_back(broken);
  }
  std::string all;
  for (const auto& piece :
       *rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(pieces)))
    all += piece;
  return all;
}

template <typename Enum>
Enum any_of(Enum last) {
  return static_cast<Enum>(*rc::gen::inRange(0, static_cast<int>(last) + 1));
}

std::vector<std::string> texts(bool valid) {
  std::vector<std::string> all(static_cast<std::size_t>(*rc::gen::inRange(0, 4)));
  for (auto& one : all)
    one = text(valid);
  return all;
}

Notes notes(bool valid) {
  Notes all;
  for (auto& name : texts(valid))
    all[name] = text(valid);
  return all;
}

Opened opened(bool valid) {
  auto plan = small_plan();
  plan.run = text(valid);
  plan.cluster = text(valid);
  plan.target = {*rc::gen::inRange(0, 3), *rc::gen::inRange(0, 99), *rc::gen::inRange(0, 99), {}};
  plan.nodes.resize(static_cast<std::size_t>(*rc::gen::inRange(0, 3)));
  for (auto& one : plan.nodes) {
    one.name = text(valid);
    one.role = any_of(Role::worker);
    one.finish_only = *rc::gen::arbitrary<bool>();
  }
  for (auto& step : plan.steps) {
    step.node = text(valid);
    step.limit = Millis(*rc::gen::arbitrary<std::int64_t>());
  }
  Opened opened{std::move(plan), text(valid), text(valid)};
  if (*rc::gen::arbitrary<bool>())
    opened.approval = Approval{text(valid), *rc::gen::arbitrary<std::int64_t>()};
  return opened;
}

Body body(bool valid) {
  switch (*rc::gen::inRange(0, 10)) {
    case 0:
      return opened(valid);
    case 1:
      return Intent{*rc::gen::arbitrary<int>()};
    case 2:
      return Outcome{*rc::gen::arbitrary<int>(), any_of(StepResult::interrupted), text(valid),
                     notes(valid)};
    case 3:
      return Held{any_of(Holder::doubt), texts(valid), notes(valid)};
    case 4:
      return Released{any_of(Holder::doubt), text(valid)};
    case 5:
      return Ordered{any_of(Verb::clear), text(valid), text(valid)};
    case 6:
      return Latched{text(valid), texts(valid)};
    case 7:
      return Requested{text(valid),
                       text(valid),
                       text(valid),
                       text(valid),
                       text(valid),
                       notes(valid),
                       kNoon + std::chrono::seconds(*rc::gen::inRange(0, 99'999))};
    case 8:
      return Decided{*rc::gen::arbitrary<std::int64_t>(), any_of(Ruling::refused), text(valid),
                     text(valid), text(valid)};
    default:
      return Closed{any_of(Ending::cleared), texts(valid)};
  }
}

}  // namespace

TEST_CASE("any body of valid text is written so that it reads back as the same") {
  CHECK(rc::check("round trip", [] {
    const auto made = body(true);
    const auto written = encode(made);
    RC_ASSERT(written.find('\n') == std::string::npos);
    const auto again = decode(kind_of(made), written);
    RC_ASSERT(again.has_value());
    RC_ASSERT(*again == made);
  }));
}

TEST_CASE("broken UTF-8 is replaced once, and a record is always written") {
  CHECK(rc::check("broken text", [] {
    const auto made = body(false);
    const auto again = decode(kind_of(made), encode(made));
    RC_ASSERT(again.has_value());
    RC_ASSERT(decode(kind_of(*again), encode(*again)).value() == *again);
  }));
}

TEST_CASE("a damaged record is read or refused, and never ends the process") {
  CHECK(rc::check("damage", [] {
    const auto made = body(true);
    auto written = encode(made);
    const auto hits = *rc::gen::inRange(1, 4);
    for (int i = 0; i < hits && !written.empty(); ++i) {
      const auto where = *rc::gen::inRange<std::size_t>(0, written.size());
      written[where] = *rc::gen::element('"', '{', '}', ',', '9', 'n', '\\', '\xFF');
      if (*rc::gen::inRange(0, 4) == 0) written.resize(where);
    }
    const auto again = decode(kind_of(made), written);
    RC_ASSERT((again.has_value() || again.error().what.starts_with("the journal's ")));
  }));
}

}  // namespace lockkeeper::test
