// SPDX-License-Identifier: Apache-2.0
#pragma once

// The objects of the cluster, as etcd and the API server's storage keep them: one global counter of
// versions, optimistic writes, and a bounded history per resource from which watches are replayed
// and earlier states are read. Nothing in here locks: the Cluster's mutex guards every call.
//
// An Object never changes once it is stored; a write replaces it. Listeners are told of every
// change, in order, while the write is being made; they must not write to the store themselves.

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tests/lab/apiserver/api_error.h"
#include "tests/lab/apiserver/json.h"
#include "tests/lab/apiserver/resources.h"

namespace lockkeeper::lab {

using Revision = std::uint64_t;

struct Key {
  std::string ns;  ///< "" for cluster-wide objects.
  std::string name;

  auto operator<=>(const Key&) const = default;
};

/// One state of one object. The body holds neither kind nor apiVersion: the Resource knows them.
struct Object {
  Json body;
  Revision revision = 0;

  /// `{"metadata":...}`, made at the first use and kept.
  [[nodiscard]] const std::string& text() const;

 private:
  mutable std::string text_;
};

using ObjectPtr = std::shared_ptr<const Object>;  // shared by store, history, lists and watches

struct Change {
  const Resource* resource = nullptr;
  Key key = {};
  ObjectPtr before = {};  ///< Null when the object is new.
  ObjectPtr after = {};   ///< Null when it is gone; `last` is then its final state.
  ObjectPtr last = {};
  Revision revision = 0;
};

class Store {
 public:
  using Shelf = std::map<Key, ObjectPtr>;
  using Listener = std::function<void(const Change&)>;

  /// How many changes are remembered for each resource.
  void set_history_limit(std::size_t changes) { history_limit_ = changes; }
  void listen(Listener listener) { listeners_.push_back(std::move(listener)); }

  [[nodiscard]] Revision revision() const { return revision_; }
  [[nodiscard]] ObjectPtr get(const Resource& resource, const Key& key) const;
  [[nodiscard]] const Shelf& all(const Resource& resource) const { return shelf(resource).objects; }

  /// Stores a new object: gives it uid, creationTimestamp and version. 409 when the name is taken.
  Outcome<ObjectPtr> create(const Resource& resource, Json body);
  /// Replaces what is stored under `key`, which must exist. A body equal to it changes nothing, not
  /// even the version, as in the real API server.
  ObjectPtr replace(const Resource& resource, const Key& key, Json body);
  /// Gives the final state, or null when there was none.
  ObjectPtr remove(const Resource& resource, const Key& key);

  /// The changes after `since`, oldest first. Null when some of them are forgotten (410 Expired).
  [[nodiscard]] const std::deque<Change>* history(const Resource& resource, Revision since) const;
  /// Visits the objects behind `from` in their order, as they were at `at`, until `visit` gives
  /// false. False when the state at that version is forgotten.
  bool visit_at(const Resource& resource, Revision at, const Key& from,
                const std::function<bool(const Key&, const ObjectPtr&)>& visit) const;
  /// Forgets the whole history, as a compaction of etcd does.
  void compact();

  /// Pods by spec.nodeName; empty for an unknown node.
  [[nodiscard]] const std::set<Key>& pods_on(std::string_view node) const;
  struct Place {
    const Resource* resource = nullptr;
    Key key;
    auto operator<=>(const Place&) const = default;
  };
  /// The objects that name `uid` among their owners.
  [[nodiscard]] const std::set<Place>& owned_by(std::string_view uid) const;
  [[nodiscard]] bool knows_uid(std::string_view uid) const {
    return uids_.contains(std::string(uid));
  }

 private:
  struct ShelfOf {
    Shelf objects;
    std::deque<Change> history;
    Revision forgotten = 0;  // the last change that is no longer in the history
  };
  static constexpr std::size_t kResourcesMax = 32;

  [[nodiscard]] const ShelfOf& shelf(const Resource& resource) const;
  ShelfOf& shelf(const Resource& resource);
  void commit(Change change);
  void index(const Change& change);

  std::array<ShelfOf, kResourcesMax> shelves_;
  std::vector<Listener> listeners_;
  std::unordered_map<std::string, std::set<Key>> pods_by_node_;
  std::unordered_map<std::string, std::set<Place>> by_owner_;
  std::set<std::string, std::less<>> uids_;
  std::size_t history_limit_ = 10'000;
  Revision revision_ = 100;  // "0" and "1" must look old from the first moment on
};

/// The key under which `body` is stored.
Key key_of(const Resource& resource, const Json& body);

/// A random version 4 UUID.
std::string new_uid();

/// Five letters and digits as in generated names ("web-7d9f-x4k2p").
std::string random_suffix(std::size_t length = 5);

}  // namespace lockkeeper::lab
