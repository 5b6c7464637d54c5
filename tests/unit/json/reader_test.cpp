// SPDX-License-Identifier: Apache-2.0
#include "integrations/json/reader.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>

using namespace lockkeeper;
using namespace lockkeeper::json;

namespace {

/// Writes down every event with its place.
class Recorder : public Listener {
 public:
  std::string seen;
  std::string refuse_at;  // fails at this place

  Status begin(const Path& path, Shape shape) override {
    return note(path, shape == Shape::object ? "{" : "[");
  }
  Status end(const Path& path, Shape shape) override {
    return note(path, shape == Shape::object ? "}" : "]");
  }
  Status value(const Path& path, const Value& value) override {
    switch (value.kind) {
      case Value::Kind::null:
        return note(path, "null");
      case Value::Kind::boolean:
        return note(path, value.truth ? "true" : "false");
      case Value::Kind::whole:
        return note(path, fmt::format("{}/{}", value.whole, value.number));
      case Value::Kind::real:
        return note(path, fmt::format("{}", value.number));
      case Value::Kind::text:
        return note(path, "'" + std::string(value.text) + "'");
    }
    return {};
  }

 private:
  Status note(const Path& path, const std::string& what) {
    seen += path.text() + ":" + what + " ";
    if (!refuse_at.empty() && path.text() == refuse_at) return wrong_type(path, "a cat");
    return {};
  }
};

std::string failure_of(std::string_view text, const Limits& limits = {}) {
  Recorder recorder;
  const Status status = read(text, limits, recorder);
  return status ? "none" : status.error().what;
}

std::string events_of(std::string_view text) {
  Recorder recorder;
  const Status status = read(text, {}, recorder);
  return status ? recorder.seen : status.error().what;
}

std::string nested(std::size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

}  // namespace

TEST_CASE("every value is told with its place") {
  CHECK(events_of(R"({"a":[{"b":"x"},null],"c":{"d":true}})") ==
        ":{ a:[ a[0]:{ a[0].b:'x' a[0]:} a[1]:null a:] c:{ c.d:true c:} :} ");
  CHECK(events_of("7") == ":7/7 ");
}

TEST_CASE("numbers keep what they are") {
  CHECK(events_of("[-3,1.5,1e3,18446744073709551615,9223372036854775807]") ==
        ":[ [0]:-3/-3 [1]:1.5 [2]:1000 [3]:1.8446744073709552e+19 "
        "[4]:9223372036854775807/9.223372036854776e+18 :] ");
}

TEST_CASE("strings arrive decoded") {
  CHECK(events_of(R"(["\u003cb\u003e\u0026amp;\n","wörker \ud83d\ude00"])") ==
        ":[ [0]:'<b>&amp;\n' [1]:'wörker 😀' :] ");
}

TEST_CASE("what is not JSON is refused at its byte, without repeating it") {
  CHECK(failure_of("") == "malformed JSON at byte 1");
  CHECK(failure_of("{\"a\":1") == "malformed JSON at byte 7");
  CHECK(failure_of("[1] secret") == "malformed JSON at byte 5");
  CHECK(failure_of("{secret}") == "malformed JSON at byte 2");
  CHECK(failure_of("[1,]") == "malformed JSON at byte 4");
  CHECK(failure_of("[01]") == "malformed JSON at byte 3");
  CHECK(failure_of("nan") == "malformed JSON at byte 2");
}

TEST_CASE("text that is not Unicode is refused") {
  CHECK(failure_of("[\"\xff\"]") == "malformed JSON at byte 3");
  CHECK(failure_of("[\"\xc3\"]") == "malformed JSON at byte 4");
  CHECK(failure_of(R"(["\ud83d"])") == "malformed JSON at byte 9");
  CHECK(failure_of(R"(["\ude00"])") == "malformed JSON at byte 8");
  CHECK(failure_of(R"({"\udfff":1})") == "malformed JSON at byte 8");
  CHECK(failure_of("[\"a\x01\"]") == "malformed JSON at byte 4");
}

TEST_CASE("NUL characters are refused, in values and keys") {
  CHECK(failure_of(R"({"a":["x\u0000"]})") == "a[0]: a NUL character");
  CHECK(failure_of(R"({"a\u0000b":1})") == "a NUL character in a key");
  CHECK(failure_of(std::string_view("[\"\0\"]", 5)) == "malformed JSON at byte 3");
}

TEST_CASE("duplicate keys are refused, at every level, and only inside one object") {
  CHECK(failure_of(R"({"a":{"b":1,"c":2,"b":3}})") == "a.b: a duplicate key");
  CHECK(failure_of(R"({"a":1,"a":1})") == "a: a duplicate key");
  CHECK(failure_of(R"([{"a":{"a":1}},{"a":1}])") == "none");
}

TEST_CASE("depth is limited, and a hundred thousand brackets are harmless") {
  CHECK(failure_of(nested(16)) == "none");
  CHECK(failure_of(nested(17)).ends_with("[0]: nested too deep"));
  CHECK(failure_of(nested(100'000)).ends_with("nested too deep"));
  CHECK(failure_of(std::string(100'000, '[')).ends_with("nested too deep"));
  CHECK(failure_of(nested(3), {.depth_max = 2}) == "[0][0]: nested too deep");
}

TEST_CASE("the number of keys in one object is limited") {
  std::string text = "{";
  for (int i = 0; i < 300; ++i)
    text += fmt::format("{}\"k{}\":0", i == 0 ? "" : ",", i);
  CHECK(failure_of(text + "}") == "k255: too many keys in one object");
  CHECK(failure_of(text + "}", {.keys_max = 300}) == "none");
}

TEST_CASE("the listener's first failure ends the reading") {
  Recorder recorder;
  recorder.refuse_at = "a[1]";
  const Status status = read(R"({"a":[1,2,3]})", {}, recorder);
  REQUIRE_FALSE(status);
  CHECK(status.error().what == "a[1]: not a cat");
  CHECK(recorder.seen == ":{ a:[ a[0]:1/1 a[1]:2/2 ");
}

TEST_CASE("a place is bounded in length") {
  const std::string key(1000, 'k');
  const std::string failure = failure_of("{\"" + key + "\":{\"" + key + "\":[\"\\u0000\"]}}");
  CHECK(failure.ends_with(": a NUL character"));
  CHECK(failure.size() < 200);
}
