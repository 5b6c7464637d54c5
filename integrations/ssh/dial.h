// SPDX-License-Identifier: Apache-2.0
#pragma once

// The TCP connection below an SSH session, made here and not by libssh: so that it can be
// cancelled, so that "refused", "no route" and "no answer" stay apart, and so that a connection
// whose peer has vanished ends by itself. Used by one thread.

#include <cstdint>
#include <string>

#include "integrations/ssh/patience.h"
#include "rules/result.h"

namespace lockkeeper::ssh {

/// A connected socket; the caller closes it. `address` is an IPv4 or IPv6 address: names are
/// refused, because looking one up can block for longer than anybody has allowed.
/// The failure is the end of a sentence: "10.0.0.3:22 refuses the connection, ...".
Result<int> dial(const std::string& address, std::uint16_t port, const Patience& patience);

}  // namespace lockkeeper::ssh
