// SPDX-License-Identifier: Apache-2.0
#pragma once

// Lists in pages: each page is read, handed on item by item and forgotten, so that five thousand
// nodes never stand in memory at once. Any thread may call.

#include <functional>
#include <string>

#include "integrations/kubernetes/client.h"

namespace lockkeeper::kubernetes {

struct ListQuery {
  std::string path;            // "/api/v1/nodes"
  std::string query;           // "fieldSelector=...", or empty
  int limit = 250;             // items a page: 250 nodes are about 4 MB as text
  bool metadata_only = false;  // PartialObjectMetadata: names, labels, owners
};

struct ListHandlers {
  std::function<void(const Json&)> on_item;
  /// The server forgot the rest of the list between two pages; everything begins anew.
  std::function<void()> on_restart;
};

/// Reads all pages, newest state first (no resourceVersion, so the answer is never a stale
/// cache's). An expired page token begins again with all items in one page, as client-go's pager
/// does. The patience is for each page.
ApiResult<void> list(Client& client, const ListQuery& query, const Patience& patience,
                     const ListHandlers& handlers);

}  // namespace lockkeeper::kubernetes
