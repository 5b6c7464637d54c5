// SPDX-License-Identifier: Apache-2.0
#include "integrations/slack/groups.h"

#include <fmt/format.h>

#include "integrations/slack/json.h"

namespace lockkeeper::slack {
namespace {

// Somebody waits for the answer to a click.
constexpr Millis kPatience{2'000};

}  // namespace

Result<bool> Groups::holds(const std::string& group, const std::string& user) {
  {
    const std::lock_guard lock(mutex_);
    const auto known = known_.find(group);
    if (known != known_.end() && clock_.moment() - known->second.at < kMembersKept)
      return known->second.users.contains(user);
  }
  Call call = group_members(group);
  call.timeout = kPatience;
  call.give_up = kPatience;
  const Answer answer = ask_(std::move(call));
  if (!answer.ok())
    return fail(fmt::format("the members of user group {} cannot be told ({})", group,
                            answer.described("usergroups.users.list")));
  Members members{{}, clock_.moment()};
  if (const auto json = parsed(answer.body)) {
    const Json& users = member(*json, "users");
    for (const auto& one : users.is_array() ? users : Json::array())
      if (one.is_string()) members.users.insert(one.get<std::string>());
  }
  const bool in = members.users.contains(user);
  const std::lock_guard lock(mutex_);
  known_[group] = std::move(members);
  return in;
}

}  // namespace lockkeeper::slack
