// SPDX-License-Identifier: Apache-2.0
#pragma once

// What all answers of Prometheus' HTTP API have around their data: status, error, warnings. Readers
// of one kind of data derive from it. Used inside this folder only.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bot/time.h"
#include "integrations/json/reader.h"

namespace lockkeeper::prometheus {

/// Reads one answer; used once.
class Envelope : public json::Listener {
 public:
  /// Succeeds for an answer whose status is "success"; fails with Prometheus' own error otherwise.
  Status read(std::string_view body);

  /// The first few of the answer's warnings, each cut to 200 bytes.
  [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }

  // Listener: sorts events into the envelope's own members and the data.
  Status begin(const json::Path& path, json::Shape shape) final;
  Status end(const json::Path& path, json::Shape shape) final;
  Status value(const json::Path& path, const json::Value& value) final;

 protected:
  /// The events at and below `data`. Paths are those of the whole answer: key(0) is "data".
  virtual Status begin_data(const json::Path& path, json::Shape shape) = 0;
  virtual Status end_data(const json::Path& path, json::Shape shape) = 0;
  virtual Status value_data(const json::Path& path, const json::Value& value) = 0;

  /// For readers of data: the failure of a value that is not what the contract says.
  static std::unexpected<Failure> wrong_type(const json::Path& path, std::string_view wanted);

 private:
  std::string status_;
  std::string error_type_;
  std::string error_;
  std::vector<std::string> warnings_;
};

/// Seconds since 1970, as Prometheus writes times of samples; nothing when out of all range.
std::optional<Time> time_of(double seconds);

/// The error of an answer that is not 200, when it is in Prometheus' form; else "".
std::string error_text(std::string_view body);

}  // namespace lockkeeper::prometheus
