// SPDX-License-Identifier: Apache-2.0
#pragma once

// The one visitor for variants: a set of lambdas, one for each alternative. A switch over a variant
// goes through it, so that a new alternative does not compile until every place has an answer.

namespace lockkeeper {

template <typename... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};

}  // namespace lockkeeper
