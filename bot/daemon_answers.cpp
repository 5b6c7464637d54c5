// SPDX-License-Identifier: Apache-2.0
#include "bot/daemon_answers.h"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

namespace lockkeeper {

Actor console_actor() {
  const passwd* user = ::getpwuid(::getuid());
  return fmt::format("console:{}", user == nullptr ? fmt::format("{}", ::getuid()) : user->pw_name);
}

web::CommandAnswer answer_of(const Reply& reply) {
  int status = 200;
  switch (reply.code) {
    case Reply::Code::ok:
      break;
    case Reply::Code::malformed:
      status = 400;
      break;
    case Reply::Code::denied:
      status = 403;
      break;
    case Reply::Code::conflict:
      status = 409;
      break;
    case Reply::Code::failed:
      status = 502;
      break;
  }
  return {status, reply.ok(), reply.text, reply.confirm};
}

}  // namespace lockkeeper
