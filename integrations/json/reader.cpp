// SPDX-License-Identifier: Apache-2.0
#include "integrations/json/reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>

#include "rules/text.h"

namespace lockkeeper::json {
namespace {

constexpr std::size_t kPathBytesMax = 120;
constexpr std::size_t kKeyBytesMax = 40;

}  // namespace

/// Turns nlohmann's events into ours, with the checks in between. A handler returns false to stop.
class Reader {
 public:
  Reader(const Limits& limits, Listener& listener) : limits_(limits), listener_(listener) {}

  [[nodiscard]] Status result() const { return result_; }

  bool null() { return scalar({}); }
  bool boolean(bool truth) { return scalar({.kind = Value::Kind::boolean, .truth = truth}); }
  bool number_integer(std::int64_t whole) {
    return scalar(
        {.kind = Value::Kind::whole, .whole = whole, .number = static_cast<double>(whole)});
  }
  bool number_unsigned(std::uint64_t whole) {
    if (whole > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      return number_float(static_cast<double>(whole), {});
    }
    return number_integer(static_cast<std::int64_t>(whole));
  }
  bool number_float(double number, const std::string&) {
    return scalar({.kind = Value::Kind::real, .number = number});
  }
  // A NUL is legal JSON, but cuts the text short in every C function that it will meet.
  bool string(const std::string& text) {
    if (text.find('\0') != std::string::npos) return stop("a NUL character");
    return scalar({.kind = Value::Kind::text, .text = text});
  }
  bool binary(const std::vector<std::uint8_t>&) { return stop("binary data"); }

  bool start_object(std::size_t) { return open(Shape::object); }
  bool end_object() { return close(Shape::object); }
  bool start_array(std::size_t) { return open(Shape::array); }
  bool end_array() { return close(Shape::array); }

  bool key(const std::string& key) {
    auto& frame = path_.frames_[path_.depth_ - 1];
    if (key.find('\0') != std::string::npos) return stop("a NUL character in a key");
    if (frame.key_hashes.size() >= limits_.keys_max) return stop("too many keys in one object");
    frame.key = key;
    // Two keys with the same 64 bits would only get their own sender's text refused.
    const std::uint64_t hash = std::hash<std::string>()(key);
    if (std::ranges::find(frame.key_hashes, hash) != frame.key_hashes.end()) {
      return stop("a duplicate key");
    }
    frame.key_hashes.push_back(hash);
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const std::exception&) {
    result_ = fail(fmt::format("malformed JSON at byte {}", position));
    return false;
  }

 private:
  bool stop(std::string_view why) {
    const std::string place = path_.text();
    result_ = fail(place.empty() ? std::string(why) : fmt::format("{}: {}", place, why));
    return false;
  }

  bool keep(Status status) {
    if (!status) result_ = std::move(status);
    return result_.has_value();
  }

  bool scalar(const Value& value) {
    const bool go_on = keep(listener_.value(path_, value));
    next_element();
    return go_on;
  }

  bool open(Shape shape) {
    if (path_.depth_ >= static_cast<std::size_t>(limits_.depth_max)) return stop("nested too deep");
    if (!keep(listener_.begin(path_, shape))) return false;
    if (path_.depth_ == path_.frames_.size()) path_.frames_.emplace_back();
    auto& frame = path_.frames_[path_.depth_++];
    frame.shape = shape;
    frame.key.clear();
    frame.index = 0;
    frame.key_hashes.clear();
    return true;
  }

  // The listener hears of the end with the path on which it heard of the beginning.
  bool close(Shape shape) {
    --path_.depth_;
    const bool go_on = keep(listener_.end(path_, shape));
    next_element();
    return go_on;
  }

  void next_element() {
    if (path_.depth_ == 0) return;
    auto& frame = path_.frames_[path_.depth_ - 1];
    if (frame.shape == Shape::array) ++frame.index;
  }

  Limits limits_;
  Listener& listener_;
  Path path_;
  Status result_;
};

std::string Path::text() const {
  std::string text;
  for (std::size_t level = 0; level < depth_; ++level) {
    const Frame& frame = frames_[level];
    if (frame.shape == Shape::array) {
      text += fmt::format("[{}]", frame.index);
    } else {
      text += fmt::format("{}{}", text.empty() ? "" : ".", clipped(frame.key, kKeyBytesMax));
    }
  }
  return clipped(text, kPathBytesMax);
}

Status read(std::string_view text, const Limits& limits, Listener& listener) {
  Reader reader(limits, listener);
  // It keeps its own stack, so a hundred thousand brackets cannot overflow ours.
  nlohmann::json::sax_parse(text.data(), text.data() + text.size(), &reader);
  return reader.result();
}

std::unexpected<Failure> wrong_type(const Path& path, std::string_view wanted) {
  const std::string place = path.text();
  return fail(fmt::format("{}: not {}", place.empty() ? "the whole" : place, wanted));
}

}  // namespace lockkeeper::json
