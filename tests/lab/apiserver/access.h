// SPDX-License-Identifier: Apache-2.0
#pragma once

// Who a request comes from and what that user may do: static tokens, client certificates, and a
// list of grants in place of RBAC's objects. The tokens follow their file, the grants can be
// replaced; any thread.

#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "integrations/http/message.h"
#include "rules/result.h"
#include "tests/lab/apiserver/api_error.h"
#include "tests/lab/apiserver/routes.h"

namespace lockkeeper::lab {

struct User {
  std::string name;
  std::vector<std::string> groups;
};

/// What somebody wants to do. `path` is set instead of the resource for other URLs.
struct Attempt {
  std::string verb;
  std::string group = {};
  std::string resource = {};  ///< "pods" or "pods/eviction".
  std::string ns = {};
  std::string name = {};
  std::string path = {};
};

class Access {
 public:
  /// `rbac`: a list of {user or group, verbs, resources, namespaces?, names?}; "*" stands for all,
  /// and a missing namespaces means everywhere.
  static Result<std::unique_ptr<Access>> load(std::filesystem::path token_file, Json rbac);

  /// Nothing: 401. A token that is new in its file is known at once.
  std::optional<User> user_of(const http::Request& request);

  [[nodiscard]] bool may(const User& user, const Attempt& attempt) const;

  /// The grants as they are, and others from now on.
  [[nodiscard]] Json grants() const;
  void replace_grants(Json rbac);

 private:
  Access(std::filesystem::path token_file, Json rbac);
  Status read_tokens();

  const std::filesystem::path token_file_;
  mutable std::mutex mutex_;  // guards everything below
  Json rbac_;
  std::filesystem::file_time_type read_at_{};
  std::map<std::string, User, std::less<>> users_;  // by token
};

/// The attempt that a request on a resource makes.
Attempt attempt_of(const Route& route, std::string_view verb);

/// `nodes is forbidden: User "eve" cannot list resource "nodes" in API group "" at the cluster
/// scope`
ApiError denial(const User& user, const Attempt& attempt);

}  // namespace lockkeeper::lab
