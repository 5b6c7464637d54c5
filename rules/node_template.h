// SPDX-License-Identifier: Apache-2.0
#pragma once

// Text with references to the labels of an alert: the node that an alert speaks of, and the reason
// that is shown with a verdict. A label's value is put in as text and never read again, so nothing
// that an alert brings can become a reference or a matcher. Values only, any thread.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/labels.h"
#include "rules/result.h"

namespace lockkeeper {

/// Literal text and label references, such as `${labels.node}` or `${labels.instance:host}` (the
/// part before the port). As the node of a rule it maps an alert to that node.
struct NodeTemplate {
  struct Piece {
    std::string text;        // literal text, or the label's name
    bool label = false;      // whether `text` names a label
    bool host_only = false;  // cut ":port" off the label's value
    bool node = false;       // `${node}`: the node of the rule, in other texts than that one
  };
  std::vector<Piece> pieces;

  /// The node's name for these labels; nothing when a label it needs is missing.
  [[nodiscard]] std::optional<std::string> resolve(const Labels& labels) const;
};

/// Reads a node template; the failure names the malformed reference.
Result<NodeTemplate> parse_node_template(std::string_view text);

/// The same for any text: `${node}` may stand in it, too, and it may be empty.
Result<NodeTemplate> parse_text_template(std::string_view text);

/// The template as it was written.
std::string to_string(const NodeTemplate& node);

}  // namespace lockkeeper
