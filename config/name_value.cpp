// SPDX-License-Identifier: Apache-2.0

// The kinds of values that name something outside: files, hosts, objects, variables.

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "config/value.h"

namespace lockkeeper {
namespace {

constexpr std::size_t kShownBytes = 80;
constexpr std::size_t kObjectNameBytesMax = 253;
constexpr std::size_t kListItemsMax = 1000;  // bounds the search for what stands twice

/// Text is written as it was read.
std::string same(const std::string& value) {
  return value;
}

/// A value for a message: quoted and cut.
std::string shown(std::string_view text) {
  return "'" + clipped(text, kShownBytes) + "'";
}

bool is_lower_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool is_word_character(char c) {
  return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z') || c == '_';
}

/// Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
bool is_object_name(std::string_view text) {
  if (text.empty() || text.size() > kObjectNameBytesMax) return false;
  if (!is_lower_or_digit(text.front()) || !is_lower_or_digit(text.back())) return false;
  return std::ranges::all_of(text,
                             [](char c) { return is_lower_or_digit(c) || c == '-' || c == '.'; });
}

/// Ini values have no quotes of their own; whoever writes them expects them to vanish.
bool in_quotes(std::string_view text) {
  return text.size() > 1 && (text.front() == '"' || text.front() == '\'') &&
         text.front() == text.back();
}

/// The bytes of an IPv4 address, when it is one.
std::optional<std::array<unsigned char, 4>> ipv4(std::string_view text) {
  std::array<unsigned char, 4> bytes{};
  if (::inet_pton(AF_INET, std::string(text).c_str(), bytes.data()) != 1) return std::nullopt;
  return bytes;
}

/// The bytes of an IPv6 address, when it is one.
std::optional<std::array<unsigned char, 16>> ipv6(std::string_view text) {
  std::array<unsigned char, 16> bytes{};
  if (::inet_pton(AF_INET6, std::string(text).c_str(), bytes.data()) != 1) return std::nullopt;
  return bytes;
}

/// 1 to 65535, as it stands in a URL.
bool is_port(std::string_view text) {
  const bool digits = !text.empty() && text.size() <= 5 &&
                      std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  return digits && std::stoi(std::string(text)) >= 1 && std::stoi(std::string(text)) <= 65535;
}

/// Whether `host` or `host:port` can be reached in principle.
bool is_authority(std::string_view text) {
  std::string_view host = text;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos || !ipv6(text.substr(1, end - 1))) return false;
    const std::string_view after = text.substr(end + 1);
    return after.empty() || (after.starts_with(':') && is_port(after.substr(1)));
  }
  if (const std::size_t colon = text.find(':'); colon != std::string_view::npos) {
    if (!is_port(text.substr(colon + 1))) return false;
    host = text.substr(0, colon);
  }
  return !host.empty() && std::ranges::all_of(host, [](char c) {
    return is_word_character(c) || c == '-' || c == '.';
  });
}

/// A stricter URL than the standard's: everything that a client would interpret beyond host, port
/// and path is refused, so that two libraries cannot disagree about it.
ReadValue<std::string> read_url(std::string_view text) {
  const std::size_t scheme_end = text.find("://");
  const std::string_view scheme = text.substr(0, scheme_end);
  if (scheme_end == std::string_view::npos || (scheme != "http" && scheme != "https")) {
    return refuse("a URL begins with http:// or https://");
  }
  const std::string_view rest = text.substr(scheme_end + 3);
  // The text is not repeated: what stands before the '@' may be a password.
  if (rest.find('@') != std::string_view::npos) {
    return refuse("a URL here holds no user name or password");
  }
  if (rest.find_first_of("?#\\ \t\"") != std::string_view::npos) {
    return refuse("a URL here holds no query, fragment, quotes or blanks");
  }
  if (!is_authority(rest.substr(0, rest.find('/')))) {
    return refuse("the URL's host or port is not valid");
  }
  std::string url(text);
  while (url.ends_with('/'))
    url.pop_back();
  return url;
}

/// Text for people and names that others gave; it is taken as it stands.
ReadValue<std::string> read_text(std::string_view text) {
  if (in_quotes(text)) return refuse("remove the quotes: the value is taken as it stands");
  return std::string(text);
}

/// No expansion: a daemon has no home, and a `$` in a path is more likely a mistake than a name.
ReadValue<std::filesystem::path> read_path(std::string_view text) {
  if (in_quotes(text)) return refuse("remove the quotes: the path is taken as it stands");
  if (text.starts_with('~')) return refuse("write the path in full; ~ is not expanded");
  if (text.find('$') != std::string_view::npos) {
    return refuse("write the path in full; variables are not expanded");
  }
  return std::filesystem::path(text);
}

