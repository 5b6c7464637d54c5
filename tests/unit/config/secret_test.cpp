// SPDX-License-Identifier: Apache-2.0
#include "config/secret.h"

#include <doctest/doctest.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/findings.h"
#include "tests/unit/config/temporary_folder.h"

namespace lockkeeper {
namespace {

using testing::ScopedVariable;
using testing::TemporaryFolder;

SecretSource file_source(const std::filesystem::path& path) {
  SecretSource source;
  source.file = path.string();
  return source;
}

SecretSource env_source(const std::string& name) {
  SecretSource source;
  source.env = name;
  return source;
}

std::string failure(const SecretSource& source, const KubernetesSecretReader& reader = {}) {
  const auto value = read_secret(source, reader);
  return value ? "read" : value.error().what;
}

}  // namespace

TEST_CASE("a secret in a file comes without the blanks and newlines at its ends") {
  const TemporaryFolder folder;
  CHECK(read_secret(file_source(folder.write("t", "s3cret\n"))) == "s3cret");
  CHECK(read_secret(file_source(folder.write("t", "\r\n  s3 cret \t\r\n"))) == "s3 cret");
}

TEST_CASE("a secret that was rotated is read anew") {
  const TemporaryFolder folder;
  const auto source = file_source(folder.write("t", "old"));
  CHECK(read_secret(source) == "old");
  folder.write("t.new", "new");
  std::filesystem::rename(folder.path() / "t.new", folder.path() / "t");
  CHECK(read_secret(source) == "new");
}

TEST_CASE("a file that everybody may read holds no secret") {
  const TemporaryFolder folder;
  for (const mode_t mode : {0644U, 0604U, 0777U}) {
    const auto source = file_source(folder.write("t", "s3cret", mode));
    CHECK(failure(source).starts_with("file " + source.file + ": everybody may read it (mode 0"));
  }
  for (const mode_t mode : {0600U, 0400U, 0440U, 0640U})
    CHECK(failure(file_source(folder.write("t", "s3cret", mode))) == "read");
}

TEST_CASE("the mode that counts is that of the file behind a link") {
  const TemporaryFolder folder;
  const auto link = folder.path() / "link";
  std::filesystem::create_symlink(folder.write("real", "s3cret", 0600), link);
  CHECK(read_secret(file_source(link)) == "s3cret");
}

TEST_CASE("what cannot be a secret is refused with its reason") {
  const TemporaryFolder folder;
  const auto told = [&](const std::filesystem::path& path) {
    const auto text = failure(file_source(path));
    const std::string prefix = "file " + path.string() + ": ";
    CHECK(text.starts_with(prefix));
    return text.substr(std::min(prefix.size(), text.size()));
  };
  CHECK(told(folder.path() / "absent") == "no such file or directory");
  CHECK(told(folder.path()) == "is a directory, not a file");
  CHECK(told(folder.write("empty", "")) == "it is empty");
  CHECK(told(folder.write("blank", " \n\t\n")) == "it is empty");
  CHECK(told(folder.write("large", std::string((64U << 10) + 1, 'x'))) ==
        "larger than 65536 bytes");
  const auto fifo = folder.path() / "fifo";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  CHECK(told(fifo) == "is a FIFO, not a file");
}

TEST_CASE("a file that this process may not read is refused") {
  const TemporaryFolder folder;
  const auto source = file_source(folder.write("t", "s3cret", 0000));
  // root may read everything; as somebody else for a moment, only this thread changes.
  const int before = ::geteuid() == 0 ? ::setfsuid(65534) : -1;
  const auto told = failure(source);
  if (before >= 0) ::setfsuid(static_cast<uid_t>(before));
  CHECK(told == "file " + source.file + ": permission denied");
}

TEST_CASE("a secret in the environment") {
  const ScopedVariable set("LOCKKEEPER_TEST_SECRET", "s3cret\n");
  const ScopedVariable empty("LOCKKEEPER_TEST_EMPTY", "");
  CHECK(read_secret(env_source("LOCKKEEPER_TEST_SECRET")) == "s3cret");
  CHECK(failure(env_source("LOCKKEEPER_TEST_EMPTY")) ==
        "environment variable LOCKKEEPER_TEST_EMPTY: it is empty");
  CHECK(failure(env_source("LOCKKEEPER_TEST_ABSENT")) ==
        "environment variable LOCKKEEPER_TEST_ABSENT: it is not set");
}

TEST_CASE("a systemd credential lies in $CREDENTIALS_DIRECTORY, whatever its mode") {
  const TemporaryFolder folder;
  folder.write("hook", "s3cret", 0444);
  SecretSource source;
  source.credential = "hook";
  {
    const ScopedVariable unset("CREDENTIALS_DIRECTORY", nullptr);
    CHECK(failure(source) ==
          "systemd credential hook: $CREDENTIALS_DIRECTORY is not set; see LoadCredential=");
  }
  const ScopedVariable set("CREDENTIALS_DIRECTORY", folder.path().c_str());
  CHECK(read_secret(source) == "s3cret");
  source.credential = "absent";
  CHECK(failure(source) == "systemd credential absent: no such file or directory");
}

TEST_CASE("a Kubernetes Secret is read through the function that was given") {
  SecretSource source;
  source.kubernetes = "ops/hook/token";
  CHECK(failure(source) ==
        "Kubernetes Secret ops/hook/token: it can only be read while the cluster is reachable");
  std::string asked;
  const auto reader = [&](const std::string& path) -> Result<std::string> {
    asked = path;
    return " s3cret\n";
  };
  CHECK(read_secret(source, reader) == "s3cret");
  CHECK(asked == "ops/hook/token");
  const auto absent = [](const std::string&) -> Result<std::string> { return fail("not found"); };
  CHECK(failure(source, absent) == "Kubernetes Secret ops/hook/token: not found");
  const auto large = [](const std::string&) -> Result<std::string> {
    return std::string((64U << 10) + 1, 'x');
  };
  CHECK(failure(source, large) == "Kubernetes Secret ops/hook/token: longer than 65536 bytes");
}

TEST_CASE("a source that names nothing is no secret") {
  CHECK_FALSE(SecretSource{}.given());
  CHECK(SecretSource{}.described() == "no secret");
  CHECK(failure(SecretSource{}) == "no secret: no source is configured");
}

TEST_CASE("the state of a secret tells where, how long and how private, but never what") {
  const TemporaryFolder folder;
  const auto good = file_source(folder.write("t", "hunter2\n", 0640));
  CHECK(secret_state(good) == "file " + good.file + " (readable, 7 bytes, mode 0640)");
  const auto open = file_source(folder.write("o", "hunter2", 0644));
  const auto told = secret_state(open);
  CHECK(told == "file " + open.file +
                    ": everybody may read it (mode 0644); chmod o-r it, or mount the Kubernetes "
                    "volume with defaultMode 0440");
  CHECK(told.find("hunter2") == std::string::npos);
  const ScopedVariable set("LOCKKEEPER_TEST_SECRET", "hunter2");
  CHECK(secret_state(env_source("LOCKKEEPER_TEST_SECRET")) ==
        "environment variable LOCKKEEPER_TEST_SECRET (readable, 7 bytes)");
  SecretSource cluster;
  cluster.kubernetes = "a/b/c";
  CHECK(secret_state(cluster) == "Kubernetes Secret a/b/c (read from the cluster when needed)");
  CHECK(secret_state(SecretSource{}) == "not given");
}

}  // namespace lockkeeper
