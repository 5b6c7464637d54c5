// SPDX-License-Identifier: Apache-2.0
#pragma once

// One eviction: the request, and what its answer means. The answer table is that of the API's
// source (pkg/registry/core/pod/storage/eviction.go) as real servers gave it; the reactions are
// ours: a lost answer is looked into before anything is repeated, and only a budget is waited for.
// Pure functions for any thread.

#include <string>

#include "integrations/kubernetes/answer.h"
#include "integrations/kubernetes/objects.h"
#include "integrations/kubernetes/transport.h"

namespace lockkeeper::kubernetes {

/// POST .../eviction of exactly this pod: the uid precondition keeps a repeated request away from a
/// re-created StatefulSet pod of the same name (kubectl sends none). The pod's own grace applies.
ApiRequest eviction_request(const Pod& pod, Millis timeout);

/// "/api/v1/namespaces/shop/pods/web-1".
std::string pod_path(const Pod& pod);

enum class EvictionAnswer {
  accepted,    ///< deletion has begun; the pod is gone when it is gone
  gone,        ///< it does not exist any more
  look,        ///< unknown, or the pod changed: read it before doing anything
  full,        ///< its budget allows no disruption now
  busy,        ///< the server is throttling, starting or away: again later, nothing has happened
  ending,      ///< its namespace is being deleted: look whether the pod is, too
  impossible,  ///< will never succeed: two budgets, a webhook, missing rights, a bad request
};

struct EvictionVerdict {
  EvictionAnswer answer = EvictionAnswer::look;
  std::string why;       // for full and impossible: one line, "needs 3 healthy pods and has 3"
  Millis retry_after{};  // what the server asked for
  bool outage = false;   // whether it is a sign that the server is away
};

/// Judges an answer that went through Client::judge.
EvictionVerdict judge_eviction(const ApiResult<http::Reply>& reply);

/// What reading the pod told, after an answer of `look` or `ending`.
enum class PodLook {
  gone,       ///< 404, another uid, or on another node
  leaving,    ///< has a deletionTimestamp: the eviction had been accepted
  unchanged,  ///< still there: it may be asked again
  unknown,    ///< could not be read: look again
};

PodLook judge_look(const Pod& expected, const ApiResult<http::Reply>& reply);

}  // namespace lockkeeper::kubernetes
