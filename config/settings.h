// SPDX-License-Identifier: Apache-2.0
#pragma once

// Every knob there is: plain structs, one per section of the ini file, each value with its default
// and the reason for it. load.h fills them; everybody else only reads. A member is named like its
// key; where the ini spells it differently, the comment says so.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/secret.h"
#include "rules/cron.h"
#include "rules/rule.h"

namespace lockkeeper {

using std::chrono_literals::operator""h;
using std::chrono_literals::operator""min;
using std::chrono_literals::operator""s;

/// [cluster]
struct ClusterSettings {
  std::string name = "cluster";  // shown in every message; also the Pushgateway's grouping label
};

/// [kubernetes]
struct KubernetesSettings {
  std::filesystem::path kubeconfig;  // empty: in-cluster credentials, else $KUBECONFIG
  std::string context;               // empty: the kubeconfig's current-context
  std::string server;                // overrides the kubeconfig's server; k3s.yaml says 127.0.0.1
  std::string own_namespace = "lockkeeper";  // key `namespace`: annotations and the kill switch
  std::string own_node;  // the node this process runs on; in a pod: `own_node_env = NODE_NAME`
  std::string own_pod;   // namespace/name of our own pod; in a pod: `own_pod_env = POD_NAME`
  Millis request_timeout = 10s;  // one API call, from dial to the last byte
  // How long an API server that is being replaced may stay away before a step fails. kubeadm
  // itself waits 5 min for each static pod, so less would give up on a slow but healthy upgrade.
  Millis outage_limit = 10min;
};

/// [ssh]
struct SshSettings {
  std::string user;                   // required for a run; needs passwordless sudo
  std::filesystem::path key_file;     // private key without passphrase
  std::filesystem::path known_hosts;  // default: <state folder>/known_hosts; pinned at first sight
  std::uint16_t port = 22;
  Millis connect_timeout = 10s;
  Millis command_timeout = 60s;  // short commands; long host steps run detached, see step limits
};

/// [upgrade]
struct UpgradeSettings {
  enum class Order { name_descending, name_ascending };  // keys: name-desc, name-asc

  Order worker_order = Order::name_descending;
  std::vector<std::string> first;   // these workers go first, in this order
  std::vector<std::string> last;    // these go last: the GPU node, the most precious workload
  Millis soak = 10min;              // continuous good health after each node; any flap restarts it
  Millis soak_limit = 60min;        // for the whole soak with its restarts; then the run stops
  Millis drain_timeout = 5min;      // then the node is uncordoned and the run stops
  int drain_parallel = 10;          // evictions in flight on one node
  Millis script_timeout = 30min;    // for one detached node script; kubeadm apply takes 5-15 min
  Millis service_steady = 10s;      // a restarted kubelet or containerd must live so long at least
  Millis ready_timeout = 10min;     // from the end of the script to a proven, Ready kubelet
  Millis poll_interval = 5s;        // between two looks at a node that is awaited or soaked
  std::string kubeadm_flags;        // extra words for `kubeadm upgrade apply|node`
  std::string after_control_plane;  // hook: a command on the control plane after its upgrade
  std::string after_node;           // hook: a command on each node after its upgrade
  bool hook_failure_stops = false;  // key `on_hook_failure = warn | stop`
  Millis hook_timeout = 5min;
  std::vector<std::string> unevictable_ok;  // namespace/name of pods without controller that may go
};

/// [preflight]
struct PreflightSettings {
  Millis quiet = 24h;  // no node may have changed its Ready condition within this time
  std::int64_t free_bytes_min = 10LL << 30;  // key `free_min`, for example 10GiB
  std::string snapshot_target;               // a path on the control plane whose space counts too
  Millis scratch_age = 72h;                  // kubeadm's leftovers older than this are pruned
  int scratch_kept = 2;                      // but never the newest ones
  // A PodDisruptionBudget that can never allow an eviction; key `on_blocking_budget = block |
  // warn`. Blocking by default: such a drain is certain to run into its limit in the middle of a
  // run.
  bool blocking_budget_blocks = true;
  Millis limit = 10min;  // for all checks together
};

/// [snapshot]
struct SnapshotSettings {
  std::string cronjob = "default/backup-etcd";  // its jobTemplate makes the one-shot Job
  Millis timeout = 15min;
  std::string success_text = "Backup done";  // must stand in the Job's log, with a size behind it
  std::int64_t size_min = 1024;              // bytes; an empty etcd is larger
  Millis age_max = 1h;                       // the file's own time, where the log tells it
};

/// [override NAME]: a person's word that something works although the data do not say so.
struct CompatOverride {
  std::string name;
  std::string subject;  // as `lockkeeper compat` prints it: "calico", "api batch/v1beta1/cronjobs"
  std::string minor;    // only for this one, "1.35": the next jump asks again
  std::string reason;   // required: the reader of a year from now wants to know
  Time expires{};       // required: from then on it is as if it were not there
};

/// [compat]
struct CompatSettings {
  std::filesystem::path data;       // a folder that takes the place of the built-in data; or empty
  Millis data_age_max = 180 * 24h;  // older data are warned of: addons release every few months
  // How long each API server must have been counting before its silence about deprecated APIs is
  // believed. A day holds the nightly jobs.
  Millis api_uptime_min = 24h;
  std::vector<CompatOverride> overrides;  // [override NAME]
};

/// [detection]
struct DetectionSettings {
  enum class OnAvailable { announce, start };
  enum class StartKind { patch, any };

