// The strict reader: what would be read differently than meant is refused, with its place.
#include "engine/base/yaml.h"

#include <gtest/gtest.h>

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
           Case{"a: &x 1\n", "anchors (&name) are not supported"},
           Case{"a: &x [*x]\n", "anchors (&name) are not supported"},
           Case{"a: *x\n", "f.yaml:1:4: "},
           Case{"a: !!str 1\n", "the tag 'tag:yaml.org,2002:str' is not supported"},
           Case{"a: 1\n---\nb: 2\n", "a second document"},
           Case{"a: \xFF\n", "f.yaml:1:4: a byte that is not UTF-8"},
           Case{"a: [1, 2\nb: 3\n", "f.yaml:"},
           Case{"[a]: 1\n", "a key must be a text, not a list"},
       }) {
    const std::string faults = FaultsOf(c.text);
    EXPECT_NE(faults.find(c.expected), std::string::npos) << c.text << "\ngave: " << faults;
  }
  EXPECT_NE(FaultsOf(std::string(100, '[') + std::string(100, ']')).find("deeper than 32"),
            std::string::npos);
  EXPECT_NE(FaultsOf("a: " + std::string(70000, 'x')).find("longer than 64 KiB"),
            std::string::npos);
}

TEST(YamlTest, StreamsDeliverInOrderAndKeepNothing) {
  FaultList faults("f.yaml");
  std::vector<std::string> seen;
  const std::vector<Stream> streams{
      {"groups/*/hosts", [&](Node item, std::span<const std::size_t> at) {
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

}  // namespace
}  // namespace fleetmint::yaml
