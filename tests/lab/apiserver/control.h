// SPDX-License-Identifier: Apache-2.0
#pragma once

// The control API of the lab, plain HTTP on a port of its own, for fault scripts and for the lab's
// stand-in of kubeadm. JSON in, JSON out; a mistake in a request is a 400 with one line.
//
//   POST   /_lab/control-plane {"node","version","outage_seconds":2}
//   POST   /_lab/outage {"seconds","mode":"refuse|hang|503|429|403|reset|html"}
//   POST   /_lab/fault {"method","path_regex","times","action":"drop_before|drop_after|delay_ms|
//                       status","delay_ms","status","body","headers"}
//   DELETE /_lab/faults
//   POST   /_lab/freeze-watches {"seconds"}        POST /_lab/abort-watches
//   POST   /_lab/compact
//   GET    /_lab/requests                          POST /_lab/requests/reset
//   GET    /_lab/journal?after=N
//   GET    /_lab/state
//   POST   /_lab/object OBJECT                     DELETE /_lab/object OBJECT
//   POST   /_lab/metrics {"text"} or {"deprecated":[{"group","version","resource",
//                         "removed_release"}]}

#include "integrations/http/server.h"
#include "tests/lab/apiserver/front.h"

namespace lockkeeper::lab {

struct Console {
  const Desk& desk;
  Front& front;
};

/// Answers one request of the control API.
http::Response serve_control(const Console& console, const http::Request& request);

}  // namespace lockkeeper::lab
