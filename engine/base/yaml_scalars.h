// The four forms of a text in YAML 1.2: plain, in double or single quotes, and as a block of lines.
// Internal to engine/base.
#pragma once

#include <string>

#include "engine/base/yaml_source.h"

namespace fleetmint::yaml {

struct Scalar {
  std::string text;
  Position where;
  bool quoted = false;   // in quotes or a block: never null, true or a number
  bool one_line = true;  // as a key must be
};

// IsNull tells a plain text that is no text but null, in the words of YAML's core schema (10.3.2).
bool IsNull(const Scalar& scalar);

// Fold appends what so many line breaks within a text stand for (6.5): one is a space, each further
// one a line feed.
void Fold(std::string& text, std::size_t breaks);

// Each reads the text that begins at the cursor and leaves the cursor behind it. Its further lines
// are indented by more than `indent` spaces. Errors: SyntaxFault.

// ReadPlain reads a text without quotes (YAML 1.2.2, 7.3.3). In a flow collection it ends at the
// next of ,[]{}. At a character that begins no plain text, such as '@', it throws.
Scalar ReadPlain(Source& source, int indent, bool in_flow);
// ReadQuoted reads a text in the quotes (' or ") that the cursor is at (7.3.1, 7.3.2).
Scalar ReadQuoted(Source& source, int indent);
// ReadBlock reads the lines of a block that begins with | or > at the cursor (8.1), and ends at the
// beginning of a line.
Scalar ReadBlock(Source& source, int indent);

}  // namespace fleetmint::yaml
