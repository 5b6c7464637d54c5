// SPDX-License-Identifier: Apache-2.0
#pragma once

// Strict reading of JSON that strangers send, as a stream of events: a body of ten thousand alerts
// becomes values without a tree of the whole ever being in memory. What a well-behaved peer never
// sends is refused before a listener sees it: duplicate keys, NUL characters, invalid UTF-8, lone
// surrogates, nesting or objects beyond the limits. Functions for any thread; nlohmann/json stays
// in reader.cpp.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rules/result.h"

namespace lockkeeper::json {

struct Limits {
  int depth_max = 16;          // Alertmanager and Prometheus need at most 7
  std::size_t keys_max = 256;  // in one object; looked through at every key
};

enum class Shape { object, array };

/// Where the reader stands: one frame for each open object or array, the outermost first.
class Path {
 public:
  /// How many containers are open around the value at hand; 0 for the whole text.
  [[nodiscard]] std::size_t depth() const { return depth_; }

  /// The key under which the value at hand, or what contains it, stands in the object at `level`;
  /// "" in an array. `level` is below depth().
  [[nodiscard]] std::string_view key(std::size_t level) const { return frames_[level].key; }

  /// The position, from 0, of the value at hand, or of what contains it, in the array at `level`; 0
  /// in an object.
  [[nodiscard]] std::size_t index(std::size_t level) const { return frames_[level].index; }

  /// "alerts[3].labels.node": for failures, bounded in length.
  [[nodiscard]] std::string text() const;

 private:
  friend class Reader;
  struct Frame {
    Shape shape = Shape::object;
    std::string key;
    std::size_t index = 0;                  // of an array's element, from 0
    std::vector<std::uint64_t> key_hashes;  // all keys so far
  };
  std::vector<Frame> frames_;  // never shrinks, so that the strings keep their memory
  std::size_t depth_ = 0;
};

/// One scalar. Only the member of its kind has a meaning.
struct Value {
  enum class Kind { null, boolean, whole, real, text };

  Kind kind = Kind::null;
  bool truth = false;
  std::int64_t whole = 0;   // an integer that fits; other numbers are real
  double number = 0;        // whole and real
  std::string_view text{};  // valid until the next event
};

/// Is told what is read. The first failure ends the reading and is its result.
class Listener {
 public:
  virtual ~Listener() = default;
  virtual Status begin(const Path& path, Shape shape) = 0;
  virtual Status end(const Path& path, Shape shape) = 0;
  virtual Status value(const Path& path, const Value& value) = 0;
};

/// Reads exactly one JSON value. Failures name the place, and never repeat what the text said.
Status read(std::string_view text, const Limits& limits, Listener& listener);

/// The failure for a value of another type than the contract says: "alerts[0].status: not a
/// string".
std::unexpected<Failure> wrong_type(const Path& path, std::string_view wanted);

}  // namespace lockkeeper::json
