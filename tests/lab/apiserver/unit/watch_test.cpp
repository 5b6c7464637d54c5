// SPDX-License-Identifier: Apache-2.0
#include "tests/lab/apiserver/watch.h"

#include <doctest/doctest.h>

using namespace lockkeeper::lab;

namespace {

ObjectPtr pod(const char* team, Revision revision) {
  auto object = std::make_shared<Object>();
  object->body = {{"metadata",
                   {{"name", "p"},
                    {"labels", {{"team", team}}},
                    {"resourceVersion", std::to_string(revision)}}}};
  object->revision = revision;
  return object;
}

WatchSpec spec_of(const char* selector, const char* ns = "") {
  WatchSpec spec;
  spec.view.resource = &resource("pods");
  spec.ns = ns;
  spec.selection.labels = *LabelSelector::parse(selector);
  return spec;
}

std::string type_of(const WatchSpec& spec, const ObjectPtr& before, const ObjectPtr& after) {
  const Change change{.resource = &resource("pods"),
                      .key = {"n", "p"},
                      .before = before,
                      .after = after,
                      .last = after ? nullptr : before,
                      .revision = 9};
  const std::string text = watch_event(spec, change);
  return text.empty() ? "" : string_at(Json::parse(text), "type");
}

}  // namespace

TEST_CASE("a watch tells a selection's own story") {
  const ObjectPtr red = pod("red", 1);
  const ObjectPtr blue = pod("blue", 2);
  CHECK(type_of(spec_of(""), nullptr, red) == "ADDED");
  CHECK(type_of(spec_of(""), red, blue) == "MODIFIED");
  CHECK(type_of(spec_of(""), red, nullptr) == "DELETED");
  CHECK(type_of(spec_of("team=blue"), red, blue) == "ADDED");
  CHECK(type_of(spec_of("team=red"), red, blue) == "DELETED");
  CHECK(type_of(spec_of("team=green"), red, blue).empty());
  CHECK(type_of(spec_of("", "n"), red, blue) == "MODIFIED");
  CHECK(type_of(spec_of("", "other"), red, blue).empty());
}

TEST_CASE("an Accept header chooses among object, metadata and table") {
  CHECK(accepted_shape("") == Shape::object);
  CHECK(accepted_shape("*/*") == Shape::object);
  CHECK(accepted_shape("application/vnd.kubernetes.protobuf, application/json") == Shape::object);
  CHECK(accepted_shape("application/json;as=Table;v=v1;g=meta.k8s.io,application/json") ==
        Shape::table);
  CHECK(accepted_shape("application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json") ==
        Shape::object);
  CHECK(accepted_shape("application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1") ==
        Shape::metadata);
  CHECK_FALSE(accepted_shape("application/vnd.kubernetes.protobuf").has_value());
}
