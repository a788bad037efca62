// Text: small pure functions on names that users type: case, UTF-8, suggestions, file-name safety.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace fleetmint {

// AsciiLower lowers A-Z and leaves every other byte alone.
std::string AsciiLower(std::string_view text);

// IsValidUtf8 accepts exactly the well-formed sequences of Unicode table 3-7 (no surrogates, no
// overlong forms). On failure `bad_offset`, if given, receives the offset of the first bad byte.
bool IsValidUtf8(std::string_view text, std::size_t* bad_offset = nullptr);

// Utf16 encodes well-formed UTF-8 as UTF-16, in host-order code units. Throws Error(kInput)
// otherwise.
std::u16string Utf16(std::string_view utf8);

// Closest gives the candidate within edit distance max(1, size/3) of `word`, if there is one.
std::optional<std::string> Closest(std::string_view word, std::span<const std::string> candidates);

// DidYouMean gives "did you mean 'profile'?" or, without a close candidate, "expected one of: ...".
std::string DidYouMean(std::string_view word, std::span<const std::string> candidates);

// UnsafeFileNameReason says why `name` is no safe file name on Linux and Windows alike, or nothing:
// empty, over 200 bytes (room for serial and extension within 255), separators, spaces, control
// characters, <>:"/\|?*, anything beyond ASCII (whose letter case file systems see differently),
// leading dot or dash, trailing dot, reserved device names (CON, NUL, COM1, ...; with any
// extension).
std::optional<std::string> UnsafeFileNameReason(std::string_view name);

}  // namespace fleetmint
