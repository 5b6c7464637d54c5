// SPDX-License-Identifier: Apache-2.0
#include "tests/lab/apiserver/watch.h"

#include <fmt/format.h>

#include <algorithm>

namespace lockkeeper::lab {
namespace {

bool selects(const WatchSpec& spec, const Key& key, const ObjectPtr& object) {
  if (!object || (!spec.ns.empty() && spec.ns != key.ns)) return false;
  return spec.selection.empty() || spec.selection.matches(object->body);
}

bool concerns(const WatchSpec& spec, const Resource& resource) {
  if (spec.view.resource == &resource) return true;
  return spec.view.resource->stored_as == resource.api_version &&
         spec.view.resource->kind == resource.kind;
}

}  // namespace

std::string watch_event(const WatchSpec& spec, const Change& change) {
  const bool before = selects(spec, change.key, change.before);
  const bool after = selects(spec, change.key, change.after);
  if (after)
    return event_text(before ? "MODIFIED" : "ADDED", object_text(spec.view, *change.after));
  if (!before) return {};
  if (change.last) return event_text("DELETED", object_text(spec.view, *change.last));
  // It has left the selection: the client gets the state that it knew, with the new version.
  Object left;
  left.body = change.before->body;
  left.body["metadata"]["resourceVersion"] = std::to_string(change.revision);
  left.revision = change.revision;
  return event_text("DELETED", object_text(spec.view, left));
}

void WatchHub::open(WatchSpec spec, http::Stream stream, const std::string& first) {
  if (!first.empty()) stream.write(first);
  const auto now = std::chrono::steady_clock::now();
  watches_.push_back({.spec = std::move(spec),
                      .stream = std::move(stream),
                      .cursor = 0,
                      .next_bookmark = now + bookmark_period_});
  Watch& watch = watches_.back();
  watch.cursor = watch.spec.since;
  if (now >= frozen_until_ && !advance(watch)) watches_.pop_back();
}

bool WatchHub::advance(Watch& watch) {
  const auto* history = store_.history(*watch.spec.view.resource, watch.cursor);
  if (history == nullptr) {
    const ApiError gone =
        expired(fmt::format("too old resource version: {} ({})", watch.cursor, store_.revision()));
    watch.stream.write(event_text("ERROR", to_status(gone).dump()));
    watch.stream.finish();
    return false;
  }
  const auto next = std::ranges::upper_bound(*history, watch.cursor, {}, &Change::revision);
  for (auto change = next; change != history->end(); ++change) {
    std::string text = watch_event(watch.spec, *change);
    if (!text.empty() && !watch.stream.write(std::move(text))) return false;
    watch.cursor = change->revision;
  }
  return watch.stream.open();
}

void WatchHub::deliver(const Resource& resource) {
  if (std::chrono::steady_clock::now() < frozen_until_) return;
  std::erase_if(watches_,
                [&](Watch& watch) { return concerns(watch.spec, resource) && !advance(watch); });
}

void WatchHub::tick(SteadyTime now) {
  if (now < frozen_until_) return;
  std::erase_if(watches_, [&](Watch& watch) {
    if (!advance(watch)) return true;
    const bool over = now >= watch.spec.ends;
    if (watch.spec.bookmarks && (over || now >= watch.next_bookmark)) {
      watch.next_bookmark = now + bookmark_period_;
      watch.cursor = store_.revision();
      watch.stream.write(bookmark_text(watch.spec.view, watch.cursor, false));
    }
    if (over) watch.stream.finish();
    return over;
  });
}

void WatchHub::settle() {
  if (std::chrono::steady_clock::now() < frozen_until_) return;
  tick(std::chrono::steady_clock::now());
  for (auto& watch : watches_)
    watch.cursor = store_.revision();
}

void WatchHub::abort_all() {
  for (auto& watch : watches_)
    watch.stream.abort();
  watches_.clear();
}

}  // namespace lockkeeper::lab
