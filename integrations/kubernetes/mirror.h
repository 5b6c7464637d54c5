// SPDX-License-Identifier: Apache-2.0
#pragma once

// A collection kept in step with the API server: listed in pages, then watched from there on, and
// listed again whenever the watch cannot vouch for what was missed. It follows the rules that
// client-go's reflector has learnt: an ended watch continues at its last resourceVersion, a refused
// one backs off without listing, 410 lists, a watch that ends at once counts as an error. What it
// brings is for knowing when to look, not for deciding: before a destructive step its owner reads
// afresh.
//
// Driven by its owner's thread through Lanes::turn() and tick(); handlers run inside these.

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "integrations/kubernetes/client.h"
#include "integrations/kubernetes/watch_events.h"

namespace lockkeeper::kubernetes {

struct MirrorOptions {
  std::string path;   // "/api/v1/pods"
  std::string query;  // "fieldSelector=spec.nodeName%3Dworker-1", or empty
  /// A watch that says nothing for so long is taken for dead and listed anew: behind a dropped path
  /// there is neither event nor error. Servers send a bookmark about once a minute.
  std::chrono::seconds silence_max{90};
};

struct MirrorHandlers {
  /// A complete list: whatever is not in it does not exist any more.
  std::function<void(std::vector<Json>)> on_list;
  /// added, modified, deleted. A deleted object may merely have left the selection.
  std::function<void(const WatchEvent&)> on_event;
  /// Every call that failed, and every one that was answered well; for the owner's view of outages.
  std::function<void(const ApiFailure&)> on_trouble;
  std::function<void()> on_contact;
};

class Mirror {
 public:
  /// Begins to list with the first turn of `lanes`. All arguments must outlive it.
  Mirror(Client& client, Lanes& lanes, MirrorOptions options, MirrorHandlers handlers);
  ~Mirror();
  Mirror(const Mirror&) = delete;
  Mirror& operator=(const Mirror&) = delete;

  /// Starts what is due. Call it every turn.
  void tick();

  /// Drops the watch and lists again at the next tick.
  void relist();

  /// When the last complete list was begun: it is at least as new as that.
  [[nodiscard]] std::optional<Moment> listed() const { return listed_; }

  /// A refusal that waiting does not mend (403, 400); the mirror has stopped.
  [[nodiscard]] const std::optional<ApiFailure>& dead() const { return dead_; }

  /// When tick() has something to do next, if that is known.
  [[nodiscard]] std::optional<Moment> wake() const;

 private:
  enum class State { list_due, listing, watch_due, watching, stopped };

  void start_list();
  void take_page(const ApiRequest& request, http::Answered answer);
  void start_watch();
  bool take_piece(std::string_view piece);
  void take_event(WatchEvent event);
  void take_end(const ApiRequest& request, http::Answered answer);
  void fail(const ApiFailure& failure, State next);
  void pause(State next, Millis at_least = Millis{0});
  void drop_call();

  Client& client_;
  Lanes& lanes_;
  MirrorOptions options_;
  MirrorHandlers handlers_;
  Backoff backoff_;
  State state_ = State::list_due;
  Moment due_{};
  Lanes::Id call_ = 0;  // the call or stream under way
  bool calling_ = false;
  bool unpaged_ = false;  // after a page token expired
  std::string page_;      // the next page's token
  std::vector<Json> items_;
  Moment list_begun_{};
  std::optional<Moment> listed_;
  std::string version_;  // resourceVersion to watch from
  DocumentSplitter splitter_;
  Moment watch_begun_{};
  std::size_t events_ = 0;                     // of the present watch
  std::optional<Moment> server_errors_since_;  // 500s inside the watch
  std::optional<State> after_;                 // what an ERROR event makes follow, after a pause
  std::optional<ApiFailure> dead_;
};

}  // namespace lockkeeper::kubernetes
