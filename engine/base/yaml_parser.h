// The grammar of the strict reader: what of YAML 1.2 it takes, as events. Internal to engine/base.
//
// Collections in block and flow style, texts in all five styles, comments, one "---" before and one
// "..." behind the document. Not taken, and said so: directives, further documents, anchors,
// aliases, tags, keys marked with '?', keys that are no text, tabs in indentation. What YAML 1.2
// refuses is refused. tests/interop/yaml_test.sh holds it against a reader of another make.
#pragma once

#include <string_view>

#include "engine/base/yaml_scalars.h"

namespace fleetmint::yaml {

// Events are called in the order of the file.
class Events {
 public:
  virtual ~Events() = default;
  virtual void OnNull(Position where) = 0;
  virtual void OnText(Scalar text) = 0;
  virtual void OnSequence(Position where) = 0;
  virtual void OnMapping(Position where) = 0;
  virtual void OnKey(Scalar key) = 0;  // its value's events follow
  virtual void OnEnd() = 0;            // of the innermost collection
};

// ParseDocument reads one document to the end of the text, which has neither byte-order mark nor
// zero bytes. Throws SyntaxFault, after the events of what stands before; what the events throw
// goes through. Recursion is as deep as the nesting: OnSequence and OnMapping must limit it.
void ParseDocument(std::string_view text, Events& events);

}  // namespace fleetmint::yaml
