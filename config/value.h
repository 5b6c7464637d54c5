// SPDX-License-Identifier: Apache-2.0
#pragma once

// The kinds of values that a key can have: how each is read from text, how it is written back, and
// how its form is told to a reader of the reference. Values only, any thread. No message repeats a
// text that could hold a password.

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rules/labels.h"
#include "rules/matcher.h"
#include "rules/rule.h"
#include "rules/text.h"

namespace lockkeeper {

/// Why a text is not such a value.
struct ValueError {
  std::string what;
  std::size_t column = 0;  // inside the value, in characters from 1; 0: the whole value

  bool operator==(const ValueError&) const = default;
};

/// A value, or why there is none.
template <class V>
using ReadValue = std::expected<V, ValueError>;

/// The short way to refuse a value.
inline std::unexpected<ValueError> refuse(std::string what, std::size_t column = 0) {
  return std::unexpected(ValueError{std::move(what), column});
}

/// One kind of value. `show(read(text))` reads back as the same value.
template <class V>
struct ValueKind {
  std::string form;  // "a duration from 1s to 1h"
  std::function<ReadValue<V>(std::string_view text)> read;
  std::function<std::string(const V& value)> show;
};

// --- Numbers and sizes ---

/// Durations with units, both limits included.
ValueKind<Millis> duration_value(Millis least, Millis most);
/// Whole numbers, both limits included.
ValueKind<int> count_value(int least, int most);
/// Bytes with a unit: "512B", "1KiB", "10GiB".
ValueKind<std::int64_t> size_value(std::int64_t least, std::int64_t most);
/// A number above 0 and at most 1.
ValueKind<double> ratio_value();
/// yes, no, true, false.
ValueKind<bool> flag_value();
/// From `least`, which is 1, or 0 where that means any free port.
ValueKind<std::uint16_t> port_value(int least);
/// A file or folder; a relative one is completed with the ini file's folder by the loader.
ValueKind<std::filesystem::path> path_value();

// --- Words and names ---

/// Any text that is not in quotes.
ValueKind<std::string> text_value();
/// A command or other words in which quotes have their own meaning.
ValueKind<std::string> raw_value(std::string form);
/// Words that begin with `-` and hold nothing that a shell would act on.
ValueKind<std::string> flags_value();
/// A name as Kubernetes allows it: lower-case letters, digits, '-' and '.', at most 253 bytes.
ValueKind<std::string> name_value(const std::string& form);
/// namespace/name, each as above.
ValueKind<std::string> namespaced_value();
/// The name of an environment variable; the text is not repeated in the refusal.
ValueKind<std::string> environment_value();
/// The name of a file in $CREDENTIALS_DIRECTORY.
ValueKind<std::string> credential_value();
/// namespace/name/key of a Kubernetes Secret.
ValueKind<std::string> secret_path_value();
/// http or https, without user, query and fragment; a `/` at the end is dropped.
ValueKind<std::string> url_value();
/// An IP address to listen on.
ValueKind<std::string> address_value();

// --- Lists, people, alerts ---

/// Several of a kind, separated by commas, none twice.
ValueKind<std::vector<std::string>> list_value(const ValueKind<std::string>& item,
                                               std::string form);
/// An entry of [authority]: kind:name or kind:*.
ValueKind<std::string> actor_value();
/// A person and all entries under which he or she speaks: name=entry+entry, no * among them.
ValueKind<std::string> person_value();
/// A label's name.
ValueKind<std::string> label_name_value();
/// Matchers, at least one.
ValueKind<Matchers> matchers_value();
/// name="value" pairs.
ValueKind<Labels> labels_value();
/// A template that names a node.
ValueKind<NodeTemplate> node_template_value();

// --- Times ---

/// One window written out, or names of windows; these have no zone until the loader finds them.
ValueKind<std::vector<Window>> windows_value();
/// Days of the week, by weekday::c_encoding().
ValueKind<std::array<bool, 7>> days_value();
/// A time zone of the system's data.
ValueKind<std::shared_ptr<const Zone>> zone_value();
/// A date or a time.
ValueKind<Time> time_value();

/// The refusal of a word that is not one of a few:
/// "'slow' is none of fast, slower (did you mean ...?)".
std::string not_among(std::string_view word, const std::vector<std::string_view>& words);

/// One of a few words. `later` are words that a wider language has and this one will not take yet.
template <class E>
ValueKind<E> choice_value(const std::vector<std::pair<std::string_view, E>>& choices,
                          const std::vector<std::string_view>& later = {}) {
  std::vector<std::string_view> words;
  std::string form;
  for (const auto& [word, value] : choices) {
    words.push_back(word);
    form += (form.empty() ? "" : ", ") + std::string(word);
  }
  auto read = [choices, words, later](std::string_view text) -> ReadValue<E> {
    for (const auto& [word, value] : choices)
      if (word == text) return value;
    for (const auto word : later)
      if (word == text) return refuse("\"" + std::string(word) + "\" is not supported yet");
    return refuse(not_among(text, words));
  };
  auto show = [choices](const E& wanted) {
    for (const auto& [word, value] : choices)
      if (value == wanted) return std::string(word);
    return std::string();
  };
  return {"one of " + form, std::move(read), std::move(show)};
}

/// Whether an address is one that only this machine reaches.
bool is_loopback(std::string_view address);

/// A duration with all its units, so that it reads back as the same: "1h30m15s".
std::string exact(Millis duration);

}  // namespace lockkeeper
