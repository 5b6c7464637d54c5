// SPDX-License-Identifier: Apache-2.0
#pragma once

// The declarative description of a section: its keys, what each may hold and what it is for. One
// table serves the loader, `check`, the reference in the documentation and the test of the shipped
// files, so that they cannot drift apart. Built once, read from any thread.

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "config/secret.h"
#include "config/value.h"

namespace lockkeeper {

/// What can be told of a key without knowing what it fills.
struct KeyFacts {
  std::string name;
  std::string help;         // one line for the reference
  std::string form;         // "a duration from 1s to 1h"
  std::string empty_means;  // what no value means; empty: the key needs a value
  std::string group;        // keys of one group are alternatives: at most one may be given
  bool required = false;    // there is no default
  bool secret = false;      // one of the four sources of the secret named by `group`
  bool repeatable = false;  // may stand several times
};

/// A key of a section that fills a T.
template <class T>
struct Key : KeyFacts {
  /// Fills the target. A relative path starts at `folder`.
  std::function<ReadValue<void>(T&, std::string_view text, const std::filesystem::path& folder)>
      read;
  /// The value in the target as text; empty when there is none.
  std::function<std::string(const T&)> show;
};

/// A secret as a whole, beside the keys for its four sources: for showing it, and for telling
/// somebody who wrote it inline what to write instead.
template <class T>
struct SecretKey {
  std::string name;
  std::function<const SecretSource*(const T&)> find;  // null: there is none
};

/// A section, described. Tables are made by adding keys one after the other:
///   table.key("port", at(&SshSettings::port), port_value(1), "the port of sshd")
template <class T>
struct Table {
  std::string name;                     // of the section, for example "ssh"
  std::string help;                     // what the section is about
  std::vector<Key<T>> keys;             // in the order of the shipped file
  std::vector<SecretKey<T>> secrets;    // their sources are among the keys
  std::vector<std::string_view> later;  // keys of a wider language that are not supported yet

  /// Adds a key. `find` leads from a (const) target to the value, `kind` reads and writes it;
  /// `empty_means` is given for keys that need no value, and must say what none means.
  template <class V, class Find>
  Table& key(std::string_view key_name, const Find& find, const ValueKind<V>& kind,
             std::string_view key_help, std::string_view empty_means = {});

  /// Adds the four keys NAME_file, NAME_env, NAME_credential and NAME_secret. `make` leads to the
  /// source that is to be filled, `find` to the one that is there or null.
  Table& secret(std::string_view secret_name, const std::function<SecretSource&(T&)>& make,
                std::function<const SecretSource*(const T&)> find, std::string_view key_help);

  /// The key just added, to set what few keys have.
  KeyFacts& last() { return keys.back(); }

 private:
  /// Adds NAME<suffix>, which fills `member` of the source.
  void add_source(std::string_view secret_name, std::string_view suffix,
                  const std::function<SecretSource&(T&)>& make,
                  const std::function<const SecretSource*(const T&)>& find,
                  std::string SecretSource::* member, const ValueKind<std::string>& kind,
                  std::string_view key_help);
};

/// Where a path of the ini file leads: the same place whatever folder the process stands in.
/// `path`, starting at `folder` when it is relative; an empty one stays empty.
inline std::filesystem::path completed(const std::filesystem::path& path,
                                       const std::filesystem::path& folder) {
  return path.empty() ? path : (folder / path).lexically_normal();
}

template <class T>
template <class V, class Find>
Table<T>& Table<T>::key(std::string_view key_name, const Find& find, const ValueKind<V>& kind,
                        std::string_view key_help, std::string_view empty_means) {
  Key<T> added;
  added.name = key_name;
  added.help = key_help;
  added.form = kind.form;
  added.empty_means = empty_means;
  added.read = [find, read = kind.read](T& target, std::string_view text,
                                        const std::filesystem::path& folder) -> ReadValue<void> {
    auto value = read(text);
    if (!value) return std::unexpected(value.error());
    if constexpr (std::is_same_v<V, std::filesystem::path>) *value = completed(*value, folder);
    find(target) = std::move(*value);
    return {};
  };
  added.show = [find, show = kind.show](const T& target) { return show(find(target)); };
  keys.push_back(std::move(added));
  return *this;
}

}  // namespace lockkeeper
