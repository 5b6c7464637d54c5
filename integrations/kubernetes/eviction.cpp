// SPDX-License-Identifier: Apache-2.0
#include "integrations/kubernetes/eviction.h"

#include <fmt/format.h>

#include "integrations/kubernetes/client.h"

namespace lockkeeper::kubernetes {
namespace {

constexpr std::size_t kWhyMaxBytes = 300;

EvictionVerdict verdict(EvictionAnswer answer, const ApiFailure& failure) {
  const auto& words = failure.status.message.empty() ? failure.what : failure.status.message;
  return {answer, clipped(words, kWhyMaxBytes), failure.retry_after, Client::outage(failure)};
}

/// A 5xx that names its cause is about this pod, not about the server: trying again cannot help.
bool is_about_the_pod(const ApiFailure& failure) {
  const auto& words = failure.status.message;
  const auto has = [&](std::string_view part) { return words.find(part) != std::string::npos; };
  return has("more than one PodDisruptionBudget") || has("admission webhook") ||
         has("failed calling webhook");
}

}  // namespace

std::string pod_path(const Pod& pod) {
  return fmt::format("/api/v1/namespaces/{}/pods/{}", encoded(pod.space), encoded(pod.name));
}

ApiRequest eviction_request(const Pod& pod, Millis timeout) {
  ApiRequest request;
  request.method = "POST";
  request.path = pod_path(pod) + "/eviction";
  request.body = dumped({{"apiVersion", "policy/v1"},
                         {"kind", "Eviction"},
                         {"metadata", {{"name", pod.name}, {"namespace", pod.space}}},
                         {"deleteOptions", {{"preconditions", {{"uid", pod.uid}}}}}});
  request.timeout = timeout;
  return request;
}

EvictionVerdict judge_eviction(const ApiResult<http::Reply>& reply) {
  if (reply) return {EvictionAnswer::accepted, {}, {}, false};
  const ApiFailure& failure = reply.error();
  if (is_about_the_pod(failure)) return verdict(EvictionAnswer::impossible, failure);
  switch (failure.trouble) {
    case Trouble::budget:
      return verdict(EvictionAnswer::full, failure);
    case Trouble::not_found:
      // A Status about anything else than pods: the subresource is not installed yet.
      return verdict(failure.status.kind == "pods" ? EvictionAnswer::gone : EvictionAnswer::busy,
                     failure);
    case Trouble::conflict:
    case Trouble::exists:
      return verdict(EvictionAnswer::look, failure);
    case Trouble::unreachable:
    case Trouble::away:
    case Trouble::stopped:
      return verdict(failure.maybe_done ? EvictionAnswer::look : EvictionAnswer::busy, failure);
    case Trouble::forbidden:
      return verdict(failure.status.has_cause("NamespaceTerminating") ? EvictionAnswer::ending
                                                                      : EvictionAnswer::impossible,
                     failure);
    case Trouble::untrusted:
    case Trouble::unauthorized:
    case Trouble::expired:
    case Trouble::invalid:
      break;
  }
  return verdict(EvictionAnswer::impossible, failure);
}

PodLook judge_look(const Pod& expected, const ApiResult<http::Reply>& reply) {
  if (!reply) return reply.error().trouble == Trouble::not_found ? PodLook::gone : PodLook::unknown;
  const Json json = parse_lean(reply->body);
  if (!json.is_object()) return PodLook::unknown;
  const Pod pod = pod_of(json);
  if (pod.uid != expected.uid || pod.node != expected.node) return PodLook::gone;
  return pod.leaving() ? PodLook::leaving : PodLook::unchanged;
}

}  // namespace lockkeeper::kubernetes
