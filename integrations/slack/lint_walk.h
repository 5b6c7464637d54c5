// SPDX-License-Identifier: Apache-2.0
#pragma once

// The walk of the linter through one payload. Internal to this room. lint_walk.cpp knows the
// objects and elements that blocks are made of, linter.cpp the blocks and what holds them. One
// thread, one payload, then it is thrown away.

#include <fmt/format.h>

#include <cstddef>
#include <initializer_list>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "integrations/slack/json.h"
#include "integrations/slack/linter.h"

namespace lockkeeper::slack {

// More findings than these help nobody.
inline constexpr std::size_t kOffencesMax = 20;
inline constexpr std::size_t kBlockIdMax = 255;
inline constexpr std::size_t kActionIdMax = 255;

/// Words that may stand somewhere.
using Names = std::initializer_list<std::string_view>;

/// Where the blocks will be shown: not every block is allowed everywhere.
enum class Surface { message, modal, home };

/// Every member appends what it finds. `at` is the pointer of the value, or of what holds `name`;
/// `most` and `least` are lengths or counts.
class LintWalk {
 public:
  explicit LintWalk(Surface surface) : surface_(surface) {}

  void message(const Json& body);
  void view(const Json& view);
  void blocks(const Json& blocks, const std::string& at);

  [[nodiscard]] std::vector<Offence> offences() && { return std::move(offences_); }
  void add(const std::string& at, std::string what) {
    if (offences_.size() < kOffencesMax) offences_.push_back({at, std::move(what)});
  }

 private:
  // Plain members.
  bool object(const Json& value, const std::string& at);
  void known(const Json& object, const std::string& at, Names names);
  void string(const Json& object, const std::string& at, std::string_view name, bool required,
              std::size_t most, std::size_t least = 1);
  bool list(const Json& object, const std::string& at, std::string_view name, std::size_t most);
  void one_of(const Json& object, const std::string& at, std::string_view name, Names words);
  void flag(const Json& object, const std::string& at, std::string_view name);

  // Objects that blocks are made of.
  void text(const Json& holder, const std::string& at, std::string_view name, bool required,
            std::size_t most, bool plain_only);
  void text_object(const Json& value, const std::string& at, std::size_t most, bool plain_only);
  void confirm(const Json& holder, const std::string& at);
  void options(const Json& holder, const std::string& at, std::size_t most, bool mrkdwn);
  void option(const Json& value, const std::string& at, bool mrkdwn);
  void element(const Json& value, const std::string& at, Names types);
  void button(const Json& value, const std::string& at);
  void select(const Json& value, const std::string& at);
  void choices(const Json& value, const std::string& at);
  void input(const Json& value, const std::string& at);
  void image(const Json& value, const std::string& at, bool block);

  // Blocks.
  void block(const Json& value, const std::string& at);
  void section(const Json& value, const std::string& at);
  void context(const Json& value, const std::string& at);
  void actions(const Json& value, const std::string& at);
  void input_block(const Json& value, const std::string& at);

  Surface surface_;
  std::vector<Offence> offences_;
  std::set<std::string> block_ids_;
  std::set<std::string> action_ids_;  // of the block at hand
  std::size_t text_total_ = 0;
  bool has_input_ = false;
};

/// The pointer of a member of the value at `at`.
inline std::string below(const std::string& at, std::string_view name) {
  return fmt::format("{}/{}", at, name);
}

}  // namespace lockkeeper::slack
