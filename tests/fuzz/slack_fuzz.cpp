// SPDX-License-Identifier: Apache-2.0

// Whatever arrives over Slack's socket: it is read within limits, its id is found if it has one,
// what goes into the inbox comes out the same, and what is said about it mentions nobody.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "integrations/slack/budget.h"
#include "integrations/slack/envelope.h"
#include "integrations/slack/linter.h"
#include "integrations/slack/text.h"
#include "rules/utf8.h"
#include "tests/fuzz/fuzz.h"

namespace lockkeeper::slack {
namespace {

void answered(const std::string& id) {
  PROMISE(!id.empty() && id.size() <= 255);
  const std::string frame = ack_frame(id, R"({"text":"ok"})");
  PROMISE(frame.size() <= kAckBytesMax);
}

void kept(const Interaction& deed) {
  PROMISE(!deed.key.empty());
  PROMISE(deed.text.size() <= (9U << 10U));
  PROMISE(deed.inputs.size() <= 100);
  const auto again = decode(encode(deed));
  PROMISE(again.has_value());
  PROMISE(*again == deed);
}

void harmless(std::string_view text) {
  const std::string safe = escaped(text);
  PROMISE(safe.find('<') == safe.npos);
  PROMISE(safe.find('\0') == safe.npos);
  PROMISE(invalid_utf8_at(safe) == safe.size());
  for (const std::size_t most : {std::size_t{8}, std::size_t{30}, std::size_t{1000}}) {
    const std::string short_text = cut(safe, most);
    PROMISE(length(short_text) <= most);
    PROMISE(invalid_utf8_at(short_text) == short_text.size());
    const std::size_t entity = short_text.rfind('&');
    PROMISE(entity == short_text.npos || short_text.find(';', entity) != short_text.npos);
  }
  PROMISE(invalid_utf8_at(typed(text.substr(0, 8000))) == typed(text.substr(0, 8000)).size());
}

void take_in(std::string_view text) {
  const Frame frame = read_frame(text);
  if (const auto* envelope = std::get_if<Envelope>(&frame)) {
    answered(envelope->id);
    kept(envelope->interaction);
    harmless(envelope->interaction.text);
  } else if (const auto* strange = std::get_if<Strange>(&frame)) {
    PROMISE(!strange->what.empty());
    if (!strange->envelope_id.empty()) answered(strange->envelope_id);
  }
  harmless(text.substr(0, 4096));
  const std::string blocks(text);
  PROMISE(described(lint_blocks(blocks)).size() < 2000);
  const Fitted fitted = fit({std::string(text.substr(0, 10'000)), blocks});
  PROMISE(length(fitted.layout.text) <= kTextBudget);
}

}  // namespace
}  // namespace lockkeeper::slack

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  lockkeeper::slack::take_in({reinterpret_cast<const char*>(data), size});
  return 0;
}
