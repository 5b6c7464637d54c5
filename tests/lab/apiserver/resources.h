// SPDX-License-Identifier: Apache-2.0
#pragma once

// The kinds of objects that the simulator serves, as one constant table: what discovery announces,
// what routes accept and what the store keeps. Any thread.

#include <span>
#include <string_view>

namespace lockkeeper::lab {

struct Resource {
  std::string_view group;        ///< "" is the core group.
  std::string_view api_version;  ///< "v1" or "apps/v1".
  std::string_view plural;
  std::string_view singular;
  std::string_view kind;
  bool namespaced = true;
  std::string_view short_names = {};   ///< Separated by blanks.
  std::string_view categories = {};    ///< Separated by blanks.
  std::string_view subresources = {};  ///< Separated by blanks.
  bool counts_generation = false;      ///< metadata.generation follows the spec.
  std::string_view stored_as = {};  ///< Another group whose objects these are (two kinds of Event).

  [[nodiscard]] std::string_view version() const;
  [[nodiscard]] bool has(std::string_view subresource) const;
  /// Its number in the table, for arrays that are indexed by resource.
  [[nodiscard]] std::size_t index() const;
};

/// In the order in which discovery lists them; the core group first.
std::span<const Resource> all_resources();

/// Null when there is none.
const Resource* resource_named(std::string_view group, std::string_view version,
                               std::string_view plural);
/// By "apps/v1" and "Deployment"; null when there is none.
const Resource* resource_of_kind(std::string_view api_version, std::string_view kind);

/// The table's entry for a core or well-known resource that the code itself needs.
const Resource& resource(std::string_view plural);

}  // namespace lockkeeper::lab
