// SPDX-License-Identifier: Apache-2.0
#pragma once

// kubectl since 1.32 sends some of its objects (jobs, reviews) as protobuf only. This reads those
// kinds into JSON, with the fields that the lab can use; field numbers are those of the
// generated.proto files of k8s.io/api. Answers are always JSON, which the same clients accept.

#include <string_view>

#include "tests/lab/apiserver/api_error.h"
#include "tests/lab/apiserver/json.h"

namespace lockkeeper::lab {

/// The content type of the envelope that decode_protobuf() reads.
inline constexpr std::string_view kProtobufType = "application/vnd.kubernetes.protobuf";

/// "k8s\0", then runtime.Unknown with kind and apiVersion, then the object. 415 for other kinds,
/// 400 for broken bytes.
Outcome<Json> decode_protobuf(std::string_view bytes);

}  // namespace lockkeeper::lab
