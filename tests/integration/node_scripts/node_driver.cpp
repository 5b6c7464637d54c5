// SPDX-License-Identifier: Apache-2.0

// Carries out one step on one node, as the bot does, and prints what came of it as JSON. For tests:
//
//   node_driver act|observe|probe NAME=VALUE...
//
// Names: action, node, address, port, role, release, containerd, run, step, fence, key,
// known_hosts, flags, hook, limit, vouched. Progress goes to stderr.

#include <cstdio>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "integrations/node/node_steps.h"
#include "integrations/system/real_clock.h"

namespace lockkeeper {
namespace {

using Arguments = std::map<std::string, std::string>;

class Printing : public Watch {
 public:
  void progress(std::string_view line) override {
    if (line == last_) return;
    last_ = line;
    std::fprintf(stderr, "%s\n", last_.c_str());
  }
  bool stop_wanted() override { return false; }
  bool leaving() override { return false; }

 private:
  std::string last_;
};

Role role_of(const std::string& word) {
  if (word == "master-first") return Role::control_plane_first;
  return word == "master" ? Role::control_plane : Role::worker;
}

Settings settings_of(Arguments& given) {
  Settings settings;
  settings.ssh.user = "ops";
  settings.ssh.key_file = given["key"];
  settings.ssh.known_hosts = given["known_hosts"];
  settings.ssh.port = static_cast<std::uint16_t>(std::stoi(given["port"]));
  settings.upgrade.kubeadm_flags = given["flags"];
  settings.upgrade.after_node = given["hook"];
  return settings;
}

Plan plan_of(Arguments& given) {
  Plan plan;
  plan.run = given["run"];
  plan.target = parse_version(given["release"]).value();
  plan.containerd_target = given["containerd"];
  plan.nodes = {
      {given["node"], "uid", given["address"], role_of(given["role"]), plan.target, "", false}};
  return plan;
}

nlohmann::json shown(const NodeProbe& probe) {
  return {{"reached", probe.reached},
          {"sudo", probe.sudo},
          {"failure", probe.failure},
          {"root_free_bytes", probe.root_free_bytes.value_or(-1)},
          {"etcd_bytes", probe.etcd_bytes.value_or(-1)},
          {"kubeadm", probe.kubeadm},
          {"package", probe.package},
          {"package_failure", probe.package_failure},
          {"dpkg_audit", probe.dpkg_audit},
          {"plan_offers", probe.plan_offers.value_or("unknown")},
          {"plan_failure", probe.plan_failure},
          {"dropped_flags", probe.dropped_flags}};
}

nlohmann::json carried_out(const std::string& verb, Arguments& given) {
  system::RealClock clock;
  Printing watch;
  const Settings settings = settings_of(given);
  const Plan plan = plan_of(given);
  node::NodeSteps steps(settings, clock);
  if (verb == "probe") return shown(steps.probe(plan, watch).at(given["node"]));
  const Notes notes = {{"fence", given["fence"]}};
  const Step step{std::stoi(given["step"]), Stage::workers, parse_action(given["action"]).value(),
                  given["node"], parse_duration(given["limit"]).value()};
  const StepContext context{plan, step, notes, given["vouched"] == "yes"};
  if (verb == "act") {
    const auto outcome = steps.act(context, watch);
    return {{"result", std::string(to_string(outcome.result))},
            {"detail", outcome.detail},
            {"notes", outcome.notes}};
  }
  const auto seen = steps.observe(context);
  return {{"state", static_cast<int>(seen.state)}, {"detail", seen.detail}, {"notes", seen.notes}};
}

}  // namespace
}  // namespace lockkeeper

int main(int count, char** words) {
  lockkeeper::Arguments given;
  for (int i = 2; i < count; ++i) {
    const std::string word = words[i];
    const auto equals = word.find('=');
    if (equals != std::string::npos) given[word.substr(0, equals)] = word.substr(equals + 1);
  }
  if (count < 2) return EXIT_FAILURE;
  std::puts(lockkeeper::carried_out(words[1], given).dump().c_str());
  return EXIT_SUCCESS;
}