/// The words go into a command line on the node, so nothing in them may mean anything to a shell.
ReadValue<std::string> read_flags(std::string_view text) {
  for (const auto word : split(text, ' ')) {
    const bool fine =
        word.empty() || (word.starts_with('-') && std::ranges::all_of(word, [](char c) {
                           return is_word_character(c) || std::string_view("-=,./:+@%").contains(c);
                         }));
    if (!fine) return refuse("write flags like --name=value, without quotes or shell characters");
  }
  return std::string(text);
}

}  // namespace

bool is_loopback(std::string_view address) {
  if (const auto bytes = ipv4(address)) return (*bytes)[0] == 127;
  const auto bytes = ipv6(address);
  static constexpr std::array<unsigned char, 16> kOne = {0, 0, 0, 0, 0, 0, 0, 0,
                                                         0, 0, 0, 0, 0, 0, 0, 1};
  return bytes && *bytes == kOne;
}

ValueKind<std::filesystem::path> path_value() {
  return {"a path", read_path, [](const std::filesystem::path& path) { return path.string(); }};
}

ValueKind<std::string> text_value() {
  return {"text", read_text, same};
}

ValueKind<std::string> raw_value(std::string form) {
  return {std::move(form),
          [](std::string_view text) -> ReadValue<std::string> { return std::string(text); }, same};
}

ValueKind<std::string> flags_value() {
  return {"flags separated by blanks", read_flags, same};
}

ValueKind<std::string> name_value(const std::string& form) {
  auto read = [form](std::string_view text) -> ReadValue<std::string> {
    if (is_object_name(text)) return std::string(text);
    return refuse(
        fmt::format("{} is not {}: lower-case letters, digits, '-' and '.'", shown(text), form));
  };
  return {form, read, same};
}

ValueKind<std::string> namespaced_value() {
  auto read = [](std::string_view text) -> ReadValue<std::string> {
    const auto parts = split(text, '/');
    if (parts.size() == 2 && std::ranges::all_of(parts, is_object_name)) return std::string(text);
    return refuse(shown(text) + " is not namespace/name");
  };
  return {"namespace/name", read, same};
}

ValueKind<std::string> environment_value() {
  // The text is not repeated: it may be the secret itself, put into the wrong key.
  auto read = [](std::string_view text) -> ReadValue<std::string> {
    const bool digit_first = !text.empty() && text.front() >= '0' && text.front() <= '9';
    if (!text.empty() && !digit_first && std::ranges::all_of(text, is_word_character)) {
      return std::string(text);
    }
    return refuse("write the name of an environment variable: letters, digits and _");
  };
  return {"the name of an environment variable", read, same};
}

ValueKind<std::string> credential_value() {
  // No slash and no leading dot: the name must not lead out of the credentials' folder.
  auto read = [](std::string_view text) -> ReadValue<std::string> {
    const bool fine = !text.empty() && text.front() != '.' && std::ranges::all_of(text, [](char c) {
      return is_word_character(c) || c == '-' || c == '.';
    });
    if (fine) return std::string(text);
    return refuse("write the name of a systemd credential: letters, digits, '_', '-' and '.'");
  };
  return {"the name of a systemd credential", read, same};
}

ValueKind<std::string> secret_path_value() {
  auto read = [](std::string_view text) -> ReadValue<std::string> {
    const auto parts = split(text, '/');
    const bool fine = parts.size() == 3 && is_object_name(parts[0]) && is_object_name(parts[1]) &&
                      !parts[2].empty() && std::ranges::all_of(parts[2], [](char c) {
                        return is_word_character(c) || c == '-' || c == '.';
                      });
    if (fine) return std::string(text);
    return refuse("write namespace/name/key of a Kubernetes Secret");
  };
  return {"namespace/name/key of a Kubernetes Secret", read, same};
}

ValueKind<std::string> url_value() {
  return {"an http or https URL", read_url, same};
}

ValueKind<std::string> address_value() {
  // A name would need a resolver, and could mean another address tomorrow.
  auto read = [](std::string_view text) -> ReadValue<std::string> {
    if (ipv4(text) || ipv6(text)) return std::string(text);
    return refuse(shown(text) + " is not an IP address, such as 127.0.0.1, 0.0.0.0 or ::1");
  };
  return {"an IP address", read, same};
}

ValueKind<std::vector<std::string>> list_value(const ValueKind<std::string>& item,
                                               std::string form) {
  auto read = [item](std::string_view text) -> ReadValue<std::vector<std::string>> {
    std::vector<std::string> items;
    const auto pieces = split(text, ',');
    if (pieces.size() > kListItemsMax) {
      return refuse(fmt::format("more than {} entries", kListItemsMax));
    }
    for (const auto piece : pieces) {
      if (piece.empty()) return refuse("an entry of the list is empty; remove the extra comma");
      auto value = item.read(piece);
      if (!value) return std::unexpected(value.error());
      if (std::ranges::find(items, *value) != items.end()) {
        return refuse(shown(*value) + " stands twice in the list");
      }
      items.push_back(std::move(*value));
    }
    return items;
  };
  return {std::move(form), read,
          [](const std::vector<std::string>& items) { return joined(items); }};
}

}  // namespace lockkeeper
