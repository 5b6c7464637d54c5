// SPDX-License-Identifier: Apache-2.0
#include "tests/lab/apiserver/protobuf.h"

#include <doctest/doctest.h>

using namespace lockkeeper::lab;

namespace {

std::string varint(std::size_t value) {
  std::string bytes;
  for (; value > 127; value >>= 7U)
    bytes += static_cast<char>((value & 127U) | 128U);
  return bytes + static_cast<char>(value);
}

/// A field with a length.
std::string field(std::size_t number, const std::string& bytes) {
  return varint(number << 3U | 2U) + varint(bytes.size()) + bytes;
}

std::string number_field(std::size_t number, std::size_t value) {
  return varint(number << 3U) + varint(value);
}

std::string envelope(const std::string& kind, const std::string& raw) {
  return std::string("k8s\0", 4) + field(1, field(1, "batch/v1") + field(2, kind)) + field(2, raw);
}

}  // namespace

TEST_CASE("a Job in protobuf becomes the JSON that kubectl meant") {
  const std::string labels = field(11, field(1, "app") + field(2, "x"));
  const std::string container = field(1, "main") + field(2, "image:1") + number_field(18, 0);
  const std::string volume = field(1, "scratch") + field(2, field(2, ""));
  const std::string pod =
      field(1, labels) + field(2, field(2, container) + field(1, volume) + field(3, "Never"));
  const std::string spec = number_field(7, 0) + field(6, pod);
  const auto job = decode_protobuf(
      envelope("Job", field(1, field(1, "backup") + field(3, "")) + field(2, spec)));
  REQUIRE(job.has_value());
  CHECK((*job)["kind"] == "Job");
  CHECK((*job)["apiVersion"] == "batch/v1");
  CHECK((*job)["metadata"] == Json({{"name", "backup"}}));
  CHECK((*job)["spec"]["backoffLimit"] == 0);
  const Json& tmpl = (*job)["spec"]["template"];
  CHECK(tmpl["metadata"]["labels"] == Json({{"app", "x"}}));
  CHECK(tmpl["spec"]["containers"][0] == Json({{"name", "main"}, {"image", "image:1"}}));
  CHECK(tmpl["spec"]["volumes"][0] == Json({{"name", "scratch"}, {"emptyDir", Json::object()}}));
  CHECK(tmpl["spec"]["restartPolicy"] == "Never");
}

TEST_CASE("other kinds are a 415 and broken bytes a 400") {
  CHECK(decode_protobuf(envelope("Widget", "")).error().code == 415);
  CHECK(decode_protobuf("no protobuf").error().code == 400);
  CHECK(decode_protobuf("").error().code == 400);
  const std::string good = envelope("Job", field(1, field(1, "backup")));
  for (std::size_t size = 5; size < good.size(); ++size) {
    CAPTURE(size);
    const auto cut = decode_protobuf(good.substr(0, size));
    // Cut between two fields it may still be a smaller message, never a wrong one.
    if (cut) CHECK((*cut).dump().find("backup") == std::string::npos);
  }
}
