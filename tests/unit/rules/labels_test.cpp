// SPDX-License-Identifier: Apache-2.0
#include "rules/labels.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <map>

namespace lockkeeper {

TEST_CASE("a label that is not there is the empty string") {
  const Labels labels{{"b", "2"}, {"a", "1"}};
  CHECK(labels.get("a") == "1");
  CHECK(labels.get("b") == "2");
  CHECK(labels.get("c").empty());
  CHECK(Labels{}.get("").empty());
}

TEST_CASE("an empty value is the same as no label") {
  CHECK(Labels{{"a", ""}} == Labels{});
  CHECK(Labels{{"a", ""}}.empty());
  Labels labels{{"a", "1"}, {"b", "2"}};
  labels.set("a", "");
  CHECK(labels == Labels{{"b", "2"}});
  labels.set("absent", "");
  CHECK(labels.size() == 1);
}

TEST_CASE("labels are sorted by name, and a later pair wins") {
  const Labels labels{{"z", "1"}, {"a", "1"}, {"z", "2"}, {"z", "3"}};
  CHECK(labels.pairs() == std::vector<Labels::Pair>{{"a", "1"}, {"z", "3"}});
  CHECK(Labels{{"a", "1"}, {"a", ""}}.empty());
  CHECK(Labels{{"a", ""}, {"a", "1"}}.get("a") == "1");
}

TEST_CASE("labels are written like a list of matchers") {
  CHECK(to_string(Labels{}) == "{}");
  CHECK(to_string(Labels{{"severity", "critical"}, {"alertname", "a\"b\\c\nd"}}) ==
        "{alertname=\"a\\\"b\\\\c\\nd\", severity=\"critical\"}");
}

// Captured from Alertmanager 0.25.0.
TEST_CASE("fingerprints are those that Alertmanager sends") {
  const Labels plain{{"alertname", "NodeFilesystemAlmostFull"},
                     {"cluster", "prod-eu"},
                     {"instance", "10.0.0.3:9100"},
                     {"job", "node"},
                     {"node", "worker-3"},
                     {"severity", "critical"}};
  CHECK(fingerprint_hex(plain) == "068d371439cc6d4a");
  Labels unicode = plain;
  unicode.set("instance", "10.0.0.4:9100");
  unicode.set("node", "wörker-4 \"q\"");
  unicode.set("severity", "warning");
  CHECK(fingerprint_hex(unicode) == "83fd037361e85d9e");
  CHECK(fingerprint_hex(Labels{{"alertname", "T"}, {"instance", "a"}, {"suite", "trunc"}}) ==
        "8bc15f3a9e269ab8");
  CHECK(fingerprint_hex(Labels{{"suite", "trunc"}, {"instance", "b"}, {"alertname", "T"}}) ==
        "9fcfd9940fd7f247");
}

TEST_CASE("a fingerprint has sixteen digits, also when it begins with zeros") {
  CHECK(fingerprint_hex(Labels{}) == "cbf29ce484222325");
  CHECK(rc::check("sixteen digits", [](const std::map<std::string, std::string>& pairs) {
    Labels labels;
    for (const auto& [name, value] : pairs)
      labels.set(name, value);
    RC_ASSERT(fingerprint_hex(labels).size() == 16U);
  }));
}

TEST_CASE("labels behave like a map without empty values") {
  CHECK(rc::check("as a map", [](const std::vector<std::pair<std::string, std::string>>& steps) {
    Labels labels;
    std::map<std::string, std::string> map;
    for (const auto& [name, value] : steps) {
      const auto key = name.substr(0, 2);
      labels.set(key, value);
      map[key] = value;
    }
    std::erase_if(map, [](const auto& pair) { return pair.second.empty(); });
    RC_ASSERT(labels.pairs() == std::vector<Labels::Pair>(map.begin(), map.end()));
    RC_ASSERT(Labels(labels.pairs()) == labels);
  }));
}

TEST_CASE("normalised labels are the same from both sources") {
  const Labels external{{"cluster", "prod-eu"}, {"replica", "b"}};
  const std::vector<std::string> ignored = {"replica", "v"};
  const Labels polled{{"alertname", "X"}, {"v", "3"}};
  const Labels pushed{{"alertname", "X"}, {"cluster", "prod-eu"}, {"replica", "a"}, {"v", "2"}};
  CHECK(normalised(polled, external, ignored) ==
        Labels{{"alertname", "X"}, {"cluster", "prod-eu"}});
  CHECK(normalised(pushed, external, ignored) == normalised(polled, external, ignored));
}

TEST_CASE("an alert's own label wins over an external one") {
  CHECK(normalised(Labels{{"cluster", "own"}}, Labels{{"cluster", "external"}}, {}) ==
        Labels{{"cluster", "own"}});
}

}  // namespace lockkeeper
