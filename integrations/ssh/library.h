// SPDX-License-Identifier: Apache-2.0
#pragma once

// libssh's objects with owners, for the few files here that touch the library; no other header
// includes it. Each object belongs to one thread at a time.

#include <libssh/libssh.h>

#include <memory>
#include <string>

namespace lockkeeper::ssh {

struct Free {
  void operator()(ssh_session session) const { ssh_free(session); }
  void operator()(ssh_channel channel) const { ssh_channel_free(channel); }
  void operator()(ssh_event event) const { ssh_event_free(event); }
  void operator()(ssh_key key) const { ssh_key_free(key); }
  void operator()(char* text) const { ssh_string_free_char(text); }
};

using SessionOwner = std::unique_ptr<ssh_session_struct, Free>;
using ChannelOwner = std::unique_ptr<ssh_channel_struct, Free>;
using EventOwner = std::unique_ptr<ssh_event_struct, Free>;
using KeyOwner = std::unique_ptr<ssh_key_struct, Free>;
using TextOwner = std::unique_ptr<char, Free>;

/// "ssh-ed25519".
inline std::string key_type(ssh_key key) {
  const char* name = ssh_key_type_to_char(ssh_key_type(key));
  return name == nullptr ? "" : name;
}

/// The public half, as known_hosts files have it; "" when the library cannot tell.
inline std::string key_base64(ssh_key key) {
  char* text = nullptr;
  if (ssh_pki_export_pubkey_base64(key, &text) != SSH_OK) return {};
  return TextOwner(text).get();
}

/// "SHA256:...", the form that ssh-keygen -l shows; "" when the library cannot tell.
inline std::string key_fingerprint(ssh_key key) {
  unsigned char* hash = nullptr;
  std::size_t bytes = 0;
  if (ssh_get_publickey_hash(key, SSH_PUBLICKEY_HASH_SHA256, &hash, &bytes) != 0) return {};
  const TextOwner text(ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, bytes));
  ssh_clean_pubkey_hash(&hash);
  return text == nullptr ? "" : text.get();
}

}  // namespace lockkeeper::ssh
