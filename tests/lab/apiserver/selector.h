// SPDX-License-Identifier: Apache-2.0
#pragma once

// Label and field selectors: the text forms of query parameters and the LabelSelector object inside
// budgets and workloads. Parsed once, matched against many objects; values for any thread.

#include <string>
#include <string_view>
#include <vector>

#include "tests/lab/apiserver/api_error.h"
#include "tests/lab/apiserver/json.h"

namespace lockkeeper::lab {

struct Requirement {
  enum class Op { in, not_in, exists, absent, greater, less };
  std::string key;
  Op op = Op::exists;
  std::vector<std::string> values;
};

class LabelSelector {
 public:
  /// `a=b,c!=d,e in (f,g),h notin (i),j,!k,l>1`. "" selects everything.
  static Outcome<LabelSelector> parse(std::string_view text);
  /// matchLabels and matchExpressions. An empty object selects everything.
  static LabelSelector of(const Json& selector);

  [[nodiscard]] bool matches(const Json& labels) const;
  [[nodiscard]] bool empty() const { return requirements_.empty(); }

 private:
  std::vector<Requirement> requirements_;
};

class FieldSelector {
 public:
  /// `spec.nodeName=a,status.phase!=Failed`. Names that the resource does not offer are refused
  /// with the words of the real API server.
  static Outcome<FieldSelector> parse(std::string_view text, const Resource& resource);

  [[nodiscard]] bool matches(const Json& body) const;
  [[nodiscard]] bool empty() const { return terms_.empty(); }
  /// The value that `field` must be equal to, or "": for lookups by index.
  [[nodiscard]] std::string_view demanded(std::string_view field) const;

 private:
  struct Term {
    std::string field;  // "spec/nodeName"
    std::string value;
    bool equal = true;
  };
  std::vector<Term> terms_;
};

/// Both selectors of a request.
struct Selection {
  LabelSelector labels;
  FieldSelector fields;

  [[nodiscard]] bool matches(const Json& body) const;
  [[nodiscard]] bool empty() const { return labels.empty() && fields.empty(); }
};

}  // namespace lockkeeper::lab
