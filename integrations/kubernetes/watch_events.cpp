// SPDX-License-Identifier: Apache-2.0
#include "integrations/kubernetes/watch_events.h"

namespace lockkeeper::kubernetes {

bool DocumentSplitter::feed(std::string_view piece,
                            const std::function<void(std::string_view)>& on_document) {
  std::size_t begin = 0;  // of the part that belongs to the present document
  for (std::size_t at = 0; at < piece.size(); ++at) {
    const char c = piece[at];
    if (in_string_) {
      in_string_ = escaped_ || c != '"';
      escaped_ = !escaped_ && c == '\\';
      continue;
    }
    if (depth_ == 0) {
      begin = at;
      if (c == ' ' || c == '\n' || c == '\r' || c == '\t') continue;
      if (c != '{') return false;
    }
    if (c == '"') in_string_ = true;
    if (c == '{' || c == '[') ++depth_;
    if (c != '}' && c != ']') continue;
    if (--depth_ > 0) continue;
    buffer_.append(piece.substr(begin, at + 1 - begin));
    on_document(buffer_);
    buffer_.clear();
  }
  if (depth_ > 0) buffer_.append(piece.substr(begin));
  return buffer_.size() <= kDocumentMaxBytes;
}

std::optional<WatchEvent> watch_event(std::string_view document) {
  Json json = parse_lean(document);
  if (!json.is_object()) return std::nullopt;
  const auto name = text_at(json, {"type"});
  WatchEvent event;
  if (name == "ADDED") event.type = WatchEvent::Type::added;
  if (name == "MODIFIED") event.type = WatchEvent::Type::modified;
  if (name == "DELETED") event.type = WatchEvent::Type::deleted;
  if (name == "BOOKMARK") event.type = WatchEvent::Type::bookmark;
  if (const auto object = json.find("object"); object != json.end())
    event.object = std::move(*object);
  return event;
}

}  // namespace lockkeeper::kubernetes
