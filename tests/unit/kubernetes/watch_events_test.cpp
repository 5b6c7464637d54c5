// SPDX-License-Identifier: Apache-2.0
#include "integrations/kubernetes/watch_events.h"

#include <doctest/doctest.h>

#include <vector>

using namespace lockkeeper::kubernetes;

namespace {

// Braces and quotes inside strings, escapes, no newline between the last two, one inside.
const std::string kStream =
    R"({"type":"ADDED","object":{"metadata":{"name":"a{b}\"}","resourceVersion":"1"}}})"
    "\n"
    R"({"type":"MODIFIED","object":{"x":[{"y":"\\"},{"z":"ü"}]}})"
    R"({"type":"BOOKMARK",)"
    "\n"
    R"("object":{"metadata":{"resourceVersion":"9"}}})"
    "\r\n";

std::vector<std::string> fed(const std::vector<std::string_view>& pieces, bool* good = nullptr) {
  DocumentSplitter splitter;
  std::vector<std::string> documents;
  bool fine = true;
  for (const auto piece : pieces)
    fine = fine && splitter.feed(piece, [&](auto each) { documents.emplace_back(each); });
  if (good != nullptr) *good = fine;
  return documents;
}

}  // namespace

TEST_CASE("documents are found wherever the stream is cut, even at every byte") {
  const auto whole = fed({kStream});
  REQUIRE(whole.size() == 3);
  const std::string_view text = kStream;
  for (std::size_t at = 0; at <= text.size(); ++at)
    CHECK(fed({text.substr(0, at), text.substr(at)}) == whole);
  std::vector<std::string_view> bytes;
  for (std::size_t at = 0; at < text.size(); ++at)
    bytes.push_back(text.substr(at, 1));
  CHECK(fed(bytes) == whole);
}

TEST_CASE("a stream that is no JSON is given up") {
  bool good = true;
  fed({"<html>"}, &good);
  CHECK_FALSE(good);
  fed({"{\"a\":1}garbage"}, &good);
  CHECK_FALSE(good);
  fed({"}"}, &good);
  CHECK_FALSE(good);
}

TEST_CASE("a document without end is given up at a limit") {
  DocumentSplitter splitter;
  const std::string piece = "{\"a\":\"" + std::string(1U << 20U, 'x');
  bool good = splitter.feed(piece, [](auto) {});
  int pieces = 1;
  for (; good && pieces < 100; ++pieces)
    good = splitter.feed(std::string(1U << 20U, 'x'), [](auto) {});
  CHECK_FALSE(good);
  CHECK(pieces < 20);
}

TEST_CASE("events have a type and an object, unknown types read as errors") {
  const auto event = watch_event(R"({"type":"DELETED","object":{"metadata":{"name":"x"}}})");
  REQUIRE(event.has_value());
  CHECK(event->type == WatchEvent::Type::deleted);
  CHECK(text_at(event->object, {"metadata", "name"}) == "x");
  CHECK(watch_event(R"({"type":"FUTURE","object":{}})")->type == WatchEvent::Type::error);
  CHECK(watch_event(R"({"object":1})")->type == WatchEvent::Type::error);
  CHECK_FALSE(watch_event("[1]").has_value());
  CHECK_FALSE(watch_event("{broken").has_value());
}
