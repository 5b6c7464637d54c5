// SPDX-License-Identifier: Apache-2.0
#include "config/value.h"

#include <doctest/doctest.h>

namespace lockkeeper {
namespace {

using std::chrono_literals::operator""h;
using std::chrono_literals::operator""min;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

template <class V>
std::string refusal(const ValueKind<V>& kind, std::string_view text) {
  const auto value = kind.read(text);
  if (value) return "accepted as " + kind.show(*value);
  return value.error().what;
}

/// What the value is written as after it was read; "" when it is refused.
template <class V>
std::string round(const ValueKind<V>& kind, std::string_view text) {
  const auto value = kind.read(text);
  if (!value) return "";
  const auto again = kind.read(kind.show(*value));
  CHECK(again.has_value());
  CHECK(kind.show(*again) == kind.show(*value));
  return kind.show(*value);
}

}  // namespace

TEST_CASE("durations have units and limits") {
  const auto kind = duration_value(1s, 2h);
  CHECK(kind.form == "a duration from 1s to 2h");
  CHECK(round(kind, "90s") == "1m30s");
  CHECK(round(kind, "1h30m15s250ms") == "1h30m15s250ms");
  CHECK(round(kind, "1s") == "1s");
  CHECK(round(kind, "2h") == "2h");
  CHECK(refusal(kind, "90") == "'90' is not a duration: the unit is missing (did you mean 90s?)");
  CHECK(refusal(kind, "999ms") == "999ms is not between 1s and 2h");
  CHECK(refusal(kind, "2h1ms") == "2h1ms is not between 1s and 2h");
  CHECK(refusal(kind, "-5s").starts_with("'-5s' is not a duration"));
  CHECK(refusal(kind, "5 s").starts_with("'5 s' is not a duration"));
  CHECK(refusal(kind, "1.5h").starts_with("'1.5h' is not a duration"));
}

TEST_CASE("a duration is written with all its units, days and weeks as hours") {
  CHECK(exact(0s) == "0s");
  CHECK(exact(24h) == "24h");
  CHECK(exact(72h) == "72h");
  CHECK(exact(1h + 1s) == "1h1s");
  CHECK(exact(61min) == "1h1m");
  CHECK(exact(1ms) == "1ms");
  CHECK(exact(*parse_duration("1w2d")) == "216h");
}

TEST_CASE("whole numbers are whole and have limits") {
  const auto kind = count_value(1, 1000);
  CHECK(kind.form == "a whole number from 1 to 1000");
  CHECK(round(kind, "1000") == "1000");
  for (const auto* text : {"0", "1001", "10x", "+5", "1.0", "", "0x10", "99999999999999999999"}) {
    CAPTURE(text);
    CHECK(refusal(kind, text) ==
          "'" + std::string(text) + "' is not a whole number from 1 to 1000");
  }
}

TEST_CASE("sizes have binary units") {
  const auto kind = size_value(1, 1LL << 40);
  CHECK(kind.form == "a size from 1B to 1TiB");
  CHECK(kind.read("10GiB") == 10LL << 30);
  CHECK(kind.read("1KiB") == 1024);
  CHECK(kind.read("512B") == 512);
  CHECK(round(kind, "1024MiB") == "1GiB");
  CHECK(round(kind, "1025B") == "1025B");
  CHECK(refusal(kind, "1024") == "'1024' has no unit; write B, KiB, MiB, GiB or TiB");
  CHECK(refusal(kind, "10GB") == "'10GB' is not a size like 512B, 64KiB or 10GiB");
  CHECK(refusal(kind, "10 GiB") == "'10 GiB' is not a size like 512B, 64KiB or 10GiB");
  CHECK(refusal(kind, "-1B") == "'-1B' is not a size like 512B, 64KiB or 10GiB");
  CHECK(refusal(kind, "99999999TiB") == "'99999999TiB' is not a size like 512B, 64KiB or 10GiB");
  CHECK(refusal(kind, "0B") == "0B is not between 1B and 1TiB");
  CHECK(refusal(kind, "2TiB") == "2TiB is not between 1B and 1TiB");
  CHECK(size_value(0, 10).show(0) == "0B");
}

TEST_CASE("a ratio is a number above 0 and at most 1") {
  CHECK(round(ratio_value(), "0.9") == "0.9");
  CHECK(round(ratio_value(), "1") == "1");
  for (const auto* text : {"0", "1.01", "-0.5", "nan", "inf", "90%", "0,9", "", "0.9x"}) {
    CAPTURE(text);
    CHECK(refusal(ratio_value(), text) ==
          "'" + std::string(text) + "' is not a number above 0 and at most 1");
  }
}

TEST_CASE("a flag is yes or no") {
  CHECK(flag_value().read("yes") == true);
  CHECK(flag_value().read("true") == true);
  CHECK(flag_value().read("no") == false);
  CHECK(flag_value().read("false") == false);
  CHECK(round(flag_value(), "true") == "yes");
  for (const auto* text : {"on", "1", "Yes", ""}) {
    CAPTURE(text);
    CHECK(refusal(flag_value(), text) == "'" + std::string(text) + "' is neither yes nor no");
  }
}

TEST_CASE("a port is a number up to 65535") {
  CHECK(port_value(1).read("8099") == 8099);
  CHECK(port_value(0).read("0") == 0);
  CHECK(refusal(port_value(1), "0") == "'0' is not a port from 1 to 65535");
  CHECK(refusal(port_value(1), "65536") == "'65536' is not a port from 1 to 65535");
  CHECK(refusal(port_value(1), "http") == "'http' is not a port from 1 to 65535");
}

TEST_CASE("a choice is one of its words, and a slip of the finger finds the nearest") {
  const auto kind = choice_value<int>({{"name-desc", 1}, {"name-asc", 2}}, {"random"});
  CHECK(kind.form == "one of name-desc, name-asc");
  CHECK(kind.read("name-asc") == 2);
  CHECK(round(kind, "name-desc") == "name-desc");
  CHECK(refusal(kind, "name-dsc") ==
        "'name-dsc' is none of name-desc, name-asc (did you mean \"name-desc\"?)");
  CHECK(refusal(kind, "size") == "'size' is none of name-desc, name-asc");
  CHECK(refusal(kind, "random") == "\"random\" is not supported yet");
  CHECK(refusal(kind, std::string(70'000, 'n')).size() < 200);
}

TEST_CASE("a path is taken as it stands, and nothing in it is expanded") {
  CHECK(round(path_value(), "/etc/a b/c") == "/etc/a b/c");
  CHECK(refusal(path_value(), "~/key") == "write the path in full; ~ is not expanded");
  CHECK(refusal(path_value(), "$HOME/key") == "write the path in full; variables are not expanded");
  CHECK(refusal(path_value(), "\"/etc/key\"") ==
        "remove the quotes: the path is taken as it stands");
}

TEST_CASE("text does not stand in quotes") {
  CHECK(round(text_value(), "Backup \"done\" today") == "Backup \"done\" today");
  CHECK(refusal(text_value(), "\"Backup done\"") ==
        "remove the quotes: the value is taken as it stands");
  CHECK(refusal(text_value(), "'x'") == "remove the quotes: the value is taken as it stands");
}

TEST_CASE("flags hold nothing that a shell would act on") {
  const std::string flags =
      "--ignore-preflight-errors=CoreDNSMigration,CoreDNSUnsupportedPlugins -v=5";
  CHECK(round(flags_value(), flags) == flags);
  const std::string told = "write flags like --name=value, without quotes or shell characters";
  for (const auto* text :
       {"--a;reboot", "--a=$(id)", "--a `id`", "--a | b", "--a=\"b\"", "word", "--a b", "--a>x"}) {
    CAPTURE(text);
    CHECK(refusal(flags_value(), text) == told);
  }
}

TEST_CASE("names are those that Kubernetes allows") {
  const auto kind = name_value("a node");
  CHECK(round(kind, "worker-3.example") == "worker-3.example");
  for (const auto* text : {"Worker", "-a", "a-", "a_b", "", "a b", "größe", "a/b"}) {
    CAPTURE(text);
    CHECK(refusal(kind, text) ==
          "'" + std::string(text) + "' is not a node: lower-case letters, digits, '-' and '.'");
  }
  CHECK_FALSE(kind.read(std::string(254, 'a')).has_value());
  CHECK(round(namespaced_value(), "default/backup-etcd") == "default/backup-etcd");
  for (const auto* text : {"backup", "a/b/c", "/b", "a/", "A/b"}) {
    CAPTURE(text);
    CHECK(refusal(namespaced_value(), text) == "'" + std::string(text) + "' is not namespace/name");
  }
}

TEST_CASE("what points to a secret is checked, and never repeated in the refusal") {
  CHECK(round(environment_value(), "SLACK_TOKEN_2") == "SLACK_TOKEN_2");
  CHECK(round(credential_value(), "webhook.token") == "webhook.token");
  CHECK(round(secret_path_value(), "ops/lockkeeper/web_hook.token") ==
        "ops/lockkeeper/web_hook.token");
  for (const auto* text : {"xoxb-123", "1A", "", "A B"}) {
    CHECK(refusal(environment_value(), text) ==
          "write the name of an environment variable: letters, digits and _");
  }
  for (const auto* text : {"../shadow", "a/b", ".hidden", ""}) {
    CHECK(refusal(credential_value(), text) ==
          "write the name of a systemd credential: letters, digits, '_', '-' and '.'");
  }
  for (const auto* text : {"a/b", "a/b/", "a/b/c/d", "hunter2", "A/b/c"}) {
    CHECK(refusal(secret_path_value(), text) == "write namespace/name/key of a Kubernetes Secret");
  }
}

TEST_CASE("a URL is http or https and holds neither password nor query") {
  CHECK(round(url_value(), "http://127.0.0.1:9090") == "http://127.0.0.1:9090");
  CHECK(round(url_value(), "https://prom.example/prefix/") == "https://prom.example/prefix");
  CHECK(round(url_value(), "https://[::1]:9090") == "https://[::1]:9090");
  CHECK(refusal(url_value(), "prom.example:9090") == "a URL begins with http:// or https://");
  CHECK(refusal(url_value(), "ftp://x") == "a URL begins with http:// or https://");
  CHECK(refusal(url_value(), "http://u:hunter2@h/") == "a URL here holds no user name or password");
  for (const auto* text : {"http://h/?q=1", "http://h/#f", "http://h/a b", "http://h\"x\""}) {
    CAPTURE(text);
    CHECK(refusal(url_value(), text) == "a URL here holds no query, fragment, quotes or blanks");
  }
  for (const auto* text : {"http://", "http:///p", "http://h:0", "http://h:65536", "http://h:x",
                           "http://[::1", "http://[x]", "http://h:", "http://ä"}) {
    CAPTURE(text);
    CHECK(refusal(url_value(), text) == "the URL's host or port is not valid");
  }
}

TEST_CASE("an address to listen on is a number, not a name") {
  for (const auto* text : {"127.0.0.1", "0.0.0.0", "::1", "::"})
    CHECK(round(address_value(), text) == text);
  for (const auto* text : {"localhost", "127.0.0.1:8099", "256.0.0.1", "", "[::1]"}) {
    CAPTURE(text);
    CHECK(refusal(address_value(), text) ==
          "'" + std::string(text) + "' is not an IP address, such as 127.0.0.1, 0.0.0.0 or ::1");
  }
  CHECK(is_loopback("127.0.0.1"));
  CHECK(is_loopback("127.1.2.3"));
  CHECK(is_loopback("::1"));
  CHECK_FALSE(is_loopback("0.0.0.0"));
  CHECK_FALSE(is_loopback("::"));
  CHECK_FALSE(is_loopback("10.0.0.1"));
  CHECK_FALSE(is_loopback("localhost"));
}

TEST_CASE("a list has commas, no empty entries, and nothing twice") {
  const auto kind = list_value(name_value("a node"), "a list of nodes");
  CHECK(kind.read("a, b,c") == std::vector<std::string>{"a", "b", "c"});
  CHECK(round(kind, "a,b") == "a, b");
  CHECK(refusal(kind, "a,,b") == "an entry of the list is empty; remove the extra comma");
  CHECK(refusal(kind, "a,") == "an entry of the list is empty; remove the extra comma");
  CHECK(refusal(kind, "a, b, a") == "'a' stands twice in the list");
  CHECK(refusal(kind, "a, B") == "'B' is not a node: lower-case letters, digits, '-' and '.'");
  std::string many = "n0";
  for (int i = 1; i <= 1000; ++i)
    many += ",n" + std::to_string(i);
  CHECK(refusal(kind, many) == "more than 1000 entries");
}

TEST_CASE("an actor is a person or client of a known kind, or all of that kind") {
  for (const auto* text : {"console:ana", "http:ops-2", "cli:root", "console:*"})
    CHECK(round(actor_value(), text) == text);
  CHECK(refusal(actor_value(), "ana") ==
        "'ana' is not console:NAME, http:NAME, cli:NAME, slack:U... or slack-group:S...");
  CHECK(refusal(actor_value(), "consol:ana") ==
        "'consol:ana' is not console:NAME, http:NAME, cli:NAME, slack:U... or slack-group:S... "
        "(did you mean \"console\"?)");
  CHECK(refusal(actor_value(), "console") ==
        "write console:NAME for one, or console:* for everybody there");
  CHECK(refusal(actor_value(), "console:") ==
        "write console:NAME for one, or console:* for everybody there");
  CHECK(refusal(actor_value(), "http:a b") ==
        "write http:NAME for one, or http:* for everybody there");
  CHECK(refusal(actor_value(), "*") ==
        "'*' is not console:NAME, http:NAME, cli:NAME, slack:U... or slack-group:S...");
  CHECK(round(actor_value(), "slack:U0ANA") == "slack:U0ANA");
  CHECK(round(actor_value(), "slack-group:S0SRE") == "slack-group:S0SRE");
  CHECK(refusal(actor_value(), "slack:ana") ==
        "write slack:U0123ABCD, with the person's id (/upgrade whoami tells it)");
  CHECK(refusal(actor_value(), "slack-group:*") ==
        "write slack-group:S0123ABCD, with the group's id");
}

TEST_CASE("matchers are at least one, and an error knows its column") {
  CHECK(round(matchers_value(), "a=\"b\", c=~\"d|e\"") == "{a=\"b\", c=~\"d|e\"}");
  const auto error = matchers_value().read("a=\"b\",c=~\"\\d+\"").error();
  CHECK(error.column == 11);
  CHECK(error.what == "double the backslash: \\\\d");
  const std::string told =
      "an empty list matches every alert; to say that, write alertname=~\".*\"";
  CHECK(refusal(matchers_value(), "{}") == told);
}

TEST_CASE("labels are pairs with a value each") {
  CHECK(round(labels_value(), "b=\"2\", a=\"1\"") == "{a=\"1\", b=\"2\"}");
  CHECK(round(labels_value(), "\"größe\"=\"x\"") == "{\"größe\"=\"x\"}");
  CHECK(labels_value().show(Labels{}).empty());
  CHECK(refusal(labels_value(), "a=~\"x\"") == "write a=\"value\": a label has one value");
  CHECK(refusal(labels_value(), "a!=\"x\"") == "write a=\"value\": a label has one value");
  CHECK(refusal(labels_value(), "a=\"\"") == "label a has no value");
  CHECK(refusal(labels_value(), "a=\"1\",a=\"2\"") == "label a stands twice");
  CHECK(refusal(labels_value(), "a") == "expected =, !=, =~ or !~, found the end of the text");
}

TEST_CASE("the name of a label is one word") {
  CHECK(round(label_name_value(), "prometheus_replica") == "prometheus_replica");
  CHECK(refusal(label_name_value(), "a=b") == "'a=b' is not the name of a label");
}

TEST_CASE("a node template is written back as it was read") {
  const auto kind = node_template_value();
  CHECK(round(kind, "${labels.node}") == "${labels.node}");
  CHECK(round(kind, "n-${labels.instance:host}.x") == "n-${labels.instance:host}.x");
  CHECK(refusal(kind, "${node}") == "write a label reference as ${labels.NAME}, not '${node}'");
}

}  // namespace lockkeeper
