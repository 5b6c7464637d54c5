// SPDX-License-Identifier: Apache-2.0
#include "integrations/packages/unpack.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <zlib.h>

#include <array>

namespace lockkeeper::packages {
namespace {

constexpr int kGzipOnly = 16 + MAX_WBITS;

/// zlib's state, freed at the end.
struct Inflater {
  z_stream stream{};
  bool ready = inflateInit2(&stream, kGzipOnly) == Z_OK;

  Inflater() = default;
  ~Inflater() {
    if (ready) inflateEnd(&stream);
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
};

}  // namespace

Result<std::string> unpack_gzip(std::string_view packed, std::size_t limit_bytes) {
  Inflater inflater;
  if (!inflater.ready) return fail("zlib has no memory");
  auto& stream = inflater.stream;
  std::string input(packed);  // zlib's pointer is not const
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  std::string text;
  std::array<char, 16'384> piece{};
  int state = Z_OK;
  while (state == Z_OK) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    state = inflate(&stream, Z_NO_FLUSH);
    text.append(piece.data(), piece.size() - stream.avail_out);
    if (text.size() > limit_bytes)
      return fail(fmt::format("it unpacks to more than {} bytes", limit_bytes));
    if (state == Z_OK && stream.avail_in == 0 && stream.avail_out != 0) state = Z_BUF_ERROR;
  }
  if (state == Z_BUF_ERROR) return fail("its gzip is cut short");
  if (state != Z_STREAM_END) return fail("it is no gzip");
  if (stream.avail_in != 0) return fail("more stands behind the end of its gzip");
  return text;
}

std::string sha256_of(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha256(), nullptr);
  std::string hex;
  for (unsigned int i = 0; i < length; ++i)
    hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

}  // namespace lockkeeper::packages
