// SPDX-License-Identifier: Apache-2.0

// Whatever a mirror, a channel server or a node says of versions, it is refused in words, or read
// as a list without doubles whose every entry stood in the text.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "integrations/packages/channel.h"
#include "integrations/packages/madison.h"
#include "integrations/packages/release.h"
#include "integrations/packages/unpack.h"
#include "rules/version.h"
#include "tests/fuzz/fuzz.h"

namespace lockkeeper::packages {
namespace {

constexpr std::size_t kUnpackedMax = 1U << 20U;

void judge(const Result<std::vector<std::string>>& read, std::string_view text) {
  if (!read) {
    PROMISE(!read.error().what.empty());
    return;
  }
  auto versions = *read;
  std::ranges::sort(versions);
  PROMISE(std::ranges::adjacent_find(versions) == versions.end());
  for (const auto& version : versions) {
    PROMISE(version.size() <= text.size());
    PROMISE(!version.contains('~') && !version.contains('\n'));
    // The next reader of it: only a whole version comes out, and it is written as it was read.
    if (const auto known = parse_version(version)) {
      const auto again = parse_version(to_string(*known));
      PROMISE(again && *again == *known);
    }
  }
}

void read_release(std::string_view text) {
  const auto files = parse_release(text);
  PROMISE(files ? !files->empty() : !files.error().what.empty());
  if (!files) return;
  for (const auto& [name, file] : *files)
    PROMISE(!name.empty() && file.sha256.size() == 64);
}

void read_signed(std::string_view text) {
  const auto inside = signed_text(text);
  PROMISE(inside || !inside.error().what.empty());
  if (inside) PROMISE(inside->size() <= text.size() + 1);
}

void read_channels(std::string_view text) {
  const auto latest = channel_latest(text, "stable");
  if (latest) {
    PROMISE(latest->size() <= text.size());
  } else {
    PROMISE(!latest.error().what.empty());
  }
  const auto tag = tag_of_location(text);
  if (!tag) return;
  PROMISE(text.contains("/releases/tag/"));
  PROMISE(tag->size() <= text.size());
}

void unpack(std::string_view text) {
  const auto unpacked = unpack_gzip(text, kUnpackedMax);
  if (!unpacked) return;
  PROMISE(unpacked->size() <= kUnpackedMax);
  judge(parse_packages(*unpacked, "kubeadm"), *unpacked);
}

}  // namespace
}  // namespace lockkeeper::packages

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lockkeeper::packages;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  judge(parse_packages(text, "kubeadm"), text);
  judge(parse_madison(text), text);
  read_release(text);
  read_signed(text);
  read_channels(text);
  unpack(text);
  return 0;
}
