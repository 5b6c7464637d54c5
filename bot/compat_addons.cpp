// SPDX-License-Identifier: Apache-2.0
#include "bot/compat_addons.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace lockkeeper {
namespace {

/// What was found of one addon.
struct Seen {
  bool by_image = false;
  std::optional<PartVersion> oldest;
  std::string unreadable;  // an image whose version nobody can tell
};

bool image_is(std::string_view name, const std::string& end) {
  return name == end || name.ends_with("/" + end);
}

void note(Seen& seen, const RunningImage& running, bool by_image) {
  // An image tells more than a label, which jobs and side cars of other makers carry as well.
  if (seen.by_image && !by_image) return;
  if (by_image && !seen.by_image) seen = {true, {}, {}};
  auto version = tag_version(running.image);
  const auto label = parse_part_version(running.version);
  if ((!version || !by_image) && label) version = label;
  if (!version) {
    seen.unreadable = running.image;
  } else if (!seen.oldest || *version < *seen.oldest) {
    seen.oldest = version;
  }
}

/// Whether `version` is at most `to`, where "3.26" holds all of 3.26.
bool within(const PartVersion& version, const PartVersion& to) {
  for (std::size_t i = 0; i < to.count; ++i)
    if (version.parts[i] != to.parts[i]) return version.parts[i] < to.parts[i];
  return true;
}

bool reaches(const AddonRow& row, Minor target) {
  return !row.max || *row.max >= target;
}

/// The first version behind `version` that is known to reach the target.
const AddonRow* cure(const AddonData& addon, const PartVersion& version, Minor target) {
  const auto row = std::ranges::find_if(
      addon.rows, [&](const AddonRow& one) { return one.from > version && reaches(one, target); });
  return row == addon.rows.end() ? nullptr : &*row;
}

CompatRow row_of(const AddonData& addon, const PartVersion& version, Minor target) {
  CompatRow row{CompatAnswer::ok, addon.name, to_string(version), {}, {}, {}, {}};
  const AddonRow* floor = nullptr;
  for (const auto& one : addon.rows)
    if (one.from <= version) floor = &one;
  const auto* better = cure(addon, version, target);
  if (floor != nullptr && reaches(*floor, target)) {
    row.words = floor->max ? fmt::format("{} is {} up to {}", row.current, addon.means,
                                         to_string(*floor->max))
                           : fmt::format("{} has no known limit", row.current);
    return row;
  }
  const auto limit = floor == nullptr ? std::string()
                                      : fmt::format("{} is {} up to {}", row.current, addon.means,
                                                    to_string(*floor->max));
  if (better != nullptr) {
    row.answer = CompatAnswer::blocked;
    row.required = to_string(better->from) + " or newer";
    row.words = limit.empty() ? row.current + " is older than anything known" : limit;
    row.clear = fmt::format("bring {} to {}", addon.name, row.required);
  } else if (floor != nullptr && within(version, floor->to)) {
    row.answer = CompatAnswer::waiting;
    row.words = fmt::format("{}, and no known version goes further yet", limit);
    row.clear = "wait for a release that does, and for data that know it";
  } else {
    row.answer = CompatAnswer::unknown;
    row.words = fmt::format("{} is newer than what the data know ({})", row.current,
                            to_string(addon.rows.back().to));
    row.clear = "newer data, or an [override NAME] once its maker says that it works";
  }
  return row;
}

}  // namespace

std::string_view image_name(std::string_view image) {
  image = image.substr(0, image.find('@'));
  const auto slash = image.rfind('/');
  const auto colon = image.rfind(':');
  const bool port = slash != image.npos && colon != image.npos && colon < slash;
  return colon == image.npos || port ? image : image.substr(0, colon);
}

std::optional<PartVersion> tag_version(std::string_view image) {
  const auto name = image_name(image);
  const auto tag = image.substr(0, image.find('@')).substr(name.size());
  return tag.empty() ? std::nullopt : parse_part_version(tag.substr(1));
}

std::vector<CompatRow> judge_addons(const CompatData& data,
                                    const Result<std::vector<RunningImage>>& images, Minor target) {
  std::vector<CompatRow> rows;
  if (!images) {
    return {{CompatAnswer::unknown,
             "addons",
             {},
             {},
             "what runs in the cluster cannot be read: " + images.error().what,
             {},
             {}}};
  }
  std::map<std::string, Seen> found;
  for (const auto& running : *images) {
    const auto name = image_name(running.image);
    for (const auto& addon : data.addons) {
      const bool by_image = std::ranges::any_of(
          addon.images, [&](const std::string& end) { return image_is(name, end); });
      const bool by_label = !running.name.empty() &&
                            std::ranges::find(addon.labels, running.name) != addon.labels.end();
      if (by_image || by_label) note(found[addon.name], running, by_image);
    }
  }
  for (const auto& addon : data.addons) {
    const auto at = found.find(addon.name);
    if (at == found.end()) continue;
    const Seen& seen = at->second;
    if (seen.oldest) rows.push_back(row_of(addon, *seen.oldest, target));
    if (!seen.unreadable.empty()) {
      rows.push_back(
          {CompatAnswer::unknown,
           addon.name,
           clipped(seen.unreadable, 120),
           {},
           fmt::format("its version cannot be told from image {}", clipped(seen.unreadable, 120)),
           "a tag with a version, or an [override NAME]",
           {}});
    }
    if (!addon.note.empty() && !rows.empty()) rows.back().words += " (" + addon.note + ")";
  }
  return rows;
}

}  // namespace lockkeeper
