// SPDX-License-Identifier: Apache-2.0
#pragma once

// The open watches. Every watch has a cursor in the history of its resource; delivering means to
// write what lies behind the cursor. So a watch that was frozen for a while simply goes on, and one
// that the history has left behind learns it as the real server says it: an ERROR event of code 410
// inside the stream.
//
// Guarded by the Cluster's mutex; Streams may be written from any thread.

#include <chrono>
#include <list>
#include <string>

#include "integrations/http/server.h"
#include "tests/lab/apiserver/selector.h"
#include "tests/lab/apiserver/store.h"
#include "tests/lab/apiserver/view.h"

namespace lockkeeper::lab {

using SteadyTime = std::chrono::steady_clock::time_point;

struct WatchSpec {
  View view;
  std::string ns;  ///< "" watches all namespaces.
  Selection selection;
  bool bookmarks = false;
  Revision since = 0;  ///< Changes after this version are sent.
  SteadyTime ends;     ///< Then the stream is finished properly.
};

class WatchHub {
 public:
  explicit WatchHub(const Store& store) : store_(store) {}

  /// Writes `first` (initial events), then what the history holds behind spec.since, then goes on.
  void open(WatchSpec spec, http::Stream stream, const std::string& first);
  /// Called for every change of the store.
  void deliver(const Resource& resource);
  /// Ends what is over, sends bookmarks that are due, delivers what a thaw has let go. Call about
  /// ten times a second.
  void tick(SteadyTime now);

  /// No watch gets anything until then: a silent partition.
  void freeze_until(SteadyTime end) { frozen_until_ = end; }
  void set_bookmark_period(std::chrono::milliseconds period) { bookmark_period_ = period; }
  /// Every watch that is not frozen has seen everything: to be called before a compaction.
  void settle();
  /// Cuts every connection that has a watch.
  void abort_all();
  [[nodiscard]] std::size_t count() const { return watches_.size(); }

 private:
  struct Watch {
    WatchSpec spec;
    http::Stream stream;
    Revision cursor = 0;
    SteadyTime next_bookmark;
  };
  /// False when the watch is over.
  bool advance(Watch& watch);

  const Store& store_;
  std::list<Watch> watches_;
  SteadyTime frozen_until_{};
  std::chrono::milliseconds bookmark_period_{10'000};
};

/// The text of one change for one watch; "" when it does not concern it. An object that enters or
/// leaves the selection is shown as added or deleted.
std::string watch_event(const WatchSpec& spec, const Change& change);

}  // namespace lockkeeper::lab
