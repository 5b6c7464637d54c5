// SPDX-License-Identifier: Apache-2.0
#include "tests/lab/apiserver/store.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "tests/lab/apiserver/wire_time.h"

namespace lockkeeper::lab {
namespace {

std::mt19937_64& dice() {
  static std::mt19937_64 engine(std::random_device{}());
  return engine;
}

const Resource& stored(const Resource& resource) {
  return resource.stored_as.empty() ? resource
                                    : *resource_of_kind(resource.stored_as, resource.kind);
}

bool same_but_version(const Json& a, const Json& b) {
  for (const auto& [key, value] : a.items()) {
    if (key == "metadata") continue;
    const auto other = b.find(key);
    if (other == b.end() || *other != value) return false;
  }
  if (a.size() != b.size()) return false;
  Json left = map_at(a, "metadata");
  Json right = map_at(b, "metadata");
  left.erase("resourceVersion");
  right.erase("resourceVersion");
  return left == right;
}

template <typename Index, typename Name, typename Item>
void take_out(Index& index, const Name& name, const Item& item) {
  const auto at = index.find(std::string(name));
  if (at == index.end()) return;
  at->second.erase(item);
  if (at->second.empty()) index.erase(at);
}

}  // namespace

const std::string& Object::text() const {
  if (text_.empty()) text_ = body.dump(-1, ' ', false, Json::error_handler_t::replace);
  return text_;
}

const Store::ShelfOf& Store::shelf(const Resource& resource) const {
  return shelves_.at(stored(resource).index());
}

Store::ShelfOf& Store::shelf(const Resource& resource) {
  return shelves_.at(stored(resource).index());
}

ObjectPtr Store::get(const Resource& resource, const Key& key) const {
  const auto& objects = shelf(resource).objects;
  const auto at = objects.find(key);
  return at == objects.end() ? nullptr : at->second;
}

Outcome<ObjectPtr> Store::create(const Resource& resource, Json body) {
  const Key key = key_of(resource, body);
  if (shelf(resource).objects.contains(key)) return refuse(already_exists(resource, key.name));
  Json& metadata = body["metadata"];
  if (!metadata.contains("uid")) metadata["uid"] = new_uid();
  if (!metadata.contains("creationTimestamp")) metadata["creationTimestamp"] = now_seconds();
  auto object = std::make_shared<Object>();
  object->revision = revision_ + 1;
  metadata["resourceVersion"] = std::to_string(object->revision);
  object->body = std::move(body);
  commit(
      {.resource = &stored(resource), .key = key, .after = object, .revision = object->revision});
  return object;
}

ObjectPtr Store::replace(const Resource& resource, const Key& key, Json body) {
  const ObjectPtr before = get(resource, key);
  if (!before || same_but_version(before->body, body)) return before;
  auto object = std::make_shared<Object>();
  object->revision = revision_ + 1;
  body["metadata"]["resourceVersion"] = std::to_string(object->revision);
  object->body = std::move(body);
  commit({.resource = &stored(resource),
          .key = key,
          .before = before,
          .after = object,
          .revision = object->revision});
  return object;
}

ObjectPtr Store::remove(const Resource& resource, const Key& key) {
  const ObjectPtr before = get(resource, key);
  if (!before) return nullptr;
  auto last = std::make_shared<Object>();
  last->body = before->body;
  last->revision = revision_ + 1;
  last->body["metadata"]["resourceVersion"] = std::to_string(last->revision);
  commit({.resource = &stored(resource),
          .key = key,
          .before = before,
          .last = last,
          .revision = last->revision});
  return last;
}

void Store::commit(Change change) {
  revision_ = change.revision;
  auto& shelf = shelves_.at(change.resource->index());
  if (change.after) {
    shelf.objects[change.key] = change.after;
  } else {
    shelf.objects.erase(change.key);
  }
  index(change);
  shelf.history.push_back(change);
  while (shelf.history.size() > history_limit_) {
    shelf.forgotten = shelf.history.front().revision;
    shelf.history.pop_front();
  }
  for (const auto& listener : listeners_)
    listener(change);
}

void Store::index(const Change& change) {
  const Place place{change.resource, change.key};
  const auto each = [&](const ObjectPtr& object, bool insert) {
    if (!object) return;
    const auto node = text_at(object->body, "spec/nodeName");
    if (change.resource->kind == "Pod" && !node.empty()) {
      if (insert) pods_by_node_[std::string(node)].insert(change.key);
      if (!insert) take_out(pods_by_node_, node, change.key);
    }
    for (const auto& owner : list_at(object->body, "metadata/ownerReferences")) {
      if (insert) by_owner_[string_at(owner, "uid")].insert(place);
      if (!insert) take_out(by_owner_, text_at(owner, "uid"), place);
    }
    if (insert) uids_.emplace(uid_of(object->body));
    if (!insert) uids_.erase(std::string(uid_of(object->body)));
  };
  each(change.before, false);
  each(change.after, true);
}

const std::deque<Change>* Store::history(const Resource& resource, Revision since) const {
  const auto& shelf = this->shelf(resource);
  return since < shelf.forgotten ? nullptr : &shelf.history;
}

bool Store::visit_at(const Resource& resource, Revision at, const Key& from,
                     const std::function<bool(const Key&, const ObjectPtr&)>& visit) const {
  const auto& shelf = this->shelf(resource);
  if (at < shelf.forgotten) return false;
  // What has changed since then, with its state of then (null: it did not exist).
  Shelf then;
  for (auto change = shelf.history.rbegin(); change != shelf.history.rend(); ++change) {
    if (change->revision <= at) break;
    then[change->key] = change->before;
  }
  auto now = shelf.objects.upper_bound(from);
  auto old = then.upper_bound(from);
  while (now != shelf.objects.end() || old != then.end()) {
    const bool take_old =
        old != then.end() && (now == shelf.objects.end() || old->first <= now->first);
    if (!take_old) {
      if (!visit(now->first, now->second)) return true;
      ++now;
      continue;
    }
    if (now != shelf.objects.end() && now->first == old->first) ++now;
    if (old->second && !visit(old->first, old->second)) return true;
    ++old;
  }
  return true;
}

void Store::compact() {
  for (auto& shelf : shelves_) {
    shelf.history.clear();
    shelf.forgotten = revision_;
  }
}

const std::set<Key>& Store::pods_on(std::string_view node) const {
  static const std::set<Key> kNone;
  const auto at = pods_by_node_.find(std::string(node));
  return at == pods_by_node_.end() ? kNone : at->second;
}

const std::set<Store::Place>& Store::owned_by(std::string_view uid) const {
  static const std::set<Place> kNone;
  const auto at = by_owner_.find(std::string(uid));
  return at == by_owner_.end() ? kNone : at->second;
}

Key key_of(const Resource& resource, const Json& body) {
  return {resource.namespaced ? string_at(body, "metadata/namespace") : std::string(),
          string_at(body, "metadata/name")};
}

std::string new_uid() {
  const std::uint64_t high = (dice()() & 0xFFFFFFFFFFFF0FFFULL) | 0x4000ULL;
  const std::uint64_t low = (dice()() & 0x3FFFFFFFFFFFFFFFULL) | 0x8000000000000000ULL;
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32U, (high >> 16U) & 0xFFFFU,
                     high & 0xFFFFU, low >> 48U, low & 0xFFFFFFFFFFFFULL);
}

std::string random_suffix(std::size_t length) {
  // Without vowels and look-alikes, as Kubernetes chooses them.
  constexpr std::string_view kLetters = "bcdfghjklmnpqrstvwxz2456789";
  std::string text;
  for (std::size_t i = 0; i < length; ++i)
    text += kLetters[dice()() % kLetters.size()];
  return text;
}

}  // namespace lockkeeper::lab
