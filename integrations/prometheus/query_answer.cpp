// SPDX-License-Identifier: Apache-2.0
#include "integrations/prometheus/query_answer.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>

#include "integrations/prometheus/envelope.h"

namespace lockkeeper::prometheus {
namespace {

using json::Path;
using json::Shape;
using json::Value;

// How many containers are open around ...
constexpr std::size_t kDataMember = 2;    // ... data.resultType
constexpr std::size_t kSeries = 3;        // ... data.result[0]
constexpr std::size_t kSeriesMember = 4;  // ... data.result[0].metric
constexpr std::size_t kInner = 5;         // ... a label, a part of `value`, a pair of `values`
constexpr std::size_t kPairPart = 6;      // ... data.result[0].values[0][0]

/// "1", "NaN", "+Inf": a sample's value as Prometheus writes it.
bool parse_number(std::string_view text, double& number) {
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  return !text.empty() && parsed.ec == std::errc{} && parsed.ptr == end;
}

class QueryReader : public Envelope {
 public:
  QueryAnswer answer;

 protected:
  Status begin_data(const Path& path, Shape shape) override {
    if (!in_result(path)) return {};
    if (path.depth() == kDataMember && shape != Shape::array) return wrong_type(path, "an array");
    if (path.depth() == kSeries) {
      if (shape != Shape::object) return wrong_type(path, "an object");
      if (answer.series.size() == kSeriesMax) {
        return fail(fmt::format("more than {} series", kSeriesMax));
      }
      labels_.clear();
      answer.series.emplace_back();
    }
    const bool inner = path.depth() == kInner && path.key(3) == "values";
    if (inner) begin_sample();
    if (path.depth() == kSeriesMember && path.key(3) == "value") begin_sample();
    return {};
  }

  Status end_data(const Path& path, Shape) override {
    if (!in_result(path)) return {};
    const bool pair = (path.depth() == kSeriesMember && path.key(3) == "value") ||
                      (path.depth() == kInner && path.key(3) == "values");
    if (pair && parts_ != 2) return wrong_type(path, "a pair of time and value");
    if (path.depth() != kSeries) return {};
    answer.series.back().labels = Labels(std::move(labels_));
    if (answer.series.back().samples.empty()) return fail(path.text() + ": no sample");
    return {};
  }

  Status value_data(const Path& path, const Value& value) override {
    if (path.depth() == kDataMember && path.key(1) == "resultType") {
      if (value.kind != Value::Kind::text) return wrong_type(path, "a string");
      answer.result_type = value.text;
    }
    if (!in_result(path)) return {};
    if (path.depth() == kSeries) return wrong_type(path, "an object");
    if (path.depth() == kInner && path.key(3) == "metric") {
      if (value.kind != Value::Kind::text) return wrong_type(path, "a string");
      labels_.emplace_back(path.key(4), value.text);
    } else if (path.depth() == kInner && path.key(3) == "value") {
      return part(path, path.index(4), value);
    } else if (path.depth() == kPairPart && path.key(3) == "values") {
      return part(path, path.index(5), value);
    }
    return {};
  }

 private:
  static bool in_result(const Path& path) {
    return path.depth() >= kDataMember && path.key(1) == "result";
  }

  void begin_sample() {
    answer.series.back().samples.emplace_back();
    parts_ = 0;
  }

  Status part(const Path& path, std::size_t index, const Value& value) {
    ++parts_;
    Sample& sample = answer.series.back().samples.back();
    if (index == 0) {
      const bool number = value.kind == Value::Kind::whole || value.kind == Value::Kind::real;
      const auto at = number ? time_of(value.number) : std::nullopt;
      if (!at) return wrong_type(path, "a time");
      sample.at = *at;
    } else if (index == 1) {
      if (value.kind != Value::Kind::text || !parse_number(value.text, sample.value)) {
        return wrong_type(path, "a number in a string");
      }
    }
    return {};
  }

  std::vector<Labels::Pair> labels_;
  std::size_t parts_ = 0;  // of the sample at hand
};

}  // namespace

Result<QueryAnswer> read_query_answer(std::string_view body) {
  QueryReader reader;
  if (auto read = reader.read(body); !read) return std::unexpected(read.error());
  if (reader.answer.result_type.empty()) return fail("data.resultType: missing");
  reader.answer.warnings = reader.warnings();
  return std::move(reader.answer);
}

}  // namespace lockkeeper::prometheus
