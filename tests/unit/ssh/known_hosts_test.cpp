// SPDX-License-Identifier: Apache-2.0
#include "integrations/ssh/known_hosts.h"

#include <doctest/doctest.h>

#include <thread>

#include "tests/unit/ssh/sshd.h"

namespace lockkeeper::ssh {
namespace {

const std::string kType = "ssh-ed25519";
const std::string kKey = "AAAAC3NzaC1lZDI1NTE5AAAAIJ5zQ3wUL1hO0qUxWmZ3lmqVHUdyGBNh8N6kSg+9ZXKV";
const std::string kOther = "AAAAC3NzaC1lZDI1NTE5AAAAIO4DZz3Q4dbk0vUuCfdV1ALbmHCpGfTzbIbS0lIVLw0m";

struct File {
  TestFolder folder;
  std::filesystem::path path = folder.path() / "state/known_hosts";

  void write(const std::string& text) const {
    std::filesystem::create_directories(path.parent_path());
    write_text(path, text);
  }
};

}  // namespace

TEST_CASE("a host bears its port only when it is not 22") {
  CHECK(host_pattern("10.0.0.3", 22) == "10.0.0.3");
  CHECK(host_pattern("10.0.0.3", 2222) == "[10.0.0.3]:2222");
  CHECK(host_pattern("fd00::3", 22) == "fd00::3");
  CHECK(host_pattern("fd00::3", 2222) == "[fd00::3]:2222");
}

TEST_CASE("a pinned key is found again, with its line") {
  const File file;
  CHECK(pinned_keys(file.path, "10.0.0.3")->empty());
  REQUIRE(pin_key(file.path, "10.0.0.3", kType, kKey).has_value());
  REQUIRE(pin_key(file.path, "[10.0.0.3]:2222", kType, kOther).has_value());
  const auto keys = pinned_keys(file.path, "[10.0.0.3]:2222");
  REQUIRE(keys.has_value());
  REQUIRE(keys->size() == 1);
  CHECK(keys->front().line == 2);
  CHECK(keys->front().type == kType);
  CHECK(keys->front().key == kOther);
  CHECK(keys->front().fingerprint.starts_with("SHA256:"));
  CHECK(read_text(file.path) ==
        "10.0.0.3 " + kType + " " + kKey + "\n[10.0.0.3]:2222 " + kType + " " + kOther + "\n");
}

TEST_CASE("ssh-keygen reads what we wrote, and we read what it hashed") {
  SKIP_WITHOUT_SSHD();
  const File file;
  REQUIRE(pin_key(file.path, "[10.0.0.3]:2222", kType, kKey).has_value());
  const std::string path = file.path.native();
  run_or_fail("ssh-keygen -F '[10.0.0.3]:2222' -f " + path + " >/dev/null");
  run_or_fail("ssh-keygen -H -f " + path + " >/dev/null 2>&1");
  CHECK(read_text(file.path).starts_with("|1|"));
  const auto keys = pinned_keys(file.path, "[10.0.0.3]:2222");
  REQUIRE(keys.has_value());
  CHECK(keys->size() == 1);
  CHECK(pinned_keys(file.path, "10.0.0.3")->empty());
  CHECK(forget_host(file.path, "[10.0.0.3]:2222") == 1);
  CHECK(read_text(file.path).empty());
}

TEST_CASE("a key is pinned once, and never beside another one") {
  const File file;
  REQUIRE(pin_key(file.path, "10.0.0.3", kType, kKey).has_value());
  CHECK(pin_key(file.path, "10.0.0.3", kType, kKey).has_value());
  CHECK(line_count(file.path) == 1);
  const auto other = pin_key(file.path, "10.0.0.3", kType, kOther);
  REQUIRE_FALSE(other.has_value());
  CHECK(other.error().what.contains("another key of 10.0.0.3 was pinned meanwhile"));
  CHECK(line_count(file.path) == 1);
}

TEST_CASE("what cannot be read is a failure with its line, not an unknown host") {
  const File file;
  file.write("# ours\n\n10.0.0.3 ssh-ed25519 AAAA\n");
  const auto keys = pinned_keys(file.path, "10.0.0.3");
  REQUIRE_FALSE(keys.has_value());
  CHECK(keys.error().what == file.path.native() + ":3: not a host key line");
  file.write("@revoked 10.0.0.4 " + kType + " " + kKey + "\n");
  CHECK_FALSE(pinned_keys(file.path, "10.0.0.3").has_value());
  CHECK_FALSE(pin_key(file.path, "10.0.0.5", kType, kKey).has_value());
  CHECK_FALSE(forget_host(file.path, "10.0.0.3").has_value());
  CHECK_FALSE(pinned_keys(file.folder.path(), "10.0.0.3").has_value());
  CHECK_FALSE(pinned_keys({}, "10.0.0.3").has_value());
}

TEST_CASE("forgetting removes the host's lines and leaves every other as it was") {
  const File file;
  const std::string others = "# keep\n10.0.0.30 " + kType + " " + kKey + "\n\n";
  file.write(others + "10.0.0.3 " + kType + " " + kKey + "\n[10.0.0.3]:2222 " + kType + " " + kKey +
             "\nname,10.0.0.3 " + kType + " " + kOther + " a comment\n");
  CHECK(forget_host(file.path, "10.0.0.9") == 0);
  CHECK(forget_host(file.path, "[10.0.0.3]:2222") == 1);
  CHECK(line_count(file.path) == 5);
  CHECK(forget_host(file.path, "10.0.0.3") == 2);
  CHECK(read_text(file.path) == others);
  CHECK(forget_host(file.folder.path() / "none", "10.0.0.3") == 0);
}

TEST_CASE("an address forgets all of its ports") {
  const File file;
  file.write("[10.0.0.3]:2222 " + kType + " " + kKey + "\n[10.0.0.3]:2223 " + kType + " " + kKey +
             "\n[10.0.0.33]:2222 " + kType + " " + kKey + "\n");
  CHECK(forget_host(file.path, "10.0.0.3") == 2);
  CHECK(line_count(file.path) == 1);
}

TEST_CASE("many writers at once lose no line") {
  const File file;
  std::filesystem::create_directories(file.path.parent_path());
  std::vector<std::thread> writers;
  for (int i = 0; i < 8; ++i) {
    writers.emplace_back([&file, i] {
      for (int j = 0; j < 5; ++j)
        CHECK(
            pin_key(file.path, "10.0." + std::to_string(i) + "." + std::to_string(j), kType, kKey));
    });
  }
  for (auto& writer : writers)
    writer.join();
  CHECK(line_count(file.path) == 40);
}

}  // namespace lockkeeper::ssh
