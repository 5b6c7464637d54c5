// SPDX-License-Identifier: Apache-2.0
#include "integrations/packages/release.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "rules/text.h"

namespace lockkeeper::packages {
namespace {

constexpr std::string_view kBegin = "-----BEGIN PGP SIGNED MESSAGE-----";
constexpr std::string_view kSignature = "-----BEGIN PGP SIGNATURE-----";
constexpr std::string_view kEnd = "-----END PGP SIGNATURE-----";
constexpr std::size_t kSha256Length = 64;

/// Takes the next line off the text, without its end.
std::string_view next_line(std::string_view& text) {
  const auto end = std::min(text.find('\n'), text.size());
  auto line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (const auto piece : split(line, ' '))
    if (!piece.empty()) words.push_back(piece);
  return words;
}

Result<std::pair<std::string, ListedFile>> listed_file(std::string_view line) {
  const auto words = words_of(line);
  ListedFile file;
  const bool three = words.size() == 3 && words[0].size() == kSha256Length;
  if (three) {
    const auto& size = words[1];
    const auto read = std::from_chars(size.data(), size.data() + size.size(), file.size);
    if (read.ec == std::errc{} && read.ptr == size.data() + size.size()) {
      file.sha256 = words[0];
      return std::pair{std::string(words[2]), file};
    }
  }
  return fail("its list of SHA256 sums cannot be read");
}

}  // namespace

Result<std::map<std::string, ListedFile>> parse_release(std::string_view text) {
  std::map<std::string, ListedFile> files;
  bool inside = false;
  while (!text.empty()) {
    const auto line = next_line(text);
    if (!line.starts_with(' ')) {
      inside = trimmed(line) == "SHA256:";
    } else if (inside) {
      auto file = listed_file(line);
      if (!file) return std::unexpected(file.error());
      files.insert(std::move(*file));
    }
  }
  if (files.empty()) return fail("it lists no SHA256 sums");
  return files;
}

Result<std::vector<std::string>> parse_packages(std::string_view text, std::string_view package) {
  std::vector<std::string> versions;
  std::string_view name;
  bool any = false;
  while (!text.empty()) {
    const auto line = next_line(text);
    if (line.empty()) name = {};
    if (line.starts_with("Package:")) name = trimmed(line.substr(8));
    any = any || !name.empty();
    if (name != package || !line.starts_with("Version:")) continue;
    auto version = upstream_version(trimmed(line.substr(8)));
    if (std::ranges::find(versions, version) == versions.end())
      versions.push_back(std::move(version));
  }
  if (!any) return fail("it names no package");
  return versions;
}

// "~" sorts before everything in Debian, so a release candidate is written with it.
std::string upstream_version(std::string_view version) {
  std::string text(version.substr(0, version.rfind('-')));
  std::ranges::replace(text, '~', '-');
  return text;
}

Result<std::string> signed_text(std::string_view message) {
  if (!message.starts_with(kBegin)) return fail("it is no signed message");
  while (!message.empty() && !next_line(message).empty()) {
  }
  std::string text;
  while (!message.empty()) {
    auto line = next_line(message);
    if (line == kSignature) {
      if (message.find(kEnd) == message.npos) break;
      return text;
    }
    if (line.starts_with("- ")) line.remove_prefix(2);
    text += std::string(line) + "\n";
  }
  return fail("it is cut short before the end of its signature");
}

bool is_web_page(std::string_view body) {
  const auto start = body.find_first_not_of(" \t\r\n");
  return start != body.npos && body[start] == '<';
}

}  // namespace lockkeeper::packages
