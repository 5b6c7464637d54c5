// SPDX-License-Identifier: Apache-2.0
#pragma once

// The real Transport: HTTP to the server that the credentials name, with who we are at that moment
// in every request. Connections are kept; a renewed certificate opens new ones by itself.

#include <memory>
#include <string>

#include "integrations/http/client.h"
#include "integrations/kubernetes/credentials.h"
#include "integrations/kubernetes/transport.h"
#include "rules/result.h"

namespace lockkeeper::kubernetes {

/// Any thread may call; the Clock must outlive it.
class Connection final : public Transport {
 public:
  /// Reads the credentials once, so that a wrong kubeconfig is one clear line here. Does not dial.
  static Result<std::unique_ptr<Connection>> open(const KubernetesSettings& settings, Clock& clock,
                                                  const Surroundings& around = real_surroundings());

  explicit Connection(std::unique_ptr<Credentials> credentials);

  http::Answered call(const ApiRequest& request) override;
  std::unique_ptr<Lanes> lanes(int parallel) override;
  void distrust() override;
  [[nodiscard]] std::string described() const override;

  /// The request as it goes over HTTP; a credential that cannot be had is a Fault.
  std::expected<http::ClientRequest, http::Fault> dressed(const ApiRequest& request);

 private:
  std::unique_ptr<Credentials> credentials_;
  http::Client client_;
};

}  // namespace lockkeeper::kubernetes
