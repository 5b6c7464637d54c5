// SPDX-License-Identifier: Apache-2.0
#include "integrations/kubernetes/kubeconfig_yaml.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "config/bounded_file.h"

namespace lockkeeper::kubernetes {

struct YamlTree {
  YAML::Node node;
};

namespace {

constexpr std::size_t kFileMaxBytes = 4U << 20U;
constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// yaml-cpp's operator[] on a const node neither creates members nor throws for maps.
YAML::Node member(const YamlTree& tree, const std::string& key) {
  const YAML::Node& node = tree.node;
  if (!node.IsMap()) return YAML::Node(YAML::NodeType::Undefined);
  return node[key];
}

NamedBody body_of(const NamedBody& parent, std::string name, const YAML::Node& node) {
  return {parent.file, std::move(name), std::make_shared<const YamlTree>(YamlTree{node})};
}

std::string scalar(const YAML::Node& node) {
  return node && node.IsScalar() ? node.Scalar() : std::string();
}

}  // namespace

std::string NamedBody::text(const std::string& key) const {
  return scalar(member(*tree, key));
}

bool NamedBody::has(const std::string& key) const {
  const auto node = member(*tree, key);
  return node && !node.IsNull();
}

std::optional<NamedBody> NamedBody::child(const std::string& key) const {
  const auto node = member(*tree, key);
  if (!node || !node.IsMap()) return std::nullopt;
  return body_of(*this, name, node);
}

std::vector<std::string> NamedBody::texts(const std::string& key) const {
  std::vector<std::string> all;
  const auto node = member(*tree, key);
  if (node && node.IsSequence())
    for (const auto& each : node)
      all.push_back(scalar(each));
  return all;
}

std::vector<NamedBody> NamedBody::bodies(const std::string& key) const {
  std::vector<NamedBody> all;
  const auto node = member(*tree, key);
  if (node && node.IsSequence())
    for (const auto& each : node)
      all.push_back(body_of(*this, name, each));
  return all;
}

std::vector<std::string> NamedBody::keys() const {
  std::vector<std::string> all;
  if (tree->node.IsMap())
    for (const auto& each : tree->node)
      all.push_back(scalar(each.first));
  return all;
}

std::filesystem::path NamedBody::path(const std::string& given) const {
  return given.starts_with('/') ? std::filesystem::path(given) : file.parent_path() / given;
}

Result<std::string> NamedBody::data_or_file(const std::string& key,
                                            std::vector<std::filesystem::path>& read) const {
  const auto wrong = [&](std::string_view what) {
    return fail(fmt::format("kubeconfig {}: {}: {}", file.string(), name, what));
  };
  if (const auto data = text(key + "-data"); !data.empty()) {
    auto bytes = from_base64(data);
    if (!bytes) return wrong(key + "-data is not base64");
    return std::move(*bytes);
  }
  const auto named = text(key);
  if (named.empty()) return std::string();
  const auto where = path(named);
  auto content = read_bounded_file(where, kFileMaxBytes);
  if (!content) return wrong(fmt::format("{} {}: {}", key, where.string(), content.error().what));
  read.push_back(where);
  return std::move(content->text);
}

std::string YamlFile::text(std::initializer_list<const char*> keys) const {
  NamedBody at = root;
  for (const char* const* key = keys.begin(); key + 1 < keys.end(); ++key) {
    auto next = at.child(*key);
    if (!next) return {};
    at = std::move(*next);
  }
  return at.text(*(keys.end() - 1));
}

std::optional<NamedBody> YamlFile::named(const char* list, const char* body,
                                         const std::string& wanted) const {
  for (const auto& each : root.bodies(list)) {
    if (each.text("name") != wanted) continue;
    auto found = each.child(body);
    // An entry without a body is an empty one, as kubectl writes a user without credentials.
    if (!found) found = NamedBody{path, wanted, std::make_shared<const YamlTree>()};
    found->name = fmt::format("{} {}", body, wanted);
    return found;
  }
  return std::nullopt;
}

std::vector<std::string> YamlFile::names(const char* list) const {
  std::vector<std::string> all;
  for (const auto& each : root.bodies(list))
    all.push_back(each.text("name"));
  return all;
}

Result<YamlFile> parse_yaml(const std::filesystem::path& path, const std::string& text) {
  try {
    const YAML::Node node = YAML::Load(text);
    if (!node.IsMap())
      return fail(fmt::format("kubeconfig {}: this is not a kubeconfig", path.string()));
    return YamlFile{path, {path, "", std::make_shared<const YamlTree>(YamlTree{node})}};
  } catch (const YAML::Exception& error) {
    // Only the place: yaml-cpp's words may quote the text, and the text holds secrets.
    return fail(
        fmt::format("kubeconfig {}:{}: this is not YAML", path.string(), error.mark.line + 1));
  }
}

// Strict about what is inside: a cut certificate must not become a shorter one.
std::optional<std::string> from_base64(std::string_view text) {
  std::string bytes;
  unsigned bits = 0;
  unsigned count = 0;
  std::size_t padding = 0;
  std::size_t letters = 0;
  for (const char c : text) {
    if (c == '\n' || c == '\r' || c == ' ' || c == '\t') continue;
    ++letters;
    padding += c == '=' ? 1U : 0U;
    if (c == '=') continue;
    const auto value = kAlphabet.find(c);
    if (value == std::string_view::npos || padding > 0) return std::nullopt;
    bits = (bits << 6U | static_cast<unsigned>(value)) & 0xFFFFFFU;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count & 0xFFU);
  }
  if (letters % 4 != 0 || padding > 2) return std::nullopt;
  return bytes;
}

std::string to_base64(std::string_view bytes) {
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    unsigned bits = 0;
    for (std::size_t i = 0; i < 3; ++i)
      bits = bits << 8U | (at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0U);
    const std::size_t letters = std::min<std::size_t>(3, bytes.size() - at) + 1;
    for (std::size_t i = 0; i < 4; ++i)
      text += i < letters ? kAlphabet[bits >> (18U - 6U * i) & 0x3FU] : '=';
  }
  return text;
}

}  // namespace lockkeeper::kubernetes
