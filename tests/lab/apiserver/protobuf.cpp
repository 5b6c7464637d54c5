// SPDX-License-Identifier: Apache-2.0
#include "tests/lab/apiserver/protobuf.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "rules/text.h"

namespace lockkeeper::lab {
namespace {

struct Message {
  std::string_view name;
  std::string_view fields;
};

// "NUMBER NAME TYPE": s text, i number, b flag, map texts by text, or a message. "?" behind i and b
// marks fields that Go always writes, so that zero means absent; "*" in front of a type is a list;
// the name "^" puts a message's fields into its parent.
constexpr std::array kMessages = {
    Message{"ObjectMeta",
            "1 name s,2 generateName s,3 namespace s,5 uid s,6 resourceVersion s,11 labels map,"
            "12 annotations map,13 ownerReferences *OwnerReference,14 finalizers *s"},
    Message{"OwnerReference",
            "5 apiVersion s,1 kind s,3 name s,4 uid s,6 controller b,7 blockOwnerDeletion b"},
    Message{"LabelSelector", "1 matchLabels map,2 matchExpressions *Requirement"},
    Message{"Requirement", "1 key s,2 operator s,3 values *s"},
    Message{"Job", "1 metadata ObjectMeta,2 spec JobSpec"},
    Message{
        "JobSpec",
        "1 parallelism i,2 completions i,3 activeDeadlineSeconds i,7 backoffLimit i,"
        "4 selector LabelSelector,5 manualSelector b,6 template PodTemplateSpec,"
        "8 ttlSecondsAfterFinished i,9 completionMode s,10 suspend b,14 podReplacementPolicy s"},
    Message{"Deployment", "1 metadata ObjectMeta,2 spec DeploymentSpec"},
    Message{"DeploymentSpec", "1 replicas i,2 selector LabelSelector,3 template PodTemplateSpec"},
    Message{"PodTemplateSpec", "1 metadata ObjectMeta,2 spec PodSpec"},
    Message{
        "PodSpec",
        "1 volumes *Volume,20 initContainers *Container,2 containers *Container,"
        "3 restartPolicy s,4 terminationGracePeriodSeconds i,5 activeDeadlineSeconds i,"
        "6 dnsPolicy s,7 nodeSelector map,8 serviceAccountName s,9 serviceAccount s,10 nodeName s,"
        "11 hostNetwork b?,16 hostname s,19 schedulerName s,22 tolerations *Toleration,"
        "24 priorityClassName s,25 priority i"},
    Message{"Container",
            "1 name s,2 image s,3 command *s,4 args *s,5 workingDir s,6 ports *ContainerPort,"
            "7 env *EnvVar,9 volumeMounts *VolumeMount,13 terminationMessagePath s,"
            "20 terminationMessagePolicy s,14 imagePullPolicy s"},
    Message{"ContainerPort", "1 name s,2 hostPort i?,3 containerPort i?,4 protocol s,5 hostIP s"},
    Message{"EnvVar", "1 name s,2 value s"},
    Message{"VolumeMount", "1 name s,2 readOnly b?,3 mountPath s,4 subPath s"},
    Message{"Toleration", "1 key s,2 operator s,3 value s,4 effect s,5 tolerationSeconds i"},
    Message{"Volume", "1 name s,2 ^ VolumeSource"},
    Message{"VolumeSource",
            "1 hostPath HostPath,2 emptyDir EmptyDir,6 secret SecretSource,"
            "10 persistentVolumeClaim Claim,19 configMap ConfigMapSource"},
    Message{"HostPath", "1 path s,2 type s"},
    Message{"EmptyDir", "1 medium s"},
    Message{"SecretSource", "1 secretName s,3 defaultMode i"},
    Message{"Claim", "1 claimName s,2 readOnly b?"},
    Message{"ConfigMapSource", "1 ^ Reference,3 defaultMode i"},
    Message{"Reference", "1 name s"},
    Message{"ConfigMap", "1 metadata ObjectMeta,2 data map,4 immutable b"},
    Message{"Namespace", "1 metadata ObjectMeta"},
    Message{"SelfSubjectAccessReview", "1 metadata ObjectMeta,2 spec AccessSpec"},
    Message{"AccessSpec", "1 resourceAttributes Attributes,2 nonResourceAttributes PathAttributes"},
    Message{"Attributes",
            "1 namespace s,2 verb s,3 group s,4 version s,5 resource s,6 subresource s,7 name s"},
    Message{"PathAttributes", "1 path s,2 verb s"},
    Message{"SelfSubjectRulesReview", "1 metadata ObjectMeta,2 spec Rules"},
    Message{"Rules", "1 namespace s"},
    Message{"SelfSubjectReview", "1 metadata ObjectMeta"},
    Message{"Unknown", "1 typeMeta TypeMeta,2 raw s"},
    Message{"TypeMeta", "1 apiVersion s,2 kind s"},
    Message{"MapEntry", "1 key s,2 value s"},
};

struct Field {
  std::string_view name;
  std::string_view type;
  bool repeated = false;
  bool zero_is_absent = false;
};

const Message* message_named(std::string_view name) {
  const auto at = std::ranges::find(kMessages, name, &Message::name);
  return at == kMessages.end() ? nullptr : at;
}

std::optional<Field> field_of(const Message& message, std::uint64_t number) {
  for (const auto text : split(message.fields, ',')) {
    const auto words = split(text, ' ');
    std::uint64_t given = 0;
    std::from_chars(words[0].data(), words[0].data() + words[0].size(), given);
    if (given != number) continue;
    Field field{.name = words[1], .type = words[2]};
    field.repeated = field.type.starts_with('*');
    if (field.repeated) field.type.remove_prefix(1);
    field.zero_is_absent = field.type.ends_with('?');
    if (field.zero_is_absent) field.type.remove_suffix(1);
    return field;
  }
  return std::nullopt;
}

/// Takes a base-128 number off the front; nothing at the end of the bytes.
std::optional<std::uint64_t> take_number(std::string_view& bytes) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 127U) << shift;
    if (byte < 128) return value;
  }
  return std::nullopt;
}

