// SPDX-License-Identifier: Apache-2.0
#include "config/secret.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>

#include "config/bounded_file.h"

namespace lockkeeper {
namespace {

// A token has some hundred bytes; a file with more is the wrong file.
constexpr std::size_t kSecretBytesMax = 64UL << 10;
constexpr std::string_view kEnds = " \t\r\n\v\f";

/// An editor leaves a newline behind the last line, and no token begins or ends with a blank.
std::string_view without_ends(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kEnds);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kEnds) - first + 1);
}

Result<std::string> from_file(const std::filesystem::path& path, bool must_be_private) {
  auto file = read_bounded_file(path, kSecretBytesMax);
  if (!file) return std::unexpected(file.error());
  if (must_be_private && (file->mode & S_IROTH) != 0) {
    return fail(
        fmt::format("everybody may read it (mode {:04o}); chmod o-r it, or mount the "
                    "Kubernetes volume with defaultMode 0440",
                    file->mode));
  }
  return std::move(file->text);
}

/// Read anew each time, like a file, though few change their environment.
Result<std::string> from_environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return fail("it is not set");
  return std::string(value);
}

Result<std::string> from_credential(const std::string& name) {
  const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
  if (folder == nullptr) return fail("$CREDENTIALS_DIRECTORY is not set; see LoadCredential=");
  // systemd owns that folder and its modes; nobody else can enter it.
  return from_file(std::filesystem::path(folder) / name, false);
}

/// The text of whichever source is set, with a failure that does not name it yet.
Result<std::string> raw(const SecretSource& source, const KubernetesSecretReader& from_kubernetes) {
  if (!source.file.empty()) return from_file(source.file, true);
  if (!source.env.empty()) return from_environment(source.env);
  if (!source.credential.empty()) return from_credential(source.credential);
  if (source.kubernetes.empty()) return fail("no source is configured");
  if (!from_kubernetes) return fail("it can only be read while the cluster is reachable");
  return from_kubernetes(source.kubernetes);
}

}  // namespace

bool SecretSource::given() const {
  return !(file.empty() && env.empty() && credential.empty() && kubernetes.empty());
}

std::string SecretSource::described() const {
  if (!file.empty()) return "file " + file;
  if (!env.empty()) return "environment variable " + env;
  if (!credential.empty()) return "systemd credential " + credential;
  return kubernetes.empty() ? "no secret" : "Kubernetes Secret " + kubernetes;
}

Result<std::string> read_secret(const SecretSource& source,
                                const KubernetesSecretReader& from_kubernetes) {
  const auto text = raw(source, from_kubernetes);
  if (!text) return fail(source.described() + ": " + text.error().what);
  const std::string_view value = without_ends(*text);
  if (value.empty()) return fail(source.described() + ": it is empty");
  if (value.size() > kSecretBytesMax) {
    return fail(fmt::format("{}: longer than {} bytes", source.described(), kSecretBytesMax));
  }
  return std::string(value);
}

}  // namespace lockkeeper
