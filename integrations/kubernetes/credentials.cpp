// SPDX-License-Identifier: Apache-2.0
#include "integrations/kubernetes/credentials.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <utility>

#include "config/bounded_file.h"
#include "integrations/kubernetes/kubeconfig_yaml.h"

namespace lockkeeper::kubernetes {
namespace {

constexpr Millis kLookAgain{60'000};     // client-go re-reads a token file each minute
constexpr Millis kExpiryMargin{10'000};  // and takes a token for expired this much early
constexpr Millis kPluginLimit{30'000};   // a cloud's login may be slow, but not for ever
constexpr Millis kPluginRestMin{5'000};  // between two runs for a server that refuses everything
constexpr std::size_t kTokenMaxBytes = 64U << 10U;

std::string without_blanks(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1));
}

}  // namespace

Credentials::Credentials(KubernetesSettings settings, Clock& clock, Surroundings around,
                         Access access)
    : settings_(std::move(settings)),
      clock_(clock),
      around_(std::move(around)),
      access_(std::move(access)),
      tls_(std::make_shared<const http::ClientTls>(access_.tls)),
      stamp_(stamp()),
      looked_(clock.moment()) {}

Result<std::unique_ptr<Credentials>> Credentials::open(KubernetesSettings settings, Clock& clock,
                                                       Surroundings around) {
  auto access = find_access(settings, around);
  if (!access) return std::unexpected(access.error());
  return std::unique_ptr<Credentials>(
      new Credentials(std::move(settings), clock, std::move(around), std::move(*access)));
}

// The lock is held while a plugin runs: its result is what every other caller needs, too.
Result<Identity> Credentials::identity() {
  const std::scoped_lock lock(mutex_);
  refresh_access();
  Identity identity;
  auto token = bearer();
  if (!token) return std::unexpected(token.error());
  distrusted_ = false;
  identity.server = access_.server;
  identity.tls = tls_;
  identity.proxy = access_.proxy;
  identity.headers = access_.impersonation;
  if (!token->empty()) {
    identity.headers.add("Authorization", "Bearer " + *token);
  } else if (!access_.username.empty()) {
    identity.headers.add("Authorization",
                         "Basic " + to_base64(access_.username + ":" + access_.password));
  }
  return identity;
}

void Credentials::distrust() {
  const std::scoped_lock lock(mutex_);
  distrusted_ = true;
}

std::string Credentials::described() const {
  const std::scoped_lock lock(mutex_);
  return fmt::format("{} ({})", access_.server, access_.described);
}

// A file that is being replaced just now, or is broken, leaves the access that worked so far.
void Credentials::refresh_access() {
  const Moment now = clock_.moment();
  if (!distrusted_ && now - looked_ < kLookAgain) return;
  looked_ = now;
  if (stamp() == stamp_ && !distrusted_) return;
  auto access = find_access(settings_, around_);
  if (!access) return;
  access_ = std::move(*access);
  stamp_ = stamp();
  auto tls = access_.tls;
  if (plugin_ && !plugin_->certificate_pem.empty()) {
    tls.certificate_pem = plugin_->certificate_pem;
    tls.key_pem = plugin_->key_pem;
  }
  if (tls != *tls_) tls_ = std::make_shared<const http::ClientTls>(std::move(tls));
}

// Inode, size and time together notice every way of replacing a file, a Kubernetes volume's swapped
// link included.
std::string Credentials::stamp() const {
  std::string text;
  for (const auto& file : access_.files) {
    struct stat info{};
    if (::stat(file.c_str(), &info) != 0) continue;
    text += fmt::format("{}:{}:{}.{};", info.st_ino, info.st_size, info.st_mtim.tv_sec,
                        info.st_mtim.tv_nsec);
  }
  return text;
}

// The order of client-go: a plugin excludes the others, a file wins over a token.
Result<std::string> Credentials::bearer() {
  if (access_.exec) return token_from_plugin();
  if (!access_.token_file.empty()) return token_from_file();
  return access_.token;
}

Result<std::string> Credentials::token_from_file() {
  const Moment now = clock_.moment();
  if (file_token_read_ && !distrusted_ && now - *file_token_read_ < kLookAgain) return file_token_;
  const auto content = read_bounded_file(access_.token_file, kTokenMaxBytes);
  const std::string token = content ? without_blanks(content->text) : std::string();
  if (!token.empty()) {
    file_token_ = token;
    file_token_read_ = now;
    return file_token_;
  }
  if (!file_token_.empty()) return file_token_;
  return fail(fmt::format("token file {}: {}", access_.token_file.string(),
                          content ? "empty" : content.error().what));
}

// A plugin that fails while its last token is still good is tried again later.
Result<std::string> Credentials::token_from_plugin() {
  const Moment now = clock_.moment();
  const bool expired =
      plugin_ && plugin_->expires && clock_.now() + kExpiryMargin >= *plugin_->expires;
  const bool refused = distrusted_ && now - plugin_ran_ >= kPluginRestMin;
  if (plugin_ && !expired && !refused) return plugin_->token;
  auto credential = run_plugin(*access_.exec, clock_, kPluginLimit);
  plugin_ran_ = clock_.moment();
  if (!credential) {
    if (plugin_ && !expired) return plugin_->token;
    return std::unexpected(credential.error());
  }
  plugin_ = std::move(*credential);
  if (!plugin_->certificate_pem.empty()) {
    auto tls = access_.tls;
    tls.certificate_pem = plugin_->certificate_pem;
    tls.key_pem = plugin_->key_pem;
    tls_ = std::make_shared<const http::ClientTls>(std::move(tls));
  }
  return plugin_->token;
}

}  // namespace lockkeeper::kubernetes