  std::optional<Cron> schedule;      // nothing: only when a person asks
  std::shared_ptr<const Zone> zone;  // shared with windows; loading fills it
  bool apt = true;                   // the control plane's own source tells the newest patch
  // Of the next minor, which no node's source points to yet. Empty, written `none`: not asked.
  std::string repository = "https://pkgs.k8s.io/core:/stable:";
  std::filesystem::path keyring;  // of that repository; empty: its signature is not checked
  std::string k3s_channels = "https://update.k3s.io/v1-release/channels";
  Millis reread_after = 5s;            // mirrors behind one name differ for minutes
  Millis timeout = 30s;                // for one answer of a feed
  std::int64_t body_max = 16LL << 20;  // bytes; the Packages of a minor are some 100 KB
  OnAvailable on_available = OnAvailable::announce;
  std::vector<Window> start_windows;        // key `start_window`
  StartKind start_kind = StartKind::patch;  // a minor wants a person who has read its notes
};

/// [report]
struct ReportSettings {
  std::optional<Cron> schedule;      // of the report that is said by itself; nothing: never
  std::shared_ptr<const Zone> zone;  // by whose clocks, and in which reports and pictures are told
};

/// [postflight]
struct PostflightSettings {
  double pod_ready_ratio = 0.9;  // Ready pods of all that should run
  Millis limit = 15min;          // for the three confirmations to become true
};

/// [gate]; the rules themselves are in the RuleBook.
struct GateSettings {
  enum class OnBlind { pause, abort, proceed };  // proceed is written `continue`

  Millis poll_interval = 15s;
  Millis blind_after = 45s;  // no good poll for this long is blindness: three missed polls
  OnBlind on_blind = OnBlind::pause;
  Millis resume_after = 2min;  // for blindness, the fallback, and rules that do not say
  // A webhook's alert that no poll confirms within this time is dropped; 0: 2 * poll + 30 s, which
  // covers one rule evaluation and one scrape on top of our own period.
  Millis confirm_within{};
  Millis clock_skew_max = 60s;  // samples further from our clock make a poll a failed one
  // How long a webhook's word is believed after its newest message, where a rule with `source =
  // webhook` believes it: no poll will confirm it, and a "resolved" may never come. Longer than
  // Alertmanager's repeat_interval, which is 4 h by default.
  Millis webhook_ttl = 8h;
  // A Watchdog that Alertmanager posts to us at least this often proves that webhooks arrive; 0:
  // none is expected. Its route repeats it, so this is some multiple of repeat_interval.
  Millis webhook_watchdog{};
  // How many Prometheus must be seen for a clear gate; 0: all that are configured. What any of them
  // sees holds the run.
  int quorum = 0;
  bool honor_silences = false;       // for rules that do not say; default_action too
  int rule_health_every = 4;         // look at rule health every so many polls
  std::filesystem::path rules_file;  // default: rules.ini beside the ini file, if there is one
  bool builtin_ignores = true;       // whether the rules begin with builtin_rules()

  /// confirm_within, or what its 0 stands for.
  [[nodiscard]] Millis confirmation_time() const {
    return confirm_within.count() > 0 ? confirm_within : 2 * poll_interval + 30s;
  }
};

/// [prometheus], and each further [prometheus NAME]
struct PrometheusSettings {
  std::string name;  // empty: the one of [prometheus]
  std::string url;
  SecretSource bearer_token;      // bearer_token_file, bearer_token_env, ...
  std::filesystem::path ca_file;  // empty: the system's store
  Millis timeout = 10s;
  std::int64_t body_max = 64LL << 20;  // bytes of an answer; 10,000 alerts are about 3 MB
};

/// [alertmanager]: its own API, beside the webhooks that it sends. Optional.
struct AlertmanagerSettings {
  std::vector<std::string> urls;  // key `url`; the members of one cluster. Empty: nobody is asked
  SecretSource bearer_token;
  std::filesystem::path ca_file;  // empty: the system's store
  Millis timeout = 5s;            // for one member; a silence may keep a node waiting for so long
  std::int64_t body_max = 64LL << 20;
  // A courtesy to whoever is on call: while a node is worked on, these alerts about this node are
  // silenced, by a lease that ends by itself when we do not renew it.
  bool silence_node = false;
  std::vector<std::string> silence_alerts;  // by name, never by pattern
  Millis silence_lease = 10min;
  Millis silence_limit = 2h;  // nobody's node is silenced for longer, however long the work takes

