// SPDX-License-Identifier: Apache-2.0
#include "integrations/packages/unpack.h"

#include <doctest/doctest.h>
#include <zlib.h>

#include "tests/unit/packages/feed_site.h"

namespace lockkeeper::packages {
namespace {

constexpr std::size_t kLimit = 1U << 20U;

std::string packed(const std::string& text) {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  std::string in = text;
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string unpacked(const std::string& text, std::size_t limit = kLimit) {
  const auto result = unpack_gzip(text, limit);
  return result ? *result : result.error().what;
}

}  // namespace

TEST_CASE("a gzip file unpacks to its text") {
  CHECK(unpacked(test::file("Packages.gz")) == test::file("Packages"));
  CHECK(unpacked(packed("")).empty());
  const std::string large(200'000, 'x');
  CHECK(unpacked(packed(large)) == large);
}

TEST_CASE("what is no gzip, is cut short, or has more behind it is refused") {
  const auto good = packed("some text that is long enough to be cut");
  CHECK(unpacked("") == "its gzip is cut short");
  CHECK(unpacked("Package: kubeadm\n") == "it is no gzip");
  for (std::size_t length = 1; length < good.size(); ++length)
    CHECK_FALSE(unpack_gzip(std::string_view(good).substr(0, length), kLimit).has_value());
  CHECK(unpacked(good + "x") == "more stands behind the end of its gzip");
  auto wrong = good;
  wrong[wrong.size() - 6] = static_cast<char>(~wrong[wrong.size() - 6]);  // of its checksum
  CHECK(unpacked(wrong) == "it is no gzip");
}

TEST_CASE("a bomb is given up while it unfolds") {
  const auto bomb = packed(std::string(4U << 20U, '\0'));
  CHECK(bomb.size() < 10'000);
  CHECK(unpacked(bomb) == "it unpacks to more than 1048576 bytes");
}

TEST_CASE("SHA-256 as everybody writes it") {
  CHECK(sha256_of("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace lockkeeper::packages
