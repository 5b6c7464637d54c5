// SPDX-License-Identifier: Apache-2.0

// The keys of rules that speak of evidence, of pauses and of each other, and what contradicts.

#include <doctest/doctest.h>

#include "config/describe.h"
#include "config/findings.h"
#include "config/sections.h"
#include "tests/unit/config/loading.h"

namespace lockkeeper {
namespace {

using testing::kRequired;
using testing::TemporaryFolder;

/// A rule's keys stand from line 9 on, behind the section, its match and its action.
std::string text_of(std::string_view action, std::string_view keys) {
  return "[rule x]\nmatch = a=\"b\"\naction = " + std::string(action) + "\n" + std::string(keys);
}

std::string refused(std::string_view action, std::string_view keys) {
  return testing::refusal(kRequired + text_of(action, keys));
}

Rule read(std::string_view action, std::string_view keys) {
  const auto settings = testing::loaded(kRequired + text_of(action, keys));
  for (const auto& rule : settings.rules.rules)
    if (rule.name == "x") return rule;
  FAIL("the rule is not there");
  return {};
}

std::vector<std::string> warnings(const std::string& text, std::string_view now) {
  std::vector<std::string> lines;
  for (const auto& finding : findings(testing::loaded(kRequired + text), parse_time(now).value()))
    if (finding.what.starts_with("rule ")) lines.push_back(finding.what);
  return lines;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("every key of the language has its value") {
  const auto rule = read("pause",
                         "state = any\nsource = prometheus\nnode = ${labels.node}\n"
                         "node_missing = match\nhold_for = 30s\nmin_alerts = 3\n"
                         "active = Mon-Fri 08:00-18:00 Europe/Berlin\n"
                         "not_active = Wed 12:00-13:00 UTC\nexpires = 2030-01-31\n"
                         "preexisting = ignore\nhonor_silences = yes\nmin_pause = 5m\n"
                         "max_pause = 1h\non_timeout = abort\nsticky = yes\n"
                         "reason = ${labels.pvc} on ${node}\nrunbook = https://r/x\n");
  CHECK(rule.state == StateScope::any);
  CHECK(rule.source == Source::prometheus);
  CHECK(rule.node_missing_matches);
  CHECK(rule.hold_for == Millis(30s));
  CHECK(rule.min_alerts == 3);
  REQUIRE(rule.active.size() == 1);
  CHECK(to_string(rule.active[0]) == "Mon-Fri 08:00-18:00 Europe/Berlin");
  CHECK(to_string(rule.not_active.at(0)) == "Wed 12:00-13:00 UTC");
  CHECK(to_string(*rule.expires) == "2030-01-31T00:00:00Z");
  CHECK(rule.preexisting == Preexisting::ignore);
  CHECK(rule.honor_silences);
  CHECK(rule.min_pause == Millis(5min));
  CHECK(rule.sticky);
  CHECK(rule.runbook == "https://r/x");
}

TEST_CASE("what is not said has its default, and some of it comes from the gate") {
  const auto rule = read("pause", "");
  CHECK(rule.state == StateScope::firing);
  CHECK_FALSE(rule.source);
  CHECK(rule.min_alerts == 1);
  CHECK(rule.preexisting == Preexisting::as_new);
  CHECK_FALSE(rule.honor_silences);
  const auto settings =
      testing::loaded(kRequired + "[gate]\nhonor_silences = yes\n" + text_of("pause", "") +
                      "[rule y]\nmatch = a=\"c\"\naction = pause\n"
                      "honor_silences = no\n");
  CHECK(settings.rules.fallback.honor_silences);
  CHECK(settings.rules.rules.at(2).honor_silences);
  CHECK_FALSE(settings.rules.rules.at(3).honor_silences);
}

TEST_CASE("a misspelt word of the language finds the nearest") {
  CHECK(refused("pause", "state = fireing\n") ==
        "l.ini:9: state: 'fireing' is none of firing, pending, any (did you mean \"firing\"?)\n");
  CHECK(refused("pause", "source = prometeus\n") ==
        "l.ini:9: source: 'prometeus' is none of prometheus, webhook, alertmanager (did you mean "
        "\"prometheus\"?)\n");
  CHECK(refused("pause", "preexisting = as_new\n") ==
        "l.ini:9: preexisting: 'as_new' is none of as-new, ignore, abort (did you mean "
        "\"as-new\"?)\n");
  CHECK(refused("pause", "min_alert = 2\n") ==
        "l.ini:9: unknown key \"min_alert\" in [rule x] (did you mean \"min_alerts\"?)\n");
  CHECK(refused("pause", "min_alerts = 0\n") ==
        "l.ini:9: min_alerts: '0' is not a whole number from 1 to 100000\n");
  CHECK(refused("pause", "hold_for = 30\n").starts_with("l.ini:9: hold_for: "));
  CHECK(refused("pause", "expires = tomorrow\n") ==
        "l.ini:9: expires: 'tomorrow' is neither a date such as 2026-12-31 nor a time such as "
        "2026-12-31T18:00:00Z\n");
}

TEST_CASE("a severity is a label, not a key") {
  CHECK(refused("pause", "severity = critical\n") ==
        "l.ini:9: unknown key \"severity\" in [rule x]; it is a label of alerts: match = "
        "severity=\"critical\"\n");
}

TEST_CASE("keys that only make sense with others say so") {
  CHECK(refused("abort", "min_pause = 1m\nsticky = yes\n") ==
        "l.ini:9: min_pause is for action = pause only\n"
        "l.ini:10: sticky is for action = pause only\n");
  CHECK(refused("notify", "preexisting = ignore\n") ==
        "l.ini:9: preexisting is for action = pause and abort only\n");
  CHECK(refused("pause", "node_missing = match\n") ==
        "l.ini:9: node_missing needs node, such as node = ${labels.node}\n");
  CHECK(refused("pause", "reason = on ${node}\n") ==
        "l.ini:9: reason: ${node} needs node, such as node = ${labels.node}\n");
  CHECK(refused("resume", "") ==
        "l.ini:8: action = resume needs resumes, the names of the rules that it voids\n");
  CHECK(refused("pause", "resumes = y\n") == "l.ini:9: resumes is for action = resume only\n");
}

TEST_CASE("keys that contradict each other say so") {
  CHECK(refused("pause", "min_pause = 2h\nmax_pause = 1h\n") ==
        "l.ini:9: min_pause (2h) is longer than max_pause (1h)\n");
  CHECK(refused("pause", "max_pause = 1h\non_timeout = continue\nsticky = yes\n") ==
        "l.ini:11: sticky contradicts on_timeout = continue: only a person ends the pause\n");
  CHECK(refused("abort", "source = webhook\n") ==
        "l.ini:9: source = webhook contradicts action = abort: whoever can post could end or "
        "resume a run\n");
  CHECK(refused("pause", "source = webhook\nhold_for = 1m\n") ==
        "l.ini:10: hold_for counts what polls see; source = webhook has none\n");
}

TEST_CASE("a rule that resumes names rules that pause, wherever they stand") {
  const std::string pausing = "[rule storage]\nmatch = a=\"c\"\naction = pause\n";
  CHECK(testing::refusal(kRequired + text_of("resume", "resumes = storage\n") + pausing) ==
        "accepted");
  CHECK(testing::refusal(kRequired + text_of("resume", "resumes = storag\n") + pausing) ==
        "l.ini:9: resumes: there is no [rule storag] (did you mean \"storage\"?)\n");
  CHECK(testing::refusal(kRequired + text_of("resume", "resumes = storage\n") + pausing +
                         "sticky = yes\n") ==
        "l.ini:9: resumes: rule storage is sticky: only a person ends its pause\n");
  CHECK(testing::refusal(kRequired + text_of("resume", "resumes = fatal\n") +
                         "[rule fatal]\nmatch = a=\"c\"\naction = abort\n") ==
        "l.ini:9: resumes: rule fatal does not pause but abort; only pauses can be void\n");
}

TEST_CASE("names under which the gate itself holds are taken") {
  CHECK(testing::refusal(kRequired + "[rule blindness]\nmatch = a=\"b\"\naction = pause\n") ==
        "l.ini:6: the name blindness is taken\n");
}

TEST_CASE("rules of which nothing will come are warnings") {
  const std::string now = "2026-11-20T12:00:00Z";
  CHECK(warnings(text_of("ignore", "expires = 2026-11-20T12:00:00Z\n"), now) ==
        Lines{"rule x: it expired at 2026-11-20T12:00:00Z and does not count any more"});
  CHECK(warnings(text_of("ignore", "expires = 2026-11-20T12:00:01Z\n"), now).empty());
  CHECK(warnings(text_of("ignore",
                         "active = Mon 08:00-09:00 UTC\nnot_active = Mon-Fri 08:00-18:00 UTC\n"),
                 now) == Lines{"rule x: its windows are not open once in the next two weeks"});
  CHECK(warnings(text_of("ignore", "source = alertmanager\n"), now) ==
        Lines{"rule x: source = alertmanager: nobody asks Alertmanager, so it never counts; "
              "give its url in [alertmanager]"});
  const std::string asked = "[alertmanager]\nurl = http://a:9093\n";
  CHECK(warnings(asked + text_of("ignore", "source = alertmanager\n"), now).empty());
  CHECK(warnings(asked + text_of("ignore", "honor_silences = yes\n"), now).empty());
  CHECK(warnings(text_of("ignore", "honor_silences = yes\n"), now) ==
        Lines{"rule x: honor_silences = yes: nobody asks Alertmanager, so no alert counts as "
              "silenced; give its url in [alertmanager]"});
}

TEST_CASE("a pause that waits for hold_for while the default pauses already is a warning") {
  const std::string held = text_of("pause", "hold_for = 1m\n");
  CHECK(warnings(held, "2026-11-20T12:00:00Z") ==
        Lines{"rule x: until hold_for holds, default_action = pause decides, which is no milder; a "
              "rule behind it could say notify"});
  CHECK(warnings(held + "[rule x-at-first]\nmatch = a=\"b\"\naction = notify\n",
                 "2026-11-20T12:00:00Z")
            .empty());
}

TEST_CASE("a rule is described with what narrows it, and only that") {
  CHECK(describe(read("pause",
                      "hold_for = 30s\nactive = Mon 08:00-09:00 UTC\nsticky = yes\n"
                      "min_pause = 5m\nresume_after = 1m\nrunbook = https://r\n"),
                 7)
            .ends_with("pause until quiet for 1m, at least 5m, and until /upgrade resume; in "
                       "precheck, between, soak\n"
                       "       {a=\"b\"}\n"
                       "       hold_for 30s, active Mon 08:00-09:00 UTC\n"
                       "       runbook: https://r\n"));
  CHECK(describe(read("pause", "resume_after = 1m\n"), 7).ends_with("\n       {a=\"b\"}\n"));
}

}  // namespace lockkeeper
