// The strict reader: what would be read differently than meant is refused, with its place.
#include "engine/base/yaml.h"

#include <gtest/gtest.h>

#include <cstring>
#include <functional>

#include "engine/base/yaml_second.h"

namespace fleetmint::yaml {
namespace {

std::string FaultsOf(std::string_view text) {
  FaultList faults("f.yaml");
  ReadText(text, faults);
  try {
    faults.ThrowIfAny();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(YamlTest, ReadsAPlainDocumentWithPositions) {
  FaultList faults("f.yaml");
  const Node root = ReadText("a: 1\nb:\n  - x\n  - {c: 'null', d: ~}\ne:\n", faults);
  ASSERT_TRUE(faults.empty());
  ASSERT_TRUE(root.IsMapping());
  EXPECT_EQ(root.Find("a")->scalar, "1");
  const Node* b = root.Find("b");
  ASSERT_TRUE(b->IsSequence());
  EXPECT_EQ(b->items[0].where, (Position{3, 5}));
  EXPECT_EQ(b->items[1].Find("c")->scalar, "null");
  EXPECT_TRUE(b->items[1].Find("c")->quoted);
  EXPECT_TRUE(b->items[1].Find("d")->IsNull());
  EXPECT_TRUE(root.Find("e")->IsNull());
  EXPECT_EQ(root.Find("f"), nullptr);
}

TEST(YamlTest, RefusesWhatWouldBeMisread) {
  struct Case {
    const char* text;
    const char* expected;
  };
  for (const Case& c : {
           Case{"a: 1\nb: 2\na: 3\n",
                "f.yaml:3:1: key 'a' stands twice\n  hint: it is already in line 1"},
           Case{"a: &x 1\n", "f.yaml:1:4: anchors (&name) are not supported"},
           Case{"a: &x [*x]\n", "f.yaml:1:4: anchors (&name) are not supported"},
           Case{"a: *x\n", "f.yaml:1:4: aliases (*name) are not supported"},
           Case{"a: [*.b.c]\n",
                "f.yaml:1:5: aliases (*name) are not supported\n  hint: if it is a "
                "text that begins with '*', put it in quotes: \"*.example.com\""},
           Case{"a: !!str 1\n", "f.yaml:1:4: the tag '!!str' is not supported"},
           Case{"a: 1\n---\nb: 2\n", "f.yaml:2:1: a second document"},
           Case{"a: 1\n...\nb: 2\n", "f.yaml:3:1: the document ended before this line"},
           Case{"%YAML 1.2\n---\na: 1\n", "f.yaml:1:1: directives (%) are not supported"},
           Case{"a: \xFF\n", "f.yaml:1:4: a byte that is not UTF-8"},
           Case{"\xC3\xA9: x\n\xC3\xA9\xC3\xA9: \x01\n", "f.yaml:2:5: the control character \\x01"},
           Case{"a: b\rc: d\n", "f.yaml:1:5: a carriage return without a line feed"},
           Case{"\xFF\xFE"
                "a\0:\0",
                "f.yaml:1:1: the file is in UTF-16"},
           Case{"[a]: 1\n", "f.yaml:1:4: a key must be a text, not a list"},
           Case{"b: 1\n{a: b}: 1\n", "f.yaml:2:1: a key must be a text, not a mapping"},
           Case{"~: 1\n", "f.yaml:1:1: a key must be a text, not null"},
           Case{": 1\n", "f.yaml:1:1: a key must be a text; none stands before this ':'"},
           Case{"? a\n: 1\n", "f.yaml:1:1: keys marked with '?' are not supported"},
       }) {
    const std::string faults =
        FaultsOf(std::string_view(c.text, c.text[0] == '\xFF' ? 6 : strlen(c.text)));
    EXPECT_NE(faults.find(c.expected), std::string::npos) << c.text << "\ngave: " << faults;
  }
  EXPECT_NE(FaultsOf(std::string(100, '[') + std::string(100, ']')).find("deeper than 32"),
            std::string::npos);
  EXPECT_NE(FaultsOf("a: " + std::string(70000, 'x')).find("longer than 64 KiB"),
            std::string::npos);
  EXPECT_NE(FaultsOf(std::string(1025, 'x') + ": a").find("a key longer than 1024 bytes"),
            std::string::npos);
}

// Each kind of text that is not YAML 1.2, where it is, and what was expected. yaml-cpp 0.7 takes
// the marked ones.
TEST(YamlTest, NamesEachSyntaxFault) {
  struct Case {
    const char* text;
    const char* expected;
  };
  for (const Case& c : {
           // Quotes. The marked swallow the rest of the file.
           Case{"a: \"b\nc: d\n",
                "1:4: the double quote is not closed before line 2, which is not "
                "indented deeper\n  hint: close it with '\"'"},                         // marked
           Case{"a: 'b\nc: d\n", "1:4: the single quote is not closed before line 2"},  // marked
           Case{"a: 'b\n", "1:4: the single quote is not closed\n  hint: close it with \"'\""},
           Case{"a: [\"b]\nc: \"d\"\n", "1:5: the double quote is not closed before line 2"},
           Case{"a: \"b\n---\n", "1:4: the double quote is not closed before line 2"},
           Case{"- \"b\n\t\n  c\"\n", "1:3: the double quote is not closed before line 2"},
           Case{"a: \"b\" c\n", "1:8: the line goes on behind the closing quote"},
           Case{"a: 'b'c\n", "1:7: the line goes on behind the closing quote"},
           Case{"a: \"b\"#c\n", "1:7: a comment directly behind the closing quote"},  // marked
           Case{"a: \"\\q\"\n", "1:5: unknown escape '\\q'"},
           Case{"a: \"\\x4\"\n", "1:5: an escape that stands for no character"},
           Case{"a: \"\\ud800\"\n", "1:5: an escape that stands for no character"},
           Case{"a: \"x\\\n\n  y\"\n", "1:6: an empty line after a '\\' that joins lines"},
           // Keys.
           Case{"fleet minimal\nprofile: x\n",
                "1:1: the key 'fleet minimal profile' goes over several lines"},  // marked
           Case{"a: b\nc d\n", "2:4: ': ' was expected after 'c d'"},             // marked
           Case{"a: 1\nb:c\nd: 2\n",
                "2:4: ': ' was expected after 'b:c'\n  hint: a colon needs a "
                "space behind it"},
           Case{"a: b: c\n",
                "1:5: a second ': ' in the line of a key\n  hint: put the value in "
                "quotes"},
           Case{"a: b\n  c: d\n", "1:4: the key 'b c' goes over several lines"},
           Case{"a: 'b\n  c': d\n", "1:4: the key 'b c' goes over several lines"},
           Case{"'a':b\n", "1:4: a ':' behind the closing quote"},
           Case{"a: \n  b\n  : c\n", "3:3: indented by 2 spaces; 0 spaces were expected"},
           Case{"a: - b\n", "1:4: a list item ('- ') in the line of its key"},  // marked
           Case{"a: 1\n- b\n", "2:1: a list item ('- ') where a key was expected"},
           // Indentation.
           Case{"a:\n  b: 1\n   c: 2\n", "2:6: the key '1 c' goes over several lines"},
           Case{"a:\n  b: [1]\n   c: 2\n",
                "3:4: indented by 3 spaces; 2 spaces or less were expected"},
           Case{"a:\n    b: 1\n  c: 2\n", "3:3: indented by 2 spaces; 0 spaces were expected"},
           Case{"- a\n  - b\n-c\n", "3:1: '- ' was expected"},
           Case{"- a\nb: c\n", "2:1: '- ' was expected, as before the other items"},
           Case{"a:\n\tb: 1\n", "2:1: a tab in the indentation"},
           Case{"a:\n  b: 1\n \tc: 1\n", "3:2: a tab in the indentation"},
           Case{"a: |\n\tb\n", "2:1: a tab in the indentation"},
           Case{"-\t- a\n", "1:3: a tab between the '-' and its item"},
           // Brackets.
           Case{"a: [1, 2\nb: 3\n",
                "1:4: the '[' is not closed before line 2, which is not indented "
                "deeper\n  hint: close it with ']'"},
           Case{"a: {b: 1", "1:4: the '{' is not closed\n"},
           Case{"a: [b, {c: d]\n", "1:13: ',' or '}' was expected"},
           Case{"a: [,b]\n", "1:5: a value was expected, not ','"},         // marked
           Case{"a: {b: 1,, c}\n", "1:10: a value was expected, not ','"},  // marked
           Case{"a: [b] c\n", "1:8: the line goes on behind the ']'"},
           Case{"a: b]\nc: ]\n", "2:4: ']' closes nothing that is open here"},
           Case{"a: [b #c\n]d\n", "2:2: the line goes on behind the ']'"},
           Case{"a: [b,#c\n ]\n", "1:7: a value was expected, not '#'"},
           Case{"a: [- b]\n", "1:5: a list item ('- ') cannot stand here"},
           Case{"a: {b: 1 c: 2}\n", "1:11: ',' or '}' was expected"},
           Case{"a: [\n---\n]\n", "1:4: the '[' is not closed before line 2"},
           // First characters, and the rest.
           Case{"a: @b\n", "1:4: a text without quotes cannot begin with '@'"},
           Case{"a: `b\n", "1:4: a text without quotes cannot begin with '`'"},
           Case{"a: %b\n", "1:4: a text without quotes cannot begin with '%'"},  // marked
           Case{"a: [|]\n", "1:5: a text without quotes cannot begin with '|'"},
           Case{"a: | b\n", "1:6: a text after the '|' that begins a block of lines"},
           Case{"a: |x\n  b\n", "1:5: a character after the '|' that begins a block of lines"},
           Case{"a: >\n    \n  b\n", "3:3: the block's first line is indented less"},
           Case{"a: |\n  b\n    \n", "3:3: blanks at the end of a block of lines"},
           Case{"--- a: b\n", "1:6: the document begins in the line of its '---'"},
           Case{"a: 1\n... b\n", "2:5: the line goes on behind the end of the document"},
       }) {
    const std::string faults = FaultsOf(c.text);
    EXPECT_NE(faults.find("f.yaml:" + std::string(c.expected)), std::string::npos)
        << c.text << "\ngave: " << faults;
  }
}

// The five styles of texts; the whole of tests/interop/yaml is held against another reader.
TEST(YamlTest, ReadsEveryStyle) {
  struct Case {
    const char* text;
    const char* expected;
  };
  for (const Case& c : {
           Case{"a: b  c#d:e # f\n", "b  c#d:e"},
           Case{"a: b\n  c\n\n  d\ne: f\n", "b c\nd"},
           Case{"a: 'it''s' # f\n", "it's"},
           Case{"a: ''''\n", "'"},
           Case{"a: \"\\\"\\\\\\x41\\u00e9\\U0001F600\\n\"\n", "\"\\A\xC3\xA9\xF0\x9F\x98\x80\n"},
           Case{"a: \"b \n   c \\\n  d\"\n", "b c d"},
           Case{"a: |\n  b\n   c\n\n  d\n\n", "b\n c\n\nd\n"},
           Case{"a: >-\r\n  b\r\n  c\r\n\r\n  d\r\n", "b c\nd"},
           Case{"a: |+ # f\n  b\n\n", "b\n\n"},
           Case{"a: >1\n  b\n c\n", " b\nc\n"},
           Case{"a: null x\n", "null x"},
           Case{"a: 'null'\n", "null"},
           Case{"\xEF\xBB\xBF"
                "a: b\r\n",
                "b"},
       }) {
    FaultList faults("f.yaml");
    const Node root = ReadText(c.text, faults);
    EXPECT_TRUE(faults.empty()) << c.text;
    ASSERT_NE(root.Find("a"), nullptr) << c.text;
    EXPECT_EQ(root.Find("a")->scalar, c.expected) << c.text;
  }
  for (const char* text : {"a:\n", "a: ~\n", "a: null # x\n", "a: Null\n", "a: NULL\n", "{a}\n"}) {
    FaultList faults("f.yaml");
    const Node root = ReadText(text, faults);
    ASSERT_NE(root.Find("a"), nullptr) << text;
    EXPECT_TRUE(root.Find("a")->IsNull()) << text;
  }
}

// What stands before a fault is there to be judged, and what it belongs to says that it is cut.
TEST(YamlTest, KeepsWhatStandsBeforeASyntaxFault) {
  FaultList faults("f.yaml");
  std::vector<std::string> seen;
  const std::vector<Stream> streams{
      {"groups/*/hosts", [&](const Node& item, std::span<const std::size_t>) {
         seen.push_back(item.cut ? "cut" : item.scalar);
       }}};
  const Node root = ReadText(
      "a: 1\ngroups:\n- {name: g, hosts: [x]}\n- name: h\n  hosts: [y, {name: z, os: \"w}]\n",
      faults, streams);
  EXPECT_EQ(faults.size(), 1u);
  EXPECT_EQ(seen, (std::vector<std::string>{"x", "y", "cut"}));
  EXPECT_TRUE(root.cut);
  EXPECT_EQ(root.Find("a")->scalar, "1");
  const Node& groups = *root.Find("groups");
  EXPECT_TRUE(groups.cut);
  ASSERT_EQ(groups.items.size(), 2u);
  EXPECT_FALSE(groups.items[0].cut);
  EXPECT_TRUE(groups.items[1].cut);
  EXPECT_EQ(groups.items[1].Find("name")->scalar, "h");
  EXPECT_TRUE(ReadText("a: 1\nb: @\n", faults).Find("b") == nullptr);
  EXPECT_TRUE(ReadText("\"", faults).cut);
}

TEST(YamlTest, StreamsDeliverInOrderAndKeepNothing) {
  FaultList faults("f.yaml");
  std::vector<std::string> seen;
  const std::vector<Stream> streams{
      {"groups/*/hosts", [&](const Node& item, std::span<const std::size_t> at) {
         seen.push_back(std::to_string(at[0]) + "." + std::to_string(at[1]) + "=" + item.scalar);
       }}};
  const Node root =
      ReadText("groups:\n- hosts: [a, b]\n  name: g\n- name: h\n  hosts:\n  - c\nhosts: [kept]\n",
               faults, streams);
  EXPECT_TRUE(faults.empty());
  EXPECT_EQ(seen, (std::vector<std::string>{"0.0=a", "0.1=b", "1.0=c"}));
  EXPECT_TRUE(root.Find("groups")->items[0].Find("hosts")->items.empty());
  EXPECT_EQ(root.Find("hosts")->items.size(), 1u);
}

TEST(YamlTest, ScalarReadersNameWhatTheyExpected) {
  FaultList faults("f.yaml");
  const Node root = ReadText("b: maybe\ni: 99\nt: [x]\nl: {a: 1}\n", faults);
  EXPECT_FALSE(AsBool(*root.Find("b"), "'b'", faults));
  EXPECT_FALSE(AsInteger(*root.Find("i"), "'i'", 0, 9, faults));
  EXPECT_FALSE(AsText(*root.Find("t"), "'t'", faults));
  EXPECT_TRUE(AsTextList(*root.Find("l"), "'l'", faults).empty());
  EXPECT_EQ(faults.size(), 4u);
  const std::vector<std::string> known{"b", "i", "t", "list"};
  CheckKeys(root, known, faults);
  try {
    faults.ThrowIfAny();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("f.yaml:4:1: unknown key 'l'"), std::string::npos);
  }
}

// yaml-cpp takes the '?' for a mark of a key: the strict reader, as YAML 1.2 has it, for text.
TEST(YamlTest, WhatTwoReadersReadOtherwiseIsRefused) {
  EXPECT_EQ(FaultsOf("a: [x, b?c]\n").substr(0, 34), "f.yaml:1:9: two readers of YAML do");
  EXPECT_EQ(FaultsOf("a: [x, \"b?c\"]\n"), "") << "the hint, followed";
  EXPECT_EQ(FaultsOf("a: b?c\n"), "");
  // There it gives up; here it sees a mapping, where the block's text is "b: ".
  EXPECT_EQ(FaultsOf(">\nb: ").substr(0, 34), "f.yaml:1:1: two readers of YAML do");
}

// The same events have one trace, others another one.
TEST(YamlTraceTest, EachKindAndTextCounts) {
  const auto trace = [](const std::function<void(Trace&)>& fill) {
    Trace trace;
    fill(trace);
    return trace.value();
  };
  const std::vector<std::uint64_t> values{
      trace([](Trace&) {}),
      trace([](Trace& t) { t.Null(); }),
      trace([](Trace& t) { t.Text(""); }),
      trace([](Trace& t) { t.Text("a"); }),
      trace([](Trace& t) { t.Open(true); }),
      trace([](Trace& t) { t.Open(false); }),
      trace([](Trace& t) { t.Close(); }),
      trace([](Trace& t) { t.Text("a"), t.Text("b"); }),
      trace([](Trace& t) { t.Text("ab"); }),
      trace([](Trace& t) { t.Text("b"), t.Text("a"); }),
  };
  for (std::size_t i = 0; i < values.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) EXPECT_NE(values[i], values[j]) << i << " " << j;
  }
}

}  // namespace
}  // namespace fleetmint::yaml
