// SPDX-License-Identifier: Apache-2.0
#pragma once

// A watch's body as events: JSON documents one after another, cut anywhere by chunking. Newlines
// between them are usual but nowhere promised, so documents are found by their braces. Values for
// one thread.

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "integrations/kubernetes/json.h"

namespace lockkeeper::kubernetes {

/// Cuts a stream of bytes into JSON objects.
class DocumentSplitter {
 public:
  /// Single objects of 1.5 MB exist (a large ConfigMap); nothing legitimate is larger than this.
  static constexpr std::size_t kDocumentMaxBytes = 16U << 20U;

  /// Calls `on_document` for each object that is complete. False when the stream can no longer be
  /// understood: something other than an object, or one beyond the limit.
  bool feed(std::string_view piece, const std::function<void(std::string_view)>& on_document);

 private:
  std::string buffer_;  // of the document that is not complete yet
  int depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
};

struct WatchEvent {
  enum class Type { added, modified, deleted, bookmark, error };
  Type type = Type::error;
  Json object;  // for error: a Status
};

/// One document of a watch; nothing when it is not an event. Unknown types read as errors without a
/// code, which makes the watcher list again.
std::optional<WatchEvent> watch_event(std::string_view document);

}  // namespace lockkeeper::kubernetes
