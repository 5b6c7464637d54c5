// SPDX-License-Identifier: Apache-2.0
#pragma once

// The verbs of the API on the objects of the store, each a function from a call to its reply. The
// Cluster's mutex is held; nothing in here touches a socket.

#include <string>
#include <variant>

#include "integrations/http/message.h"
#include "tests/lab/apiserver/access.h"
#include "tests/lab/apiserver/cluster.h"

namespace lockkeeper::lab {

/// One request that has been understood and allowed.
struct Call {
  const http::Request& request;
  Route route;
  std::string verb;
  User user;
  View view;
  bool dry_run = false;
};

/// A watch to be opened: `first` are its initial events.
struct WatchReply {
  WatchSpec spec;
  std::string first;
};

/// A log to be followed until its container ends.
struct FollowReply {
  Key pod;
  std::string container;
};

using Reply = std::variant<http::Response, WatchReply, FollowReply>;

Outcome<Reply> get_object(Cluster& cluster, const Call& call);
Outcome<Reply> list_objects(Cluster& cluster, const Call& call);
Outcome<Reply> watch_objects(Cluster& cluster, const Call& call);
Outcome<Reply> create_by(Cluster& cluster, const Call& call);
Outcome<Reply> update_by(Cluster& cluster, const Call& call);
Outcome<Reply> patch_by(Cluster& cluster, const Call& call);
Outcome<Reply> delete_by(Cluster& cluster, const Call& call);
Outcome<Reply> delete_collection(Cluster& cluster, const Call& call);

/// GET of a pod's log, of a scale; POST of an eviction or a binding.
Outcome<Reply> pod_log(Cluster& cluster, const Call& call);
Outcome<Reply> get_scale(Cluster& cluster, const Call& call);
Outcome<Reply> act_on_pod(Cluster& cluster, const Call& call, const Json& body);

/// Server-side apply: the body is the wish of one field manager.
Outcome<Reply> apply_by(Cluster& cluster, const Call& call, const Json& wish);

/// Runs the verb of the call.
Outcome<Reply> perform(Cluster& cluster, const Call& call);

/// The text of a container's log; `ended` when nothing more will come.
Outcome<std::string> log_text(Cluster& cluster, const Key& pod, std::string_view container,
                              bool& ended);

// Shared by the verbs.
Key key_of(const Call& call);
http::Response json_response(int status, std::string text);
/// 200 or 201 with the object in the form that the client asked for.
http::Response object_response(const Call& call, int status, const Object& object);
/// The body as an object of the route's kind; refuses another kind, namespace or name.
Outcome<Json> read_body(const Call& call);
/// Any JSON object, for bodies of other kinds (patches, options).
Outcome<Json> parse_json(std::string_view text);
/// The body by its content type: JSON, or the protobuf that kubectl sends.
Outcome<Json> parse_body(const http::Request& request);
Outcome<Selection> selection_of(const Call& call);

}  // namespace lockkeeper::lab
