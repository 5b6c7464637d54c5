// SPDX-License-Identifier: Apache-2.0
#include "integrations/packages/repository.h"

#include <fmt/format.h>

#include "integrations/packages/release.h"
#include "integrations/packages/signature.h"
#include "integrations/packages/unpack.h"

namespace lockkeeper::packages {
namespace {

// pkgs.k8s.io needs one; two CDNs behind each other, three.
constexpr int kRedirectsMax = 5;
constexpr std::string_view kPackage = "kubeadm";
// The Packages of a minor have some hundred entries of half a kilobyte.
constexpr std::size_t kUnpackedMax = 64U << 20U;

/// One repository, read from its root of trust downwards.
class Reader {
 public:
  Reader(const Fetching& how, std::string url) : how_(how), url_(std::move(url)) {}

  Result<std::vector<std::string>> versions(std::vector<std::string>& notes);

 private:
  /// The trusted text; nothing when the repository is not there.
  Result<std::optional<std::string>> release(std::vector<std::string>& notes);
  Result<std::optional<std::string>> plain_release(std::vector<std::string>& notes);
  Result<std::string> packages(const std::map<std::string, ListedFile>& files);

  const Fetching& how_;
  std::string url_;
};

std::unexpected<Failure> about(std::string_view file, const std::string& what) {
  return fail(fmt::format("{}: {}", file, what));
}

Result<std::optional<std::string>> Reader::plain_release(std::vector<std::string>& notes) {
  auto text = fetch(how_, url_ + "Release");
  if (!text || !*text) return text;
  const auto& keyring = how_.settings.keyring;
  if (keyring.empty()) {
    notes.emplace_back("its signature was not checked: [detection] names no keyring");
    return text;
  }
  const auto signature = fetch(how_, url_ + "Release.gpg");
  if (!signature) return std::unexpected(signature.error());
  if (!*signature) return fail("Release has no signature");
  const auto good = verify_detached(**text, **signature, keyring, how_.clock);
  if (!good) return about("Release", good.error().what);
  return text;
}

Result<std::optional<std::string>> Reader::release(std::vector<std::string>& notes) {
  const auto message = fetch(how_, url_ + "InRelease");
  if (!message) return std::unexpected(message.error());
  if (!*message) return plain_release(notes);
  const auto& keyring = how_.settings.keyring;
  if (keyring.empty())
    notes.emplace_back("its signature was not checked: [detection] names no keyring");
  auto text =
      keyring.empty() ? signed_text(**message) : verified_text(**message, keyring, how_.clock);
  if (!text) return about("InRelease", text.error().what);
  return std::move(*text);
}

Result<std::string> Reader::packages(const std::map<std::string, ListedFile>& files) {
  for (const std::string name : {"Packages.gz", "Packages"}) {
    const auto listed = files.find(name);
    if (listed == files.end()) continue;
    auto body = fetch(how_, url_ + name);
    if (!body) return std::unexpected(body.error());
    if (!*body) return about(name, "it is not there, although the Release lists it");
    if ((*body)->size() != listed->second.size || sha256_of(**body) != listed->second.sha256)
      return about(name, "it is not what the Release vouches for (SHA256)");
    if (name == "Packages") return std::move(**body);
    auto text = unpack_gzip(**body, kUnpackedMax);
    return text ? text : about(name, text.error().what);
  }
  return fail("the Release lists neither Packages.gz nor Packages");
}

Result<std::vector<std::string>> Reader::versions(std::vector<std::string>& notes) {
  const auto trusted = release(notes);
  if (!trusted) return std::unexpected(trusted.error());
  if (!*trusted) return std::vector<std::string>();
  const auto files = parse_release(**trusted);
  if (!files) return about("Release", files.error().what);
  const auto text = packages(*files);
  if (!text) return std::unexpected(text.error());
  auto found = parse_packages(*text, kPackage);
  if (!found) return about("Packages", found.error().what);
  if (found->empty()) return about("Packages", fmt::format("it has no {}", kPackage));
  return found;
}

}  // namespace

Result<std::optional<std::string>> fetch(const Fetching& how, const std::string& url) {
  const auto name = url.substr(url.rfind('/') + 1);
  http::ClientRequest request;
  request.url = url;
  request.timeout = how.settings.timeout;
  request.body_max = static_cast<std::size_t>(how.settings.body_max);
  request.redirects_max = kRedirectsMax;
  request.stop = how.stop;
  auto reply = how.client.call(std::move(request));
  if (!reply) return about(name, reply.error().what);
  const int status = reply->status;
  const bool hidden = status == 403 && reply->body.find("AccessDenied") != std::string::npos;
  if (status == 404 || status == 410 || hidden) return std::nullopt;
  if (status / 100 == 3)
    return about(name,
                 fmt::format("more than {} redirects, or one to another scheme", kRedirectsMax));
  if (status != 200) return about(name, fmt::format("HTTP {}", status));
  if (reply->body.empty()) return about(name, "an empty answer");
  if (is_web_page(reply->body)) return about(name, "a web page instead of the file");
  return std::move(reply->body);
}

FeedRead read_repository(const Fetching& how, const std::string& minor) {
  FeedRead read{"repository v" + minor, fail("not read"), true, {}};
  Reader reader(how, fmt::format("{}/v{}/deb/", how.settings.repository, minor));
  read.versions = reader.versions(read.notes);
  return read;
}

}  // namespace lockkeeper::packages
