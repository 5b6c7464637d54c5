// SPDX-License-Identifier: Apache-2.0
#include "integrations/http/certificate.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <ctime>
#include <memory>

namespace lockkeeper::http {
namespace {

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
};

}  // namespace

std::optional<Time> certificate_end(std::string_view pem) {
  const std::unique_ptr<BIO, Free> text(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (!text) return std::nullopt;
  const std::unique_ptr<X509, Free> certificate(
      PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr));
  std::tm end{};
  if (!certificate || ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &end) != 1)
    return std::nullopt;
  const auto day = std::chrono::year(end.tm_year + 1900) / (end.tm_mon + 1) / end.tm_mday;
  return Time(std::chrono::sys_days(day) + std::chrono::hours(end.tm_hour) +
              std::chrono::minutes(end.tm_min) + std::chrono::seconds(end.tm_sec));
}

}  // namespace lockkeeper::http
