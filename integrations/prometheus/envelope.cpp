// SPDX-License-Identifier: Apache-2.0
#include "integrations/prometheus/envelope.h"

#include <fmt/format.h>

#include <cmath>

#include "rules/text.h"

namespace lockkeeper::prometheus {
namespace {

using json::Path;
using json::Shape;
using json::Value;

constexpr std::size_t kWarningsMax = 5;
constexpr std::size_t kTextBytesMax = 200;
constexpr double kSecondsMax = 1e11;  // the year 5138

bool in_data(const Path& path) {
  return path.depth() > 0 && path.key(0) == "data";
}

/// An answer whose data nobody wants.
class ErrorReader : public Envelope {
 protected:
  Status begin_data(const Path&, Shape) override { return {}; }
  Status end_data(const Path&, Shape) override { return {}; }
  Status value_data(const Path&, const Value&) override { return {}; }
};

}  // namespace

Status Envelope::read(std::string_view body) {
  if (auto read = json::read(body, {}, *this); !read) return read;
  if (status_ == "success") return {};
  if (error_.empty() && error_type_.empty()) return fail("status is not \"success\"");
  return fail(fmt::format("{}: {}", error_type_, error_));
}

Status Envelope::begin(const Path& path, Shape shape) {
  if (path.depth() == 0 && shape != Shape::object) return wrong_type(path, "an object");
  return in_data(path) ? begin_data(path, shape) : Status();
}

Status Envelope::end(const Path& path, Shape shape) {
  return in_data(path) ? end_data(path, shape) : Status();
}

Status Envelope::value(const Path& path, const Value& value) {
  if (path.depth() == 0) return wrong_type(path, "an object");
  if (in_data(path)) return value_data(path, value);
  if (value.kind != Value::Kind::text) return {};
  if (path.depth() == 1 && path.key(0) == "status") status_ = value.text;
  if (path.depth() == 1 && path.key(0) == "errorType") {
    error_type_ = clipped(value.text, kTextBytesMax);
  }
  if (path.depth() == 1 && path.key(0) == "error") error_ = clipped(value.text, kTextBytesMax);
  const bool warning = path.depth() == 2 && path.key(0) == "warnings";
  if (warning && warnings_.size() < kWarningsMax) {
    warnings_.push_back(clipped(value.text, kTextBytesMax));
  }
  return {};
}

std::unexpected<Failure> Envelope::wrong_type(const Path& path, std::string_view wanted) {
  return json::wrong_type(path, wanted);
}

std::optional<Time> time_of(double seconds) {
  if (!(std::abs(seconds) < kSecondsMax)) return std::nullopt;
  return Time(Millis(std::llround(seconds * 1000)));
}

std::string error_text(std::string_view body) {
  ErrorReader reader;
  const auto read = reader.read(body);
  // A body that is no JSON fails as well, but with words about JSON, which help nobody here.
  const bool json = body.starts_with('{');
  return json && !read ? read.error().what : std::string();
}

}  // namespace lockkeeper::prometheus
