// SPDX-License-Identifier: Apache-2.0
#pragma once

// The front desk: takes each request through outages, faults, authentication, authorization and
// routing to its verb, and sends the reply. Called on the web server's thread, and for delayed
// requests on the controllers' loop; the Cluster's mutex is taken here.

#include <string>

#include "integrations/http/server.h"
#include "tests/lab/apiserver/controllers/loop.h"
#include "tests/lab/apiserver/faults.h"
#include "tests/lab/apiserver/request_log.h"
#include "tests/lab/apiserver/verbs.h"

namespace lockkeeper::lab {

/// What the front desk works with; all of it outlives the web server.
struct Desk {
  Cluster& cluster;
  Loop& loop;
  Access& access;
  Faults& faults;
  RequestLog& log;
};

/// Answers one request, at once or later.
void handle(const Desk& desk, const http::Exchange& exchange);

}  // namespace lockkeeper::lab
