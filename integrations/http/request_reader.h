// SPDX-License-Identifier: Apache-2.0
#pragma once

// Turns received bytes into one Request and judges its framing (RFC 9112, section 6): a message
// whose length can be understood in two ways is refused, never repaired, because a proxy in front
// may have understood it in the other way. Internal to this room; used by one thread.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "integrations/http/message.h"

namespace lockkeeper::http {

class RequestReader {
 public:
  explicit RequestReader(std::size_t header_limit_bytes);
  ~RequestReader();

  enum class Progress { more, head_done, complete };
  /// Consumes from the front of `input`. Stops once at head_done, so that the caller can set the
  /// body limit, and at complete. A Response instead is the answer to a request that is no HTTP.
  std::variant<Progress, Response> take(std::string& input);

  /// 413 when the announced length is larger; a chunked body is counted while it comes.
  std::optional<Response> limit_body(std::size_t limit_bytes);

  /// Valid from head_done on; the body is in it once complete.
  [[nodiscard]] Request& request() { return request_; }
  [[nodiscard]] bool keep_alive() const { return keep_alive_; }
  [[nodiscard]] bool version_1_1() const { return version_1_1_; }
  /// The client waits for "100 Continue" before it sends the body.
  [[nodiscard]] bool expects_continue() const { return expects_continue_; }

 private:
  /// Fills the request from the parsed headers, before a trailer can add to them.
  std::optional<Response> judge_head();
  /// The refusal of a message whose length or version is not beyond doubt.
  [[nodiscard]] std::optional<Response> judge_framing() const;

  struct Parser;  // Beast's, kept out of this header
  std::unique_ptr<Parser> parser_;
  const std::size_t header_limit_bytes_;
  Request request_;
  bool head_done_ = false;
  bool keep_alive_ = false;
  bool version_1_1_ = true;
  bool expects_continue_ = false;
};

}  // namespace lockkeeper::http