bool decode_message(const Message& message, std::string_view bytes, Json& into);

/// A value with a length: text, map entry or message.
bool put_bytes(const Field& field, std::string_view bytes, Json& into) {
  Json value;
  if (field.type == "s") {
    if (bytes.empty() && !field.repeated) return true;
    value = bytes;
  } else if (field.type == "map") {
    Json entry = Json::object();
    if (!decode_message(*message_named("MapEntry"), bytes, entry)) return false;
    into[std::string(field.name)][string_at(entry, "key")] = string_at(entry, "value");
    return true;
  } else {
    const Message* inner = message_named(field.type);
    if (inner == nullptr) return false;
    if (field.name == "^") return decode_message(*inner, bytes, into);
    value = Json::object();
    if (!decode_message(*inner, bytes, value)) return false;
  }
  Json& place = into[std::string(field.name)];
  if (field.repeated) {
    place.push_back(std::move(value));
  } else {
    place = std::move(value);
  }
  return true;
}

void put_number(const Field& field, std::uint64_t number, Json& into) {
  if (number == 0 && field.zero_is_absent) return;
  if (field.type == "b") into[std::string(field.name)] = number != 0;
  if (field.type == "i") into[std::string(field.name)] = static_cast<std::int64_t>(number);
}

bool decode_message(const Message& message, std::string_view bytes, Json& into) {
  while (!bytes.empty()) {
    const auto tag = take_number(bytes);
    const auto number = tag ? take_number(bytes) : std::nullopt;
    const unsigned wire = tag ? static_cast<unsigned>(*tag & 7U) : 7U;
    // Numbers and lengths are all that these kinds are made of.
    if (!number || (wire != 0 && wire != 2)) return false;
    const auto field = field_of(message, *tag >> 3U);
    if (wire == 0) {
      if (field) put_number(*field, *number, into);
      continue;
    }
    if (*number > bytes.size()) return false;
    if (field && !put_bytes(*field, bytes.substr(0, *number), into)) return false;
    bytes.remove_prefix(*number);
  }
  return true;
}

}  // namespace

Outcome<Json> decode_protobuf(std::string_view bytes) {
  constexpr std::string_view kMagic("k8s\0", 4);
  Json envelope = Json::object();
  if (!bytes.starts_with(kMagic) ||
      !decode_message(*message_named("Unknown"), bytes.substr(kMagic.size()), envelope)) {
    return refuse(bad_request("the body of the request is no protobuf of Kubernetes"));
  }
  const std::string kind = string_at(envelope, "typeMeta/kind");
  const Message* message = message_named(kind);
  if (message == nullptr) return refuse(unsupported_media_type(kProtobufType, "application/json"));
  Json object = Json::object();
  if (!decode_message(*message, text_at(envelope, "raw"), object)) {
    return refuse(bad_request(fmt::format("the {} in the body cannot be decoded", kind)));
  }
  object["kind"] = kind;
  object["apiVersion"] = string_at(envelope, "typeMeta/apiVersion");
  return object;
}

}  // namespace lockkeeper::lab
