// SPDX-License-Identifier: Apache-2.0
#include "rules/node_template.h"

#include <fmt/format.h>

#include <algorithm>

#include "rules/text.h"

namespace lockkeeper {
namespace {

constexpr std::string_view kReferenceStart = "${labels.";
constexpr std::string_view kHostSuffix = ":host";
constexpr std::string_view kNode = "${node}";

/// "10.0.0.3:9100" -> "10.0.0.3", "[fd00::3]:9100" -> "fd00::3", "node3" -> "node3".
std::string_view host_part(std::string_view instance) {
  if (instance.starts_with('[')) return instance.substr(1, instance.find(']') - 1);
  const std::size_t colon = instance.find(':');
  const bool bare_ipv6 = colon != instance.rfind(':');
  return bare_ipv6 ? instance : instance.substr(0, colon);
}

Result<NodeTemplate::Piece> parse_reference(std::string_view text) {
  NodeTemplate::Piece piece{std::string(text), true, false, false};
  if (piece.text.ends_with(kHostSuffix)) {
    piece.text.erase(piece.text.size() - kHostSuffix.size());
    piece.host_only = true;
  }
  const bool fine = !piece.text.empty() && std::ranges::all_of(piece.text, [](char c) {
    return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  });
  if (!fine) return fail(fmt::format("'${{labels.{}}}' does not name a label", text));
  return piece;
}

Result<NodeTemplate> parse(std::string_view text, bool node_may_stand) {
  NodeTemplate result;
  while (!text.empty()) {
    const std::size_t start = text.find("${");
    if (start > 0) {
      result.pieces.push_back({std::string(text.substr(0, start)), false, false, false});
    }
    if (start == std::string_view::npos) break;
    text.remove_prefix(start);
    if (node_may_stand && text.starts_with(kNode)) {
      result.pieces.push_back({{}, false, false, true});
      text.remove_prefix(kNode.size());
      continue;
    }
    const std::size_t end = text.find('}');
    if (!text.starts_with(kReferenceStart) || end == std::string_view::npos) {
      return fail(fmt::format("write a label reference as ${{labels.NAME}}, not '{}'",
                              clipped(text.substr(0, end == text.npos ? end : end + 1), 80)));
    }
    auto piece = parse_reference(text.substr(kReferenceStart.size(), end - kReferenceStart.size()));
    if (!piece) return std::unexpected(piece.error());
    result.pieces.push_back(std::move(*piece));
    text.remove_prefix(end + 1);
  }
  return result;
}

}  // namespace

std::optional<std::string> NodeTemplate::resolve(const Labels& labels) const {
  std::string node;
  for (const auto& piece : pieces) {
    if (!piece.label) {
      node += piece.text;
      continue;
    }
    const std::string_view label = labels.get(piece.text);
    const std::string_view value = piece.host_only ? host_part(label) : label;
    if (value.empty()) return std::nullopt;
    node += value;
  }
  return node;
}

Result<NodeTemplate> parse_node_template(std::string_view text) {
  auto result = parse(text, false);
  if (result && result->pieces.empty()) return fail("the node template is empty");
  return result;
}

Result<NodeTemplate> parse_text_template(std::string_view text) {
  return parse(text, true);
}

std::string to_string(const NodeTemplate& node) {
  std::string text;
  for (const auto& piece : node.pieces) {
    if (!piece.label) {
      text += piece.node ? std::string(kNode) : piece.text;
    } else {
      text += fmt::format("${{labels.{}{}}}", piece.text, piece.host_only ? ":host" : "");
    }
  }
  return text;
}

}  // namespace lockkeeper
