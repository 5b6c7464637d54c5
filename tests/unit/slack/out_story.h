// SPDX-License-Identifier: Apache-2.0
#pragma once

// An OutQueue with a clock and a Slack that answers as the test says. One thread.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "integrations/slack/out_queue.h"

namespace lockkeeper::slack {

class OutStory {
 public:
  OutStory() : queue("C0ADMIN") {}

  void post(const std::string& text, Urgency urgency = Urgency::news, std::string name = {},
            std::string thread_of = {}) {
    OutEntry entry;
    entry.name = std::move(name);
    entry.thread_of = std::move(thread_of);
    entry.channel = "C0OPS";
    entry.urgency = urgency;
    entry.layout = {text, ""};
    queue.put(std::move(entry), now);
  }
  void update(const std::string& name, const std::string& text,
              Urgency urgency = Urgency::progress) {
    OutEntry entry;
    entry.kind = OutEntry::Kind::update;
    entry.name = name;
    entry.channel = "C0OPS";
    entry.urgency = urgency;
    entry.layout = {text, ""};
    queue.put(std::move(entry), now);
  }

  /// The next thing to send, "post hello" or "update ...", or "" for nothing now; it stays under
  /// way until the next answer.
  std::string next() {
    const OutEntry* entry = queue.take(now, wall());
    if (entry == nullptr) return {};
    last = *entry;
    static constexpr const char* kWords[] = {"post",   "update", "whisper",
                                             "answer", "upload", "remove"};
    const std::string word = entry->earlier     ? "link"
                             : entry->uncertain ? "look"
                                                : kWords[static_cast<int>(entry->kind)];
    return word + " " + entry->layout.text;
  }

  OutNews ok() {
    Answer answer;
    answer.verdict = Verdict::ok;
    answer.body = R"({"ok":true,"channel":")" + last.channel + R"(","ts":"1.)" +
                  std::to_string(++stamp_) + R"("})";
    return settle(answer);
  }
  OutNews refuse(std::string error) {
    Answer answer;
    answer.verdict = Verdict::refused;
    answer.error = std::move(error);
    return settle(answer);
  }
  OutNews end(Verdict verdict, Millis retry_after = {}) {
    Answer answer;
    answer.verdict = verdict;
    answer.error = "no answer";
    answer.retry_after = retry_after;
    return settle(answer);
  }
  OutNews found(const std::string& ts) {
    Answer answer;
    answer.verdict = Verdict::ok;
    return queue.settle(last.id, answer, now, wall(), MessageRef{"", ts});
  }
  OutNews not_found() { return ok(); }
  OutNews permalink(const std::string& url) {
    Answer answer;
    answer.verdict = Verdict::ok;
    answer.body = R"({"ok":true,"permalink":")" + url + R"("})";
    return settle(answer);
  }

  /// Everything that leaves within that time, each answered with ok.
  std::vector<std::string> all(Millis within = Millis(0)) {
    std::vector<std::string> said;
    const Moment end = now + within;
    while (true) {
      if (std::string one = next(); !one.empty()) {
        said.push_back(std::move(one));
        ok();
        continue;
      }
      if (now >= end) return said;
      now = now + Millis(100);
    }
  }

  [[nodiscard]] Time wall() const { return Time(Millis(1'795'262'400'000) + now.since_start); }

  OutQueue queue;
  Moment now{Millis(1'000'000)};
  OutEntry last;

 private:
  OutNews settle(const Answer& answer) { return queue.settle(last.id, answer, now, wall()); }
  int stamp_ = 0;
};

}  // namespace lockkeeper::slack