  [[nodiscard]] bool given() const { return !urls.empty(); }
};

/// [pushgateway]
struct PushgatewaySettings {
  std::string url;  // empty: nothing is pushed
  Millis interval = 30s;
  Millis timeout = 5s;
  bool delete_at_exit = false;  // take the group away when the bot leaves, unless a run is open
};

/// [http]: our own web server
struct HttpSettings {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8099;
  std::filesystem::path tls_certificate;  // key `tls_cert_file`; both or none
  std::filesystem::path tls_key;          // key `tls_key_file`
  std::filesystem::path client_ca;  // key `client_ca_file`; empty: no certificate is asked for
  std::vector<std::string> webhook_names;    // DNS names, of which a webhook's certificate has one
  std::vector<SecretSource> webhook_tokens;  // webhook_token_file, webhook_token2_file, ...
  std::int64_t body_max = 8LL << 20;         // bytes; Alertmanager's 10,000-alert body is 2.8 MB
  int connections_max = 256;
  Millis header_timeout = 5s;
  Millis body_timeout = 10s;
  Millis idle_timeout = 120s;  // Alertmanager keeps its connection for minutes
};

/// [client NAME]: somebody who may send commands over HTTP; the actor is http:NAME.
struct ClientSettings {
  std::string name;
  SecretSource token;
};

/// [authority]: who may do what. Deny by default: an empty list is nobody. Entries are actors such
/// as `console:ana`, `http:ops`, or a whole kind, `console:*`.
struct AuthoritySettings {
  std::vector<std::string> viewer;
  std::vector<std::string> operators;  // key `operator`
  std::vector<std::string> approver;
  std::vector<std::string> admin;
  int approvals = 0;              // how many other people approve a start: 0 or 1
  Millis approval_lifetime = 4h;  // for which a start waits for that
  // Whose entries are one person's: "ana=slack:U0ANA+http:ana".
  std::vector<std::string> people;
};

/// [slack]; without tokens there is no Slack.
struct SlackSettings {
  enum class OnLoss { proceed, pause };  // proceed is written `continue`

  SecretSource app_token;     // app_token_file, ...: xapp-..., opens the socket and nothing else
  SecretSource bot_token;     // bot_token_file, ...: xoxb-..., for everything else
  std::string channel;        // the id of the channel where runs are shown
  std::string admin_channel;  // where messages go when that one refuses them; empty: the log
  std::string command = "/upgrade";  // several apps of a workspace may want the same name
  std::string api_url = "https://slack.com/api";  // a proxy or a simulator may stand in
  std::filesystem::path ca_file;                  // empty: the system's store
  // What losing Slack does to a run that is under way: people see less, the gate sees as much.
  OnLoss on_loss = OnLoss::proceed;  // key `on_slack_loss`
  Millis loss_after = 5min;          // renewals and short outages are no loss

  [[nodiscard]] bool enabled() const { return app_token.given() || bot_token.given(); }
};

/// [journal]
struct JournalSettings {
  std::filesystem::path file = "/var/lib/lockkeeper/journal.db";
  Millis busy_timeout = 5s;  // another process (a person with sqlite3) may hold the file briefly
};

/// [log]
struct LogSettings {
  std::string level = "info";  // trace, debug, info, warn, error
};

/// The whole configuration, checked.
struct Settings {
  std::filesystem::path file;  // where it was read from
  ClusterSettings cluster;
  KubernetesSettings kubernetes;
  SshSettings ssh;
  UpgradeSettings upgrade;
  PreflightSettings preflight;
  SnapshotSettings snapshot;
  CompatSettings compat;
  DetectionSettings detection;
  ReportSettings report;
  PostflightSettings postflight;
  GateSettings gate;
  PrometheusSettings prometheus;
  std::vector<PrometheusSettings> more_prometheus;  // in file order
  AlertmanagerSettings alertmanager;
  PushgatewaySettings pushgateway;
  HttpSettings http;
  std::vector<ClientSettings> clients;
  AuthoritySettings authority;
  SlackSettings slack;
  JournalSettings journal;
  LogSettings log;
  RuleBook rules;
};

}  // namespace lockkeeper
