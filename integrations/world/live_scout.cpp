// SPDX-License-Identifier: Apache-2.0
#include "integrations/world/live_scout.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/bounded_file.h"
#include "integrations/kubernetes/compat_reads.h"
#include "integrations/kubernetes/secret.h"
#include "integrations/node/survey.h"
#include "integrations/packages/channel.h"
#include "integrations/packages/madison.h"
#include "integrations/packages/repository.h"
#include "integrations/prometheus/past_uses.h"
#include "integrations/system/log.h"

namespace lockkeeper {
namespace {

constexpr std::size_t kDataMax = 4U << 20U;

http::ClientOptions http_options() {
  http::ClientOptions options;
  options.user_agent = "lockkeeper";
  return options;
}

std::string next_minor(const Version& running) {
  return fmt::format("{}.{}", running.major, running.minor + 1);
}

/// The control plane whose apt is asked: a Ready one, else any.
const NodeFacts* control_plane(const ClusterFacts& facts) {
  const NodeFacts* chosen = nullptr;
  for (const auto& node : facts.nodes) {
    if (!node.control_plane) continue;
    if (chosen == nullptr || (chosen->ready != Condition::yes && node.ready == Condition::yes))
      chosen = &node;
  }
  return chosen;
}

FeedRead apt_feed(const Settings& settings, Clock& clock, const ClusterFacts& facts,
                  const ssh::Cancelled& cancelled) {
  const auto* node = control_plane(facts);
  if (node == nullptr) return {"apt", fail("no control plane is known to ask"), false, {}};
  FeedRead read{"apt on " + node->name, fail("not read"), false, {}};
  const auto offers = node::apt_offers(settings, clock, *node, cancelled);
  read.versions = offers ? packages::parse_madison(*offers) : std::unexpected(offers.error());
  return read;
}

}  // namespace

Result<CompatData> load_compat(const CompatSettings& settings) {
  if (settings.data.empty()) return parse_compat(built_in_compat());
  std::vector<std::string> texts;
  for (const auto* name : {"addons.json", "apis.json", "nodes.json"}) {
    auto file = read_bounded_file(settings.data / name, kDataMax);
    if (!file)
      return fail(fmt::format("{}: {}", (settings.data / name).string(), file.error().what));
    texts.push_back(std::move(file->text));
  }
  return parse_compat({texts[0], texts[1], texts[2]});
}

Result<std::unique_ptr<LiveScout>> LiveScout::open(const Settings& settings, Clock& clock) {
  auto connection = kubernetes::Connection::open(settings.kubernetes, clock);
  if (!connection) return std::unexpected(connection.error());
  // The constructor is private, so make_unique cannot call it.
  return std::unique_ptr<LiveScout>(new LiveScout(settings, clock, std::move(*connection)));
}

LiveScout::LiveScout(const Settings& settings, Clock& clock,
                     std::unique_ptr<kubernetes::Connection> connection)
    : settings_(settings),
      clock_(clock),
      connection_(std::move(connection)),
      client_(*connection_, clock, settings.kubernetes.request_timeout),
      http_(http_options()) {}

std::vector<FeedRead> LiveScout::read_feeds(const ClusterFacts& facts) {
  std::vector<FeedRead> reads;
  if (!facts.api_server) return reads;
  const auto& own = settings_.detection;
  const auto& running = *facts.api_server;
  const packages::Fetching how{http_, clock_, own, stopping_.get_token()};
  if (running.build.starts_with("k3s")) {
    if (own.k3s_channels.empty()) return reads;
    reads.push_back(packages::read_channel(how, "v" + minor_name(running)));
    reads.push_back(packages::read_channel(how, "v" + next_minor(running)));
    return reads;
  }
  const ssh::Cancelled cancelled = [this] { return stopping_.stop_requested(); };
  if (own.apt) reads.push_back(apt_feed(settings_, clock_, facts, cancelled));
  if (!own.repository.empty()) reads.push_back(packages::read_repository(how, next_minor(running)));
  return reads;
}

CompatFacts LiveScout::survey(const ClusterFacts& facts) {
  return survey_compat(client_, settings_, clock_, facts,
                       [this] { return stopping_.stop_requested(); });
}

namespace {

// The judge may have looked at the clock before all this was read.
constexpr Millis kJudgeAhead = std::chrono::hours(1);

/// A young API server's count says little. What a Prometheus saw being asked of it counts, too; and
/// where one has watched it for long enough, its count is as good as one that began so early.
void look_into_the_past(kubernetes::Client& client, const Settings& settings,
                        const ClusterFacts& facts, Time now, ApiServerUse& server) {
  const auto window = settings.compat.api_uptime_min;
  if (!server.started || now - *server.started >= window) return;
  const auto node = std::ranges::find(facts.nodes, server.server, &NodeFacts::name);
  const auto address = node == facts.nodes.end() ? std::string() : node->address;
  const KubernetesSecretReader secrets = [&](const std::string& path) {
    return kubernetes::read_secret_value(client, path);
  };
  std::vector<const PrometheusSettings*> all = {&settings.prometheus};
  for (const auto& more : settings.more_prometheus)
    all.push_back(&more);
  for (const auto* one : all) {
    auto past = prometheus::past_uses(*one, secrets, address, window);
    std::ranges::move(past.uses, std::back_inserter(server.uses));
    if (past.failure.empty()) {
      server.started = now - window - kJudgeAhead;
      return;
    }
    system::log(system::Level::info,
                fmt::format("API server {} is young, and {} cannot tell of before: {}",
                            server.server, one->url, past.failure));
  }
}

}  // namespace

CompatFacts survey_compat(kubernetes::Client& client, const Settings& settings, Clock& clock,
                          const ClusterFacts& facts, const ssh::Cancelled& cancelled) {
  CompatFacts found;
  found.data = load_compat(settings.compat);
  found.images = kubernetes::running_images(client);
  found.servers = kubernetes::api_server_uses(client, settings.kubernetes, facts);
  if (found.servers) {
    for (auto& server : *found.servers)
      look_into_the_past(client, settings, facts, clock.now(), server);
  }
  found.nodes = node::survey_nodes(settings, clock, facts.nodes, cancelled);
  return found;
}

}  // namespace lockkeeper
