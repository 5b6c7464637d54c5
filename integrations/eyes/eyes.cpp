// SPDX-License-Identifier: Apache-2.0
#include "integrations/eyes/eyes.h"

#include <algorithm>
#include <utility>

#include "integrations/system/log.h"

namespace lockkeeper::eyes {
namespace {

using system::Level;
using system::log;

// Alertmanager's two questions, and what it takes to begin.
constexpr int kQuestionsAtMost = 2;
constexpr Millis kToBegin = std::chrono::seconds(1);

bool any_honors_silences(const RuleBook& book) {
  return book.fallback.honor_silences || std::ranges::any_of(book.rules, &Rule::honor_silences);
}

}  // namespace

Eyes::Eyes(const Settings& settings, const RuleBook& book, const Clock& clock, Told told,
           const KubernetesSecretReader& from_kubernetes)
    : settings_(settings),
      clock_(clock),
      told_(std::move(told)),
      lookout_(lookout_settings(settings)),
      honors_silences_(any_honors_silences(book)) {
  const auto add = [&](const PrometheusSettings& one) {
    prometheus_.push_back(
        std::make_unique<prometheus::Poller>(one, settings.gate, book, clock, from_kubernetes));
  };
  add(settings.prometheus);
  std::ranges::for_each(settings.more_prometheus, add);
  saw_.resize(prometheus_.size());
  if (settings.alertmanager.given()) {
    alertmanager_ = std::make_unique<alertmanager::Poller>(settings.alertmanager, from_kubernetes);
  }
}

Eyes::~Eyes() {
  stop();
  looks_.clear();
  alertmanager_looks_.reset();
}

void Eyes::open() {
  const auto interval = settings_.gate.poll_interval;
  if (alertmanager_) {
    alertmanager_looks_ =
        std::make_unique<system::Periodic>(interval, [this] { look_at_alertmanager(); });
  }
  for (std::size_t i = 0; i < prometheus_.size(); ++i) {
    looks_.push_back(
        std::make_unique<system::Periodic>(interval, [this, i] { look_at_prometheus(i); }));
  }
}

void Eyes::adopt(const Settings& settings) {
  for (const auto& poller : prometheus_)
    poller->adopt(settings.rules);
  {
    const std::scoped_lock lock(mutex_);
    lookout_.adopt(settings);
    honors_silences_ = any_honors_silences(settings.rules);
  }
  soon();
}

void Eyes::soon() noexcept {
  if (alertmanager_looks_) alertmanager_looks_->soon();
  for (const auto& looks : looks_)
    looks->soon();
}

void Eyes::stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  looked_.notify_all();
  for (const auto& poller : prometheus_)
    poller->stop();
  if (alertmanager_) alertmanager_->stop();
}

void Eyes::look_at_prometheus(std::size_t which) {
  auto look = prometheus_[which]->poll();
  std::unique_lock lock(mutex_);
  if (look.good && honors_silences_) hear_of_silences(lock, which, look);
  const Moment now = clock_.moment();
  tell(lookout_.prometheus(which, std::move(look), now), now);
}

/// The log has each change, not each look.
void Eyes::tell(const Sighting& sighting, Moment now) {
  for (const auto& source : sighting.sources) {
    auto& said = said_[source.name];
    if (said == source.why_not) continue;
    if (!stopping_ && source.good) log(Level::info, source.name + " is seen again");
    if (!stopping_ && !source.good) log(Level::warn, source.why_not);
    said = source.why_not;
  }
  told_(sighting, now);
}

/// Of a new alert it is not known yet whether it is silenced: without a look at Alertmanager that
/// begins after it was seen, each silenced alert would hold the run when it begins to fire. The
/// wait is bounded, and there is none while Alertmanager is away.
void Eyes::hear_of_silences(std::unique_lock<std::mutex>& lock, std::size_t which,
                            const Sighting& look) {
  auto fires = look.firing;
  std::ranges::sort(fires);
  const auto before = std::exchange(saw_[which], fires);
  if (std::ranges::includes(before, fires) || !lookout_.sees_alertmanager()) return;
  // Prometheus may show an alert a moment before Alertmanager has it: the second look has it.
  for (int i = 0; i < 2 && lookout_.sees_alertmanager(); ++i) {
    const auto begun = begun_;
    alertmanager_looks_->soon();
    looked_.wait_for(lock, kQuestionsAtMost * settings_.alertmanager.timeout + kToBegin,
                     [&] { return stopping_ || ended_ > begun; });
  }
}

void Eyes::look_at_alertmanager() {
  std::uint64_t number = 0;
  {
    const std::scoped_lock lock(mutex_);
    number = ++begun_;
  }
  auto look = alertmanager_->poll();
  {
    const std::scoped_lock lock(mutex_);
    ended_ = number;
    const Moment now = clock_.moment();
    tell(lookout_.alertmanager(std::move(look), now), now);
  }
  looked_.notify_all();
}

}  // namespace lockkeeper::eyes
