// SPDX-License-Identifier: Apache-2.0
#pragma once

// What fuzz targets share: a check that ends the program loudly in every kind of build, so that
// the fuzzer keeps the input that broke it. One thread.

#include <cstdio>
#include <cstdlib>

/// Ends the program unless the promise holds.
#define PROMISE(condition)                                                         \
  do {                                                                             \
    if (!(condition)) {                                                            \
      std::fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                \
    }                                                                              \
  } while (false)
