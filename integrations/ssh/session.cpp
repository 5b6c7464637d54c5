// SPDX-License-Identifier: Apache-2.0
#include "integrations/ssh/session.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "integrations/ssh/channel.h"
#include "integrations/ssh/dial.h"
#include "integrations/ssh/known_hosts.h"
#include "integrations/ssh/library.h"
#include "integrations/ssh/printable.h"
#include "integrations/ssh/shell.h"

namespace lockkeeper::ssh {

struct Session::Connection {
  std::string node;
  const Clock* clock = nullptr;
  SessionOwner session;
  bool usable = true;
};

namespace {

std::atomic<bool> g_pins = true;

std::unexpected<NotStarted> not_started(const Peer& peer, std::string_view what, bool lasting,
                                        Obstacle obstacle = Obstacle::other) {
  return std::unexpected(NotStarted{{fmt::format("{}: {}", peer.node, what)}, lasting, obstacle});
}

/// libssh's own words about the last error, fit to be shown.
std::string said(ssh_session session) {
  return last_line(ssh_get_error(session));
}

int note_passphrase(const char*, char*, std::size_t, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

Result<KeyOwner> load_key(const std::filesystem::path& file) {
  struct stat info{};
  if (file.empty()) return fail("[ssh] key_file is not set");
  if (::stat(file.c_str(), &info) != 0)
    return fail(fmt::format("key file {}: {}", file.native(), std::strerror(errno)));
  if ((info.st_mode & (S_IROTH | S_IWOTH)) != 0) {
    return fail(fmt::format("key file {}: everybody may read it; chmod 600 {}", file.native(),
                            shell_word(file.native())));
  }
  ssh_key key = nullptr;
  bool asked = false;
  const int read =
      ssh_pki_import_privkey_file(file.c_str(), nullptr, note_passphrase, &asked, &key);
  if (read == SSH_OK) return KeyOwner(key);
  if (asked) {
    return fail(
        fmt::format("key file {}: it has a passphrase; nobody is there to type it, use a "
                    "key without one",
                    file.native()));
  }
  return fail(fmt::format("key file {}: not a private key, or not readable", file.native()));
}

/// The algorithms by which a host may prove each pinned type: no other key is asked for, so a node
/// that offers a new type beside the pinned one still shows the pinned one.
std::string algorithms_for(const std::vector<PinnedKey>& pinned) {
  std::vector<std::string> names;
  for (const auto& key : pinned) {
    if (key.type == "ssh-rsa") names.insert(names.end(), {"rsa-sha2-512", "rsa-sha2-256"});
    if (key.type != "ssh-rsa") names.push_back(key.type);
  }
  return joined(names, ",");
}

/// Waits until the session's socket has something to read (or room, when there is something to
/// write), at most `limit_ms`.
void await_socket(ssh_session session, int limit_ms) {
  const bool writing = (ssh_get_poll_flags(session) & SSH_WRITE_PENDING) != 0;
  pollfd entry{ssh_get_fd(session), static_cast<short>(writing ? POLLIN | POLLOUT : POLLIN), 0};
  ::poll(&entry, 1, limit_ms);
}

/// Calls `step` until it answers something else than `again`, the connection waiting in between.
template <typename Step>
int settled(ssh_session session, const Patience& patience, int again, Step step) {
  while (true) {
    const int answer = step();
    if (answer != again || patience.over()) return answer;
    await_socket(session, patience.slice());
  }
}

/// Everything that connecting needs, and the words for what goes wrong on the way.
class Introduction {
 public:
  Introduction(const SshSettings& settings, const Peer& peer, const Patience& patience)
      : settings_(settings),
        peer_(peer),
        patience_(patience),
        host_(host_pattern(peer.address, settings.port)) {}

  std::expected<SessionOwner, NotStarted> make() {
    auto key = load_key(settings_.key_file);
    if (!key) return refused(key.error().what, true);
    auto pinned = pinned_keys(settings_.known_hosts, host_);
    if (!pinned) return refused(pinned.error().what, true);
    pinned_ = std::move(*pinned);
    const auto file = dial(peer_.address, settings_.port, patience_);
    if (!file) return refused(file.error().what, false, Obstacle::unreachable);
    SessionOwner session(ssh_new());
    if (auto done = shake_hands(session.get(), *file); !done) return std::unexpected(done.error());
    if (auto done = check_host_key(session.get()); !done) return std::unexpected(done.error());
    if (auto done = log_in(session.get(), key->get()); !done) return std::unexpected(done.error());
    return session;
  }

 private:
  using Done = std::expected<void, NotStarted>;

  [[nodiscard]] std::unexpected<NotStarted> refused(std::string_view what, bool lasting,
                                                    Obstacle obstacle = Obstacle::other) const {
    return not_started(peer_, what, lasting, obstacle);
  }

  /// Takes the socket over; it is closed with the session, or here.
  Done shake_hands(ssh_session session, int file) {
    const unsigned port = settings_.port;
    const std::string algorithms = algorithms_for(pinned_);
    const bool process_config = false;
    const auto set = [&](ssh_options_e option, const void* value) {
      return ssh_options_set(session, option, value) == SSH_OK;
    };
    const bool ready = session != nullptr && set(SSH_OPTIONS_HOST, peer_.address.c_str()) &&
                       set(SSH_OPTIONS_PORT, &port) &&
                       set(SSH_OPTIONS_USER, settings_.user.c_str()) &&
                       set(SSH_OPTIONS_PROCESS_CONFIG, &process_config) &&
                       set(SSH_OPTIONS_KNOWNHOSTS, "/dev/null") &&
                       set(SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/dev/null") &&
                       (algorithms.empty() || set(SSH_OPTIONS_HOSTKEYS, algorithms.c_str())) &&
                       set(SSH_OPTIONS_FD, &file);
    if (!ready) {
      ::close(file);
      return refused(fmt::format("libssh refuses the settings: {}", said(session)), true);
    }
    ssh_set_blocking(session, 0);
    const int answer = settled(session, patience_, SSH_AGAIN, [&] { return ssh_connect(session); });
    if (answer == SSH_OK) return {};
    if (answer == SSH_AGAIN)
      return refused(fmt::format("no SSH handshake with {}: {}", host_, patience_.reason()), false,
                     Obstacle::unreachable);
    const std::string words = said(session);
    if (!pinned_.empty() && words.contains("host key algo")) return changed_key("of another type");
    return refused(fmt::format("no SSH handshake with {}: {}", host_, words), false,
                   Obstacle::unreachable);
  }

  Done check_host_key(ssh_session session) {
    ssh_key raw = nullptr;
    if (ssh_get_server_publickey(session, &raw) != SSH_OK)
      return refused("the node showed no host key", false);
    const KeyOwner key(raw);
    const std::string type = key_type(raw);
    const std::string text = key_base64(raw);
    if (type.empty() || text.empty()) return refused("the host key cannot be read", false);
    if (pinned_.empty() && !g_pins) return {};
    if (pinned_.empty()) {
      const auto done = pin_key(settings_.known_hosts, host_, type, text);
      return done ? Done() : Done(refused(done.error().what, true));
    }
    const bool known = std::ranges::any_of(pinned_, [&](const PinnedKey& pinned) {
      return pinned.type == type && pinned.key == text;
    });
    return known ? Done() : Done(changed_key(key_fingerprint(raw)));
  }

  [[nodiscard]] std::unexpected<NotStarted> changed_key(std::string_view now) const {
    return refused(
        fmt::format("the host key of {} has changed: {}:{} pins {} {}, the node's is now {}; if "
                    "the node was reinstalled, run `lockkeeper ssh forget {}`, otherwise somebody "
                    "stands in between",
                    host_, settings_.known_hosts.native(), pinned_.front().line,
                    pinned_.front().type, pinned_.front().fingerprint, now, shell_word(host_)),
        true, Obstacle::host_key);
  }

  Done log_in(ssh_session session, ssh_key key) {
    const int answer = settled(session, patience_, SSH_AUTH_AGAIN,
                               [&] { return ssh_userauth_publickey(session, nullptr, key); });
    if (answer == SSH_AUTH_SUCCESS) return {};
    if (answer == SSH_AUTH_AGAIN)
      return refused(fmt::format("no answer to the login: {}", patience_.reason()), false);
    if (answer == SSH_AUTH_ERROR && ssh_is_connected(session) == 0)
      return refused(fmt::format("the connection broke at the login: {}", said(session)), false);
    return refused(
        fmt::format("sshd does not let user {} in with the key {}: is its public half in "
                    "~{}/.ssh/authorized_keys there?",
                    settings_.user, settings_.key_file.native(), settings_.user),
        false, Obstacle::login);
  }

  const SshSettings& settings_;
  const Peer& peer_;
  const Patience& patience_;
  std::string host_;
  std::vector<PinnedKey> pinned_;
};

}  // namespace

std::expected<Session, NotStarted> Session::connect(const SshSettings& settings, const Peer& peer,
                                                    const Clock& clock,
                                                    const Cancelled& cancelled) {
  if (settings.user.empty()) return not_started(peer, "[ssh] user is not set", true);
  const Patience patience(clock, settings.connect_timeout, cancelled);
  auto session = Introduction(settings, peer, patience).make();
  if (!session) return std::unexpected(std::move(session.error()));
  return Session(
      std::make_unique<Connection>(Connection{peer.node, &clock, std::move(*session), true}));
}

void pin_new_keys(bool wanted) {
  g_pins = wanted;
}

Session::Session(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;
Session::~Session() = default;

bool Session::usable() const {
  return connection_ && connection_->usable && ssh_is_connected(connection_->session.get()) != 0;
}

std::expected<CommandResult, NotStarted> Session::run(const std::string& command,
                                                      std::string_view input,
                                                      const CommandLimits& limits) {
  const Peer peer{connection_->node, {}};
  if (!usable()) return not_started(peer, "the connection is closed", false);
  const Patience patience(*connection_->clock, limits.time, limits.cancelled);
  Channel channel(connection_->session.get(), patience, limits.bytes_max);
  if (const auto opened = channel.open(); !opened) {
    connection_->usable = false;
    return not_started(peer, opened.error().what, false);
  }
  auto result = channel.run(command, input);
  // What a command without a status may still send would be mixed into the next one's time.
  if (!result || !result->status) connection_->usable = false;
  if (!result) return not_started(peer, result.error().what, false);
  return std::move(*result);
}

}  // namespace lockkeeper::ssh
