// SPDX-License-Identifier: Apache-2.0
#include "integrations/system/signals.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <limits>

namespace lockkeeper::system {
namespace {

constexpr std::array kCaught = {SIGTERM, SIGINT, SIGHUP};
constexpr int kNobody = -1;

// A handler can reach nothing but globals; lock-free atomics are all that it may touch.
std::atomic<int> g_event = kNobody;
std::atomic<bool> g_leave = false;
std::atomic<bool> g_reload = false;
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);

void ring(int event) noexcept {
  const std::uint64_t one = 1;
  // It can only fail when the counter is full, and then the reader is awake anyway.
  [[maybe_unused]] const auto written = ::write(event, &one, sizeof(one));
}

/// Runs in whatever thread the kernel chose, in the middle of anything.
void on_signal(int number) {
  const int saved = errno;
  (number == SIGHUP ? g_reload : g_leave).store(true);
  if (const int event = g_event.load(); event != kNobody) ring(event);
  errno = saved;
}

void set_handler(int number, void (*handler)(int)) {
  struct sigaction action{};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  ::sigaction(number, &action, nullptr);
}

}  // namespace

Result<std::unique_ptr<Signals>> Signals::install() {
  const int event = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (event < 0) return fail(std::string("signals: no eventfd: ") + std::strerror(errno));
  int nobody = kNobody;
  if (!g_event.compare_exchange_strong(nobody, event)) {
    ::close(event);
    return fail("signals: the handlers are installed already");
  }
  g_leave = false;
  g_reload = false;
  for (const int number : kCaught)
    set_handler(number, on_signal);
  set_handler(SIGPIPE, SIG_IGN);
  return std::unique_ptr<Signals>(new Signals(event));
}

Signals::~Signals() {
  // Handlers first: afterwards none can find a descriptor that is about to be closed.
  for (const int number : kCaught)
    set_handler(number, SIG_DFL);
  set_handler(SIGPIPE, SIG_DFL);
  g_event = kNobody;
  ::close(event_);
}

Event Signals::next(Millis limit) noexcept {
  pollfd waiting{.fd = event_, .events = POLLIN, .revents = 0};
  const auto bounded = std::clamp<std::int64_t>(limit.count(), 0, std::numeric_limits<int>::max());
  // A signal between this look and the poll has rung already, so the poll returns at once.
  if (!g_leave && !g_reload) ::poll(&waiting, 1, static_cast<int>(bounded));
  std::uint64_t rings = 0;
  [[maybe_unused]] const auto drained = ::read(event_, &rings, sizeof(rings));
  if (g_leave) return Event::leave;
  return g_reload.exchange(false) ? Event::reload : Event::none;
}

void Signals::wake() noexcept {
  ring(event_);
}

void Signals::leave() noexcept {
  g_leave = true;
  ring(event_);
}

bool Signals::leaving() noexcept {
  return g_leave;
}

}  // namespace lockkeeper::system
