// SPDX-License-Identifier: Apache-2.0
#include "config/reference.h"

#include <fmt/format.h>

#include "config/sections.h"

namespace lockkeeper {
namespace {

constexpr std::string_view kIntroduction =
    R"(# Reference of the configuration

The configuration is an ini file, by default `/etc/lockkeeper/lockkeeper.ini`. A line is a
`[section]`, a `key = value`, a comment that begins with `#` or `;`, or empty. A comment stands on a
line of its own, nothing is indented, and every section and key stands once, but for the keys that
say otherwise. A relative path starts at the folder of the file. A duration has units (`90s`,
`1h30m`), a size as well (`64KiB`, `10GiB`).

A secret never stands in the file: each one has four keys, `NAME_file`, `NAME_env`,
`NAME_credential` (systemd) and `NAME_secret` (Kubernetes), of which one is given.

Rules are tried in this order, and the first of which all keys hold for an alert decides: the
built-in ones, those of the file itself, those of its rules file. Among several alerts the most
severe action wins: abort, pause, resume, notify, ignore.
)";

/// A `|` would end the cell.
std::string cell(std::string text) {
  for (std::size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2)
    text.replace(at, 1, "\\|");
  return text;
}

/// What the key means when it is not there.
template <class T>
std::string default_of(const Key<T>& key, const T& defaults) {
  if (key.required) return "required";
  return key.empty_means.empty() ? "`" + key.show(defaults) + "`" : key.empty_means;
}

template <class T>
std::string section(const Table<T>& table, const T& defaults) {
  auto text =
      fmt::format("\n## [{}]\n\n{}\n\n| key | value | default | meaning |\n|---|---|---|---|\n",
                  table.name, table.help);
  for (const auto& key : table.keys) {
    text += fmt::format("| `{}` | {} | {} | {}{} |\n", key.name, cell(key.form),
                        cell(default_of(key, defaults)), cell(key.help),
                        key.repeatable ? "; may stand several times" : "");
  }
  return text;
}

}  // namespace

std::string reference_markdown() {
  std::string text(kIntroduction);
  const auto defaults = default_settings();
  for (const auto& table : settings_tables()) {
    text += section(table, defaults);
    if (table.name == "prometheus") {
      text += section(further_prometheus_table(), PrometheusSettings{});
    }
  }
  text += section(client_table(), ClientSettings{});
  text += section(override_table(), CompatOverride{});
  text += section(rule_table(), Rule{});
  return text + section(window_table(), Window{});
}

}  // namespace lockkeeper
