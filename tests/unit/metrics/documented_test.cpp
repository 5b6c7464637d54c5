// SPDX-License-Identifier: Apache-2.0

// The table in docs/operations.md is the table in the code: names, types and labels, in its order
// or another.

#include <doctest/doctest.h>
#include <re2/re2.h>

#include <fstream>
#include <map>
#include <string>

#include "integrations/metrics/table.h"

using namespace lockkeeper::metrics;

namespace {

std::string type_of(Kind kind) {
  switch (kind) {
    case Kind::gauge:
      return "gauge";
    case Kind::counter:
      return "counter";
    case Kind::histogram:
      return "histogram";
  }
  return "?";
}

/// "name{a,b}" -> type.
using Shapes = std::map<std::string, std::string>;

Shapes declared() {
  Shapes shapes;
  for (const Declaration& line : table()) {
    std::string name(line.name);
    for (std::size_t i = 0; i < line.labels.size(); ++i)
      name += (i == 0 ? "{" : ",") + std::string(line.labels[i]);
    shapes[name + (line.labels.empty() ? "" : "}")] = type_of(line.kind);
  }
  return shapes;
}

Shapes documented() {
  static const RE2 row("\\| `((?:k8s|lockkeeper)_[^`]+)` \\| (\\w+) \\| .+ \\|");
  std::ifstream page(LOCKKEEPER_DOCS "/operations.md");
  REQUIRE(page);
  Shapes shapes;
  std::string name;
  std::string type;
  for (std::string line; std::getline(page, line);)
    if (RE2::FullMatch(line, row, &name, &type)) CHECK(shapes.emplace(name, type).second);
  return shapes;
}

}  // namespace

TEST_CASE("every metric stands in the documentation with its type and labels, and no other does") {
  const Shapes code = declared();
  const Shapes page = documented();
  for (const auto& [name, type] : code) {
    CAPTURE(name);
    REQUIRE(page.contains(name));
    CHECK(page.at(name) == type);
  }
  for (const auto& [name, type] : page) {
    CAPTURE(name);
    CHECK(code.contains(name));
  }
}
