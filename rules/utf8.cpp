// SPDX-License-Identifier: Apache-2.0
#include "rules/utf8.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace lockkeeper {
namespace {

constexpr std::uint32_t kSurrogateFirst = 0xD800;
constexpr std::uint32_t kSurrogateLast = 0xDFFF;
constexpr std::uint32_t kCodePointLast = 0x10FFFF;

unsigned byte_at(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]);
}

std::size_t length_from_lead(unsigned lead) {
  if (lead < 0x80) return 1;
  if ((lead & 0xE0U) == 0xC0U) return 2;
  if ((lead & 0xF0U) == 0xE0U) return 3;
  if ((lead & 0xF8U) == 0xF0U) return 4;
  return 0;
}

/// The code point at `at`, or kCodePointLast + 1 when the bytes there are not one.
std::uint32_t decode(std::string_view text, std::size_t at, std::size_t length) {
  constexpr std::array<std::uint32_t, 5> smallest = {0, 0, 0x80, 0x800, 0x10000};
  constexpr std::array<unsigned, 5> lead_mask = {0, 0x7F, 0x1F, 0x0F, 0x07};
  if (length == 0 || at + length > text.size()) return kCodePointLast + 1;
  std::uint32_t point = byte_at(text, at) & lead_mask.at(length);
  for (std::size_t i = 1; i < length; ++i) {
    const unsigned next = byte_at(text, at + i);
    if ((next & 0xC0U) != 0x80U) return kCodePointLast + 1;
    point = (point << 6U) | (next & 0x3FU);
  }
  const bool surrogate = point >= kSurrogateFirst && point <= kSurrogateLast;
  return point < smallest.at(length) || surrogate ? kCodePointLast + 1 : point;
}

}  // namespace

std::size_t invalid_utf8_at(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t length = length_from_lead(byte_at(text, at));
    if (decode(text, at, length) > kCodePointLast) return at;
    at += length;
  }
  return text.size();
}

std::size_t character_bytes(std::string_view text, std::size_t at) {
  if (at >= text.size()) return 1;
  const std::size_t length = length_from_lead(byte_at(text, at));
  return std::clamp<std::size_t>(length, 1, text.size() - at);
}

std::size_t character_count(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

bool is_space(std::string_view character) {
  if (character.size() == 1)
    return character == " " || (character[0] >= '\t' && character[0] <= '\r');
  const std::uint32_t point = decode(character, 0, character.size());
  return point == 0x85 || point == 0xA0 || point == 0x1680 ||
         (point >= 0x2000 && point <= 0x200A) || point == 0x2028 || point == 0x2029 ||
         point == 0x202F || point == 0x205F || point == 0x3000;
}

}  // namespace lockkeeper
