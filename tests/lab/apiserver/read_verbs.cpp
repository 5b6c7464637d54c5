// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <charconv>
#include <random>

#include "tests/lab/apiserver/paging.h"
#include "tests/lab/apiserver/verbs.h"

namespace lockkeeper::lab {
namespace {

// Without timeoutSeconds the real server ends a watch after 30 to 60 minutes.
constexpr std::int64_t kWatchSeconds = 1800;
constexpr std::int64_t kWatchSecondsMax = 7200;

struct AskedVersion {
  Revision revision = 0;
  bool given = false;  ///< Neither absent nor "0".
};

Outcome<AskedVersion> version_of(const Call& call, Revision current) {
  const auto text = call.request.query_value("resourceVersion");
  AskedVersion asked;
  if (text.empty() || text == "0") return asked;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), asked.revision);
  if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) {
    return refuse(
        bad_request(fmt::format("Invalid value: \"{}\": invalid resource version", text)));
  }
  asked.given = true;
  if (asked.revision > current) return refuse(too_large_version(asked.revision, current));
  return asked;
}

std::int64_t number_in(const Call& call, std::string_view name, std::int64_t otherwise) {
  const auto text = call.request.query_value(name);
  std::int64_t value = otherwise;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// Visits the candidates of a list, by index where there is one.
void visit_now(Cluster& cluster, const Call& call, const Selection& selection,
               const std::function<bool(const Key&, const ObjectPtr&)>& visit) {
  const Store& store = cluster.store;
  const Resource& resource = *call.route.resource;
  const std::string name(selection.fields.demanded("metadata/name"));
  const auto node = selection.fields.demanded("spec/nodeName");
  if (!name.empty() && (!call.route.ns.empty() || !resource.namespaced)) {
    const Key key{call.route.ns, name};
    if (const ObjectPtr object = store.get(resource, key)) visit(key, object);
    return;
  }
  if (!node.empty()) {
    for (const auto& key : store.pods_on(node)) {
      if (!visit(key, store.get(resource, key))) return;
    }
    return;
  }
  const auto& shelf = store.all(resource);
  for (auto at = shelf.lower_bound({call.route.ns, ""}); at != shelf.end(); ++at) {
    if (!call.route.ns.empty() && at->first.ns != call.route.ns) return;
    if (!visit(at->first, at->second)) return;
  }
}

struct Listing {
  std::vector<ObjectPtr> items;
  ListHead head;
};

ApiError page_expired(const Page& page) {
  ApiError gone = expired(
      "The provided continue parameter is too old to display a consistent list result. You can "
      "start a new list without the continue parameter, or use the continue token in this "
      "response to retrieve the remainder of the results. Continuing with the provided token "
      "results in an inconsistent list - objects that were created, modified, or deleted between "
      "the time the first chunk was returned and now may show up in the list.");
  gone.continue_token = continue_token({.from = page.from, .any_version = true});
  return gone;
}

/// One page of the state at `page.at`.
Outcome<Listing> list_page(Cluster& cluster, const Call& call, const Selection& selection,
                           const Page& page) {
  Listing listing;
  listing.head.revision = page.at;
  Key last;
  std::size_t left = 0;
  const Key from = page.from.name.empty() ? Key{call.route.ns, ""} : page.from;
  const auto visit = [&](const Key& key, const ObjectPtr& object) {
    if (!call.route.ns.empty() && key.ns != call.route.ns) return false;
    if (!selection.matches(object->body)) return true;
    if (listing.items.size() < page.limit) {
      listing.items.push_back(object);
      last = key;
      return true;
    }
    ++left;
    // With selectors the rest is not counted, as in the real server.
    return selection.empty() && page.left == 0;
  };
  const Resource& resource = *call.route.resource;
  if (!cluster.store.visit_at(resource, page.at, from, visit)) return refuse(page_expired(page));
  if (left == 0) return listing;
  if (page.left > page.limit) left = page.left - page.limit;
  if (selection.empty()) listing.head.remaining = left;
  listing.head.continue_token =
      continue_token({.from = last, .at = page.at, .left = listing.head.remaining.value_or(0)});
  return listing;
}

Outcome<Page> page_of(Cluster& cluster, const Call& call) {
  const auto token = call.request.query_value("continue");
  Page page{.at = cluster.store.revision()};
  if (!token.empty()) {
    auto read = read_continue_token(token);
    if (!read) return read;
    page = *read;
    if (page.any_version) page.at = cluster.store.revision();
  }
  page.limit = static_cast<std::size_t>(std::max<std::int64_t>(0, number_in(call, "limit", 0)));
  if (page.limit == 0) page.limit = static_cast<std::size_t>(-1);
  if (!token.empty()) return page;
  const auto asked = version_of(call, cluster.store.revision());
  if (!asked) return std::unexpected(asked.error());
  // Served from the watch cache, which knows no pages.
  if (call.request.query_value("resourceVersion") == "0") page.limit = static_cast<std::size_t>(-1);
  const bool exact = call.request.query_value("resourceVersionMatch") == "Exact";
  if (exact && asked->given) page.at = asked->revision;
  return page;
}

std::string initial_events(Cluster& cluster, const Call& call, const Selection& selection) {
  std::string text;
  visit_now(cluster, call, selection, [&](const Key&, const ObjectPtr& object) {
    if (selection.matches(object->body))
      text += event_text("ADDED", object_text(call.view, *object));
    return true;
  });
  return text;
}

}  // namespace

