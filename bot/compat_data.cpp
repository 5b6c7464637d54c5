// SPDX-License-Identifier: Apache-2.0
#include "bot/compat_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "bot/compat_files.h"
#include "bot/json_fields.h"
#include "rules/text.h"

namespace lockkeeper {
namespace {

using json_fields::get;
using json_fields::Json;
using json_fields::Malformed;

constexpr int kSchema = 1;

/// A member that may be left out.
std::string text_or_nothing(const Json& object, const char* name) {
  return object.contains(name) ? get<std::string>(object, name) : std::string();
}

/// What is misspelt would otherwise be left out without a word.
void only(const Json& object, const std::set<std::string_view>& known) {
  if (!object.is_object()) throw Malformed("an entry is not an object");
  for (const auto& [name, value] : object.items())
    if (!known.contains(name)) throw Malformed(fmt::format("\"{}\" is unknown", clipped(name, 40)));
}

const Json& list(const Json& object, const char* name) {
  const auto at = object.find(name);
  if (at == object.end() || !at->is_array() || at->empty())
    throw Malformed(fmt::format("\"{}\" is not a list with entries", name));
  return *at;
}

Minor minor_at(const Json& object, const char* name) {
  const auto minor = parse_minor(get<std::string>(object, name));
  if (!minor) throw Malformed(fmt::format("\"{}\": {}", name, minor.error().what));
  return *minor;
}

PartVersion version_of(const std::string& text) {
  // "1" stands for a whole major, in a `to`.
  const auto version = parse_part_version(text.find('.') == text.npos ? text + ".0" : text);
  if (!version) throw Malformed(fmt::format("'{}' is no version", clipped(text, 40)));
  auto made = *version;
  if (text.find('.') == text.npos) made.count = 1;
  return made;
}

Json document(std::string_view text, const std::set<std::string_view>& known) {
  auto json = Json::parse(text, nullptr, false);
  if (json.is_discarded() || !json.is_object()) throw Malformed("it is no JSON object");
  if (get<int>(json, "schema") != kSchema)
    throw Malformed(fmt::format("its schema is not {}", kSchema));
  only(json, known);
  return json;
}

Time updated_in(const Json& json) {
  const auto time = parse_time(get<std::string>(json, "updated") + "T00:00:00Z");
  if (!time) throw Malformed("\"updated\" is no date such as 2026-10-22");
  return *time;
}

AddonRow addon_row(const Json& json) {
  only(json, {"from", "to", "max", "source"});
  AddonRow row{version_of(get<std::string>(json, "from")),
               version_of(get<std::string>(json, "to")),
               {},
               get<std::string>(json, "source")};
  if (get<std::string>(json, "max") != "any") row.max = minor_at(json, "max");
  return row;
}

AddonData addon(const Json& json) {
  only(json, {"name", "means", "images", "labels", "note", "rows"});
  AddonData data;
  data.name = get<std::string>(json, "name");
  data.means = get<std::string>(json, "means");
  if (data.means != "tested" && data.means != "supported")
    throw Malformed(data.name + ": \"means\" is neither tested nor supported");
  data.images = get<std::vector<std::string>>(json, "images");
  data.labels = get<std::vector<std::string>>(json, "labels");
  data.note = text_or_nothing(json, "note");
  try {
    for (const auto& row : list(json, "rows"))
      data.rows.push_back(addon_row(row));
  } catch (const Malformed& problem) {
    throw Malformed(data.name + ": " + problem.what());
  }
  if (std::ranges::adjacent_find(data.rows, std::greater_equal(), &AddonRow::from) !=
      data.rows.end())
    throw Malformed(data.name + ": its rows are not in ascending order");
  return data;
}

void read_addons(std::string_view text, CompatData& data) {
  const auto json = document(text, {"schema", "updated", "addons"});
  data.updated = updated_in(json);
  for (const auto& one : list(json, "addons"))
    data.addons.push_back(addon(one));
}

void read_apis(std::string_view text, CompatData& data) {
  const auto json = document(text, {"schema", "updated", "apis"});
  data.updated = std::min(data.updated, updated_in(json));
  for (const auto& one : list(json, "apis")) {
    only(one, {"api", "removed_in", "use"});
    data.apis.push_back(
        {get<std::string>(one, "api"), minor_at(one, "removed_in"), get<std::string>(one, "use")});
  }
}

RuntimeRow runtime_row(const Json& json) {
  only(json, {"target", "floors", "warn_below", "source"});
  RuntimeRow row;
  row.target = minor_at(json, "target");
  for (const auto& floor : get<std::vector<std::string>>(json, "floors"))
    row.floors.push_back(version_of(floor));
  if (row.floors.empty() || !std::ranges::is_sorted(row.floors))
    throw Malformed("floors of " + to_string(row.target) + " are not in ascending order");
  if (json.contains("warn_below"))
    row.warn_below = version_of(get<std::string>(json, "warn_below"));
  row.source = get<std::string>(json, "source");
  return row;
}

void read_nodes(std::string_view text, CompatData& data) {
  const auto json =
      document(text, {"schema", "updated", "containerd", "cgroup_v2", "flags", "feature_gates"});
  data.updated = std::min(data.updated, updated_in(json));
  for (const auto& row : list(json, "containerd"))
    data.containerd.push_back(runtime_row(row));
  if (!std::ranges::is_sorted(data.containerd, {}, &RuntimeRow::target))
    throw Malformed("the rows of containerd are not in ascending order");
  const auto cgroup = get<Json>(json, "cgroup_v2");
  only(cgroup, {"from", "source"});
  data.cgroup_v2_from = minor_at(cgroup, "from");
  for (const auto& one : list(json, "flags")) {
    only(one, {"component", "flag", "removed_in", "cleaned_in"});
    data.flags.push_back({get<std::string>(one, "component"), get<std::string>(one, "flag"),
                          minor_at(one, "removed_in"), text_or_nothing(one, "cleaned_in")});
  }
  for (const auto& one : list(json, "feature_gates")) {
    only(one, {"gate", "removed_in"});
    data.gates.push_back({"", get<std::string>(one, "gate"), minor_at(one, "removed_in")});
  }
}

Status read_file(const char* name, std::string_view text, CompatData& data,
                 void (*read)(std::string_view, CompatData&)) {
  try {
    read(text, data);
    return {};
  } catch (const std::exception& problem) {
    return fail(fmt::format("{}: {}", name, problem.what()));
  }
}

}  // namespace

CompatTexts built_in_compat() {
  return {addons_json, apis_json, nodes_json};
}

Result<CompatData> parse_compat(const CompatTexts& texts) {
  CompatData data;
  auto status = read_file("addons.json", texts.addons, data, read_addons);
  if (status) status = read_file("apis.json", texts.apis, data, read_apis);
  if (status) status = read_file("nodes.json", texts.nodes, data, read_nodes);
  if (!status) return std::unexpected(status.error());
  return data;
}

Result<Minor> parse_minor(std::string_view text) {
  const auto version = parse_part_version(text);
  const bool plain = !text.empty() && text.find_first_not_of("0123456789.") == text.npos;
  if (!version || !plain || text.ends_with('.'))
    return fail(fmt::format("'{}' is no minor version such as 1.35", clipped(text, 40)));
  return Minor{version->parts[0], version->parts[1]};
}

std::optional<PartVersion> parse_part_version(std::string_view text) {
  if (text.starts_with('v')) text.remove_prefix(1);
  PartVersion version;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (version.count < version.parts.size()) {
    const auto read = std::from_chars(at, end, version.parts[version.count]);
    if (read.ec != std::errc{} || version.parts[version.count] < 0) break;
    ++version.count;
    at = read.ptr;
    if (at == end || *at != '.' || version.count == version.parts.size()) break;
    ++at;
  }
  const bool bounded = at == end || std::string_view("-+_.").contains(*at);
  if (version.count < 2 || !bounded) return std::nullopt;
  return version;
}

std::string to_string(Minor minor) {
  return fmt::format("{}.{}", minor.major, minor.minor);
}

std::string to_string(const PartVersion& version) {
  std::string text;
  for (std::size_t i = 0; i < version.count; ++i)
    text += (i == 0 ? "" : ".") + std::to_string(version.parts[i]);
  return text;
}

}  // namespace lockkeeper
