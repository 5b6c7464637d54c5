// SPDX-License-Identifier: Apache-2.0
#include "config/table.h"

#include "config/settings.h"

namespace lockkeeper {
namespace {

/// A path whose text is kept, because a SecretSource holds plain strings.
ValueKind<std::string> path_text_value() {
  auto read = [read = path_value().read](std::string_view text) -> ReadValue<std::string> {
    const auto file = read(text);
    if (!file) return std::unexpected(file.error());
    return file->string();
  };
  return {path_value().form, read, text_value().show};
}

}  // namespace

/// One of the four keys: it fills one member of the source, and shows it.
template <class T>
void Table<T>::add_source(std::string_view secret_name, std::string_view suffix,
                          const std::function<SecretSource&(T&)>& make,
                          const std::function<const SecretSource*(const T&)>& find,
                          std::string SecretSource::* member, const ValueKind<std::string>& kind,
                          std::string_view key_help) {
  Key<T> added;
  added.name = std::string(secret_name) + std::string(suffix);
  added.help = key_help;
  added.form = kind.form;
  added.empty_means = "not given";
  added.group = secret_name;
  added.secret = true;
  added.read = [make, member, read = kind.read](
                   T& target, std::string_view text,
                   const std::filesystem::path& folder) -> ReadValue<void> {
    auto value = read(text);
    if (!value) return std::unexpected(value.error());
    if (member == &SecretSource::file) *value = completed(*value, folder).string();
    make(target).*member = std::move(*value);
    return {};
  };
  added.show = [find, member](const T& target) {
    const SecretSource* source = find(target);
    return source == nullptr ? std::string() : source->*member;
  };
  keys.push_back(std::move(added));
}

template <class T>
Table<T>& Table<T>::secret(std::string_view secret_name,
                           const std::function<SecretSource&(T&)>& make,
                           std::function<const SecretSource*(const T&)> find,
                           std::string_view key_help) {
  add_source(secret_name, "_file", make, find, &SecretSource::file, path_text_value(), key_help);
  add_source(secret_name, "_env", make, find, &SecretSource::env, environment_value(),
             "the same, from an environment variable");
  add_source(secret_name, "_credential", make, find, &SecretSource::credential, credential_value(),
             "the same, from a systemd credential (LoadCredential=)");
  add_source(secret_name, "_secret", make, find, &SecretSource::kubernetes, secret_path_value(),
             "the same, from a Kubernetes Secret");
  secrets.push_back({std::string(secret_name), std::move(find)});
  return *this;
}

// The targets that have secrets.
template struct Table<Settings>;
template struct Table<ClientSettings>;
template struct Table<PrometheusSettings>;

}  // namespace lockkeeper
