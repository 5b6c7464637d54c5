// SPDX-License-Identifier: Apache-2.0
#pragma once

// A kubeconfig file as YAML: plain lookups that never throw, relative paths resolved against the
// file's folder, base64 decoded. Internal to the kubeconfig reader; yaml-cpp stays in the .cpp.
// Values may be shared between threads once they are made.

#include <filesystem>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rules/result.h"

namespace lockkeeper::kubernetes {

struct YamlTree;  // owns yaml-cpp's node

/// The body of a named cluster, user or context.
struct NamedBody {
  std::filesystem::path file;
  std::string name;
  std::shared_ptr<const YamlTree> tree;  // shared: several bodies are parts of one document

  /// A scalar as text, or "".
  [[nodiscard]] std::string text(const std::string& key) const;
  [[nodiscard]] bool has(const std::string& key) const;
  [[nodiscard]] std::optional<NamedBody> child(const std::string& key) const;
  [[nodiscard]] std::vector<std::string> texts(const std::string& key) const;
  /// The maps in a list, each as a body of its own: exec's `env`.
  [[nodiscard]] std::vector<NamedBody> bodies(const std::string& key) const;
  /// The keys of this map.
  [[nodiscard]] std::vector<std::string> keys() const;

  /// What `KEY-data` holds in base64, else what the file named by KEY holds, else "". A file that
  /// was read is added to `read`. No failure shows any content.
  Result<std::string> data_or_file(const std::string& key,
                                   std::vector<std::filesystem::path>& read) const;
  /// A path in this file: relative ones start at the file's folder.
  [[nodiscard]] std::filesystem::path path(const std::string& text) const;
};

struct YamlFile {
  std::filesystem::path path;
  NamedBody root;

  [[nodiscard]] std::string text(std::initializer_list<const char*> keys) const;
  /// The entry called `name` in the list `list`, its member `body`.
  [[nodiscard]] std::optional<NamedBody> named(const char* list, const char* body,
                                               const std::string& name) const;
  [[nodiscard]] std::vector<std::string> names(const char* list) const;
};

/// The failure has the line where the text stops being YAML.
Result<YamlFile> parse_yaml(const std::filesystem::path& path, const std::string& text);

/// Standard base64 with padding, blanks and line breaks ignored.
std::optional<std::string> from_base64(std::string_view text);
std::string to_base64(std::string_view bytes);

}  // namespace lockkeeper::kubernetes
