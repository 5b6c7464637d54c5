// SPDX-License-Identifier: Apache-2.0
#include "integrations/console/console_chat.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <future>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace lockkeeper;
using namespace lockkeeper::console;
using namespace std::chrono_literals;

namespace {

/// A pipe to write to, and what came out at its other end.
class Terminal {
 public:
  Terminal() { REQUIRE(::pipe2(ends_.data(), O_CLOEXEC) == 0); }
  ~Terminal() {
    close();
    ::close(ends_[1]);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  [[nodiscard]] int input() const { return ends_[1]; }
  void close() {
    if (ends_[0] >= 0) ::close(std::exchange(ends_[0], -1));
  }
  void start_reading() {
    reader_ = std::async(std::launch::async, [this] { return read_all(); });
  }
  /// Everything that was written. Nobody may be writing any more.
  std::string shown() {
    ::close(std::exchange(ends_[1], -1));
    return reader_.valid() ? reader_.get() : read_all();
  }

 private:
  std::string read_all() {
    std::string all;
    std::array<char, 4096> bytes{};
    for (ssize_t got = 0; (got = ::read(ends_[0], bytes.data(), bytes.size())) > 0;)
      all.append(bytes.data(), static_cast<std::size_t>(got));
    return all;
  }

  std::array<int, 2> ends_{};
  std::future<std::string> reader_;
};

/// A reader at the end of a pipe, and everything that it has reported.
class Typist {
 public:
  Typist() {
    REQUIRE(::pipe2(ends_.data(), O_CLOEXEC) == 0);
    reader_ = std::make_unique<LineReader>(
        ends_[0], LineReader::Callbacks{
                      .line = [this](std::string line) { lines.push_back(std::move(line)); },
                      .too_long = [this] { lines.push_back("(too long)"); },
                      .end = [this] { ended_.set_value(); }});
  }
  ~Typist() {
    reader_.reset();
    hang_up();
    ::close(ends_[0]);
  }
  Typist(const Typist&) = delete;
  Typist& operator=(const Typist&) = delete;

  void type(std::string_view text) {
    REQUIRE(::write(ends_[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }
  void hang_up() {
    if (ends_[1] >= 0) ::close(std::exchange(ends_[1], -1));
  }
  /// Ends the input and waits until the reader has seen that.
  void finish() {
    hang_up();
    REQUIRE(ended_.get_future().wait_for(5s) == std::future_status::ready);
  }
  void stop() { reader_.reset(); }

  std::vector<std::string> lines;

 private:
  std::array<int, 2> ends_{};
  std::promise<void> ended_;
  std::unique_ptr<LineReader> reader_;
};

}  // namespace

TEST_CASE("a message is printed as it is, its later lines indented") {
  Terminal terminal;
  {
    ConsoleChat chat(terminal.input());
    chat.say({.tone = Tone::news, .run = "r-1", .text = "[k8s-upgrade] node3: drained\n12 pods"});
    chat.print("ok\tfine");
  }
  CHECK(terminal.shown() == "[k8s-upgrade] node3: drained\n    12 pods\nok\tfine\n");
}

TEST_CASE("nothing in a message can command the terminal") {
  Terminal terminal;
  ConsoleChat(terminal.input()).print("wörker \x1b[2J\r\x07\x7f");
  CHECK(terminal.shown() == "wörker ?[2J???\n");
}

TEST_CASE("a terminal that takes nothing keeps nobody waiting, and costs the oldest messages") {
  Terminal terminal;
  constexpr std::size_t kMany = 5 * kWaitingMax;
  {
    ConsoleChat chat(terminal.input());
    for (std::size_t i = 0; i < kMany; ++i)
      chat.print(std::to_string(i) + std::string(500, '.'));
    // Nobody has read so far, and a pipe takes only 64 KiB; now somebody does.
    terminal.start_reading();
  }
  // The writing thread may have begun late: then even the first message was one too many.
  const std::string shown = "\n" + terminal.shown();
  CHECK((shown.starts_with("\n0..") || shown.starts_with("\n(")));
  CHECK(shown.find("\n(") != std::string::npos);
  CHECK(shown.find(" messages were dropped)\n") != std::string::npos);
  CHECK(shown.find("\n" + std::to_string(kMany - 1) + "..") != std::string::npos);
}

TEST_CASE("the end waits a second for a stopped terminal, and no longer") {
  Terminal terminal;
  {
    ConsoleChat chat(terminal.input());
    for (std::size_t i = 0; i < kWaitingMax; ++i)
      chat.print(std::string(500, '.'));
  }
  CHECK(terminal.shown().size() <= 65'536);
}

TEST_CASE("a terminal that is gone costs the messages, not the process") {
  std::signal(SIGPIPE, SIG_IGN);
  Terminal terminal;
  terminal.close();
  ConsoleChat chat(terminal.input());
  chat.print("lost");
}

TEST_CASE("messages of many threads do not mix") {
  Terminal terminal;
  {
    ConsoleChat chat(terminal.input());
    std::vector<std::thread> speakers;
    for (int t = 0; t < 4; ++t) {
      speakers.emplace_back([&chat, t] {
        for (int i = 0; i < 20; ++i)
          chat.print(std::string(100, static_cast<char>('a' + t)));
      });
    }
    for (auto& speaker : speakers)
      speaker.join();
  }
  std::istringstream lines(terminal.shown());
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count)
    CHECK(line == std::string(100, line.at(0)));
  CHECK(count == 80);
}

TEST_CASE("each line is one callback, also the last one without a newline") {
  Typist typist;
  typist.type("/upgrade status\n\n/upgr");
  typist.type("ade why\r\n/upgrade plan 1.34.7");
  typist.finish();
  CHECK(typist.lines ==
        std::vector<std::string>{"/upgrade status", "", "/upgrade why", "/upgrade plan 1.34.7"});
}

TEST_CASE("a line that is too long is dropped whole and reported once") {
  Typist typist;
  typist.type(std::string(kLineBytesMax, 'a') + "\n");
  typist.type(std::string(3 * kLineBytesMax, 'b') + "\nstatus\n");
  typist.type(std::string(kLineBytesMax + 1, 'c'));
  typist.finish();
  CHECK(typist.lines == std::vector<std::string>{std::string(kLineBytesMax, 'a'), "(too long)",
                                                 "status", "(too long)"});
}

TEST_CASE("nothing typed at all ends well") {
  Typist typist;
  typist.finish();
  CHECK(typist.lines.empty());
}

TEST_CASE("a reader that waits for input leaves when it is told to") {
  Typist typist;
  typist.type("half a li");
  typist.stop();
  CHECK(typist.lines.empty());
}
