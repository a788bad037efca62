// Text: small pure functions on names that users type: case, UTF-8 and UTF-16, suggestions,
// file-name safety. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "engine/base/bytes.h"

namespace fleetmint {

// AsciiLower lowers A-Z and leaves every other byte alone.
std::string AsciiLower(std::string_view text);

// IsValidUtf8 accepts exactly the well-formed sequences of Unicode table 3-7 (no surrogates, no
// overlong forms). On failure `bad_offset`, if given, receives the offset of the first bad byte.
bool IsValidUtf8(std::string_view text, std::size_t* bad_offset = nullptr);

// ByteOrder of UTF-16: ASN.1's BMPString and PKCS#12 have it big-endian, Windows little-endian.
enum class ByteOrder : std::uint8_t { kBig, kLittle };

// AppendUtf16 appends UTF-8 as UTF-16 without a mark or an end. Throws Error(kInput) if it is not
// well-formed. For Bytes, and for SecretBytes: nothing of a password is kept elsewhere.
template <typename Buffer>
void AppendUtf16(Buffer& out, std::string_view utf8, ByteOrder order);

// Utf8FromUtf16 is the inverse, for what others wrote: an unpaired surrogate becomes U+FFFD, an odd
// byte at the end is dropped.
std::string Utf8FromUtf16(ByteView utf16, ByteOrder order);

// Closest gives the candidate within edit distance max(1, size/3) of `word`, if there is one.
std::optional<std::string> Closest(std::string_view word, std::span<const std::string> candidates);

// DidYouMean gives "did you mean 'profile'?" or, without a close candidate, "expected one of: ...".
std::string DidYouMean(std::string_view word, std::span<const std::string> candidates);

// ShellWord gives `text` as one word of a command that a person may copy: in single quotes if it
// needs them.
std::string ShellWord(std::string_view text);

// UnsafeFileNameReason says why `name` is no safe file name on Linux and Windows alike, or nothing:
// empty, over 200 bytes (room for serial and extension within 255), separators, spaces, control
// characters, <>:"/\|?*, anything beyond ASCII (whose letter case file systems see differently),
// leading dot or dash, trailing dot, reserved device names (CON, NUL, COM1, ...; with any
// extension).
std::optional<std::string> UnsafeFileNameReason(std::string_view name);

}  // namespace fleetmint