Outcome<Selection> selection_of(const Call& call) {
  auto labels = LabelSelector::parse(call.request.query_value("labelSelector"));
  if (!labels) return std::unexpected(labels.error());
  auto fields =
      FieldSelector::parse(call.request.query_value("fieldSelector"), *call.route.resource);
  if (!fields) return std::unexpected(fields.error());
  return Selection{.labels = std::move(*labels), .fields = std::move(*fields)};
}

Outcome<Reply> get_object(Cluster& cluster, const Call& call) {
  if (call.route.subresource == "log") return pod_log(cluster, call);
  if (call.route.subresource == "scale") return get_scale(cluster, call);
  const auto asked = version_of(call, cluster.store.revision());
  if (!asked) return std::unexpected(asked.error());
  const ObjectPtr object = cluster.store.get(*call.route.resource, key_of(call));
  if (!object) return refuse(not_found(*call.route.resource, call.route.name));
  return object_response(call, 200, *object);
}

Outcome<Reply> list_objects(Cluster& cluster, const Call& call) {
  const auto selection = selection_of(call);
  if (!selection) return std::unexpected(selection.error());
  const auto page = page_of(cluster, call);
  if (!page) return std::unexpected(page.error());
  const bool indexed = !selection->fields.demanded("spec/nodeName").empty() ||
                       !selection->fields.demanded("metadata/name").empty();
  const bool whole = page->from.name.empty() && page->at == cluster.store.revision();
  if (!indexed || !whole) {
    auto listing = list_page(cluster, call, *selection, *page);
    if (!listing) return std::unexpected(listing.error());
    return json_response(200, list_text(call.view, listing->items, listing->head));
  }
  Listing listing;
  listing.head.revision = page->at;
  visit_now(cluster, call, *selection, [&](const Key& key, const ObjectPtr& object) {
    const bool here = call.route.ns.empty() || key.ns == call.route.ns;
    if (here && selection->matches(object->body)) listing.items.push_back(object);
    return listing.items.size() <= page->limit;
  });
  if (listing.items.size() > page->limit) {
    listing.items.pop_back();
    const Key last = key_of(*call.route.resource, listing.items.back()->body);
    listing.head.continue_token = continue_token({.from = last, .at = page->at});
  }
  return json_response(200, list_text(call.view, listing.items, listing.head));
}

Outcome<Reply> watch_objects(Cluster& cluster, const Call& call) {
  auto selection = selection_of(call);
  if (!selection) return std::unexpected(selection.error());
  const Revision now = cluster.store.revision();
  const auto asked = version_of(call, now);
  if (!asked) return std::unexpected(asked.error());
  const auto initial = call.request.query_value("sendInitialEvents");
  const bool match = call.request.query_value("resourceVersionMatch") == "NotOlderThan";
  if ((initial == "true") != match) {
    return refuse(invalid(*call.route.resource, "",
                          {{"FieldValueForbidden",
                            "Forbidden: sendInitialEvents and resourceVersionMatch=NotOlderThan go "
                            "together",
                            "resourceVersionMatch"}}));
  }
  const auto seconds = std::min(number_in(call, "timeoutSeconds", kWatchSeconds), kWatchSecondsMax);
  const auto bookmarks = call.request.query_value("allowWatchBookmarks");
  WatchReply reply;
  reply.spec = {.view = call.view,
                .ns = call.route.ns,
                .selection = *selection,
                .bookmarks = bookmarks == "true" || bookmarks == "1",
                .since = asked->revision,
                .ends = std::chrono::steady_clock::now() +
                        std::chrono::seconds(std::max<std::int64_t>(0, seconds))};
  const bool from_now = !asked->given && initial != "false";
  if (initial == "true" || from_now) reply.first = initial_events(cluster, call, *selection);
  if (initial == "true" || !asked->given) reply.spec.since = now;
  if (initial == "true" && reply.spec.bookmarks) reply.first += bookmark_text(call.view, now, true);
  return reply;
}

}  // namespace lockkeeper::lab
