// SPDX-License-Identifier: Apache-2.0

// The reader of k3s' channels as a program: `channels_probe URL`. Each line on standard input is
// the name of a channel; the answer is one line of JSON. Ends with the input.

#include <csignal>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "integrations/packages/channel.h"
#include "integrations/system/real_clock.h"

int main(int count, char** words) {
  if (count != 2) {
    std::cerr << "usage: channels_probe URL\n";
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  lockkeeper::http::Client client{{}};
  const lockkeeper::system::RealClock clock;
  lockkeeper::DetectionSettings settings;
  settings.k3s_channels = words[1];
  for (std::string line; std::getline(std::cin, line);) {
    const auto read = lockkeeper::packages::read_channel({client, clock, settings}, line);
    nlohmann::json answer = {{"feed", read.feed}, {"may_be_absent", read.may_be_absent}};
    if (read.versions) {
      answer["versions"] = *read.versions;
    } else {
      answer["failure"] = read.versions.error().what;
    }
    std::cout << answer.dump() << std::endl;
  }
  return 0;
}
