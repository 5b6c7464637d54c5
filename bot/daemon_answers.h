// SPDX-License-Identifier: Apache-2.0
#pragma once

// Between the desk and the entries at which people come to the daemon. Part of the composition
// root.

#include "bot/desk.h"
#include "integrations/web/texts.h"

namespace lockkeeper {

/// Who sits at the daemon's own terminal: "console:ana".
Actor console_actor();

/// The desk's reply as the HTTP interface gives it.
web::CommandAnswer answer_of(const Reply& reply);

}  // namespace lockkeeper
