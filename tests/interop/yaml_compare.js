// Compares yaml_tree (our reader) with the npm package `yaml` on damaged documents.
//
//   node yaml_compare.js YAML_TREE EVERY FILE...
//
// Each file is damaged at each byte: it is deleted, duplicated, and replaced by each of kBytes. Every
// EVERY-th case is tried. A case is
//   same       both read the same tree, or both refuse
//   listed     refused by us for a reason that engine/README.md lists, taken by the other
//   refused    refused by us for another reason, taken by the other: at most 1 % of what it takes
//   other      taken by us with another tree than the other's, or where the other refuses: none
'use strict';
const {spawn} = require('child_process');
const fs = require('fs');
const YAML = require('yaml');

const kBytes = '"\'[]{}:,-#&*!|>%@\t\n ?\\';
// What the reader refuses though it is YAML, by its words for it.
const kListed = [
  ['anchor', /anchors \(&name\) are not supported/],
  ['alias', /aliases \(\*name\) are not supported/],
  ['tag', /the tag '.*' is not supported/],
  ['document', /a second document|a document was expected, not its end/],
  ['directive', /directives \(%\) are not supported/],
  ['key', /a key must be a text/],
  ['explicit key', /keys marked with '\?' are not supported/],
  ['carriage return', /a carriage return without a line feed/],
  ['tab', /a tab in the indentation/],
];

const [driver, every, ...files] = process.argv.slice(2);

function theirs(text) {
  const document = YAML.parseAllDocuments(text, {schema: 'failsafe', logLevel: 'silent'});
  if (document.length !== 1) return document.length === 0 ? {tree: null} : {several: true};
  const problems = [...document[0].errors, ...document[0].warnings];
  if (problems.length) return {fault: problems[0].message.split('\n')[0]};
  return {tree: tree(document[0].contents)};
}

// The tree in the words of yaml_tree.cc.
function tree(node) {
  if (node === null) return null;
  if (YAML.isAlias(node)) return {alias: true};
  if (YAML.isScalar(node)) {
    const plain = node.type === 'PLAIN' || node.type === undefined;
    return plain && ['', '~', 'null', 'Null', 'NULL', null].includes(node.value) ? null : node.value;
  }
  if (YAML.isSeq(node)) return node.items.map(tree);
  return {
    keys: node.items.map(pair => tree(pair.key) ?? ''),
    values: node.items.map(pair => tree(pair.value)),
  };
}

function* damaged(bytes) {
  for (let i = 0; i < bytes.length; i++) {
    const before = bytes.subarray(0, i);
    yield Buffer.concat([before, bytes.subarray(i + 1)]);
    yield Buffer.concat([before, bytes.subarray(i, i + 1), bytes.subarray(i)]);
    for (const c of kBytes) yield Buffer.concat([before, Buffer.from(c), bytes.subarray(i + 1)]);
  }
}

// Documents of pieces that mean something, in any order; the generator is a fixed one (mulberry32).
const kPieces = [
  'a', 'b c', 'key', 'a: ', 'b: ', 'key:', '- ', '-', '\n', '\n', '\n', '\n  ', '\n  ', '\n    ', ' ', '  ', '"', '"x"',
  "'", "'y'", '[', ']', '{', '}', ',', ', ', ': ', ':', '#', ' # c', '|', '>', '|\n', '>-\n', '|2+\n', '\t', '---', '\n---\n',
  '\n...\n', '? ', '\\', '\\n', '~', 'null', '-1', '1', '\n\n', '\r\n', 'é', '%', '@', '`', '&x', '*x', '!t',
];
function* soup(count) {
  let state = Number(process.env.SEED ?? 1);
  const random = below => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
  for (let i = 0; i < count; i++) {
    const length = 2 + random(14);
    let text = '';
    for (let j = 0; j < length; j++) text += kPieces[random(kPieces.length)];
    yield Buffer.from(text);
  }
}

async function main() {
  const cases = [];
  let number = 0;
  for (const file of files) {
    const bytes = fs.readFileSync(file);
    cases.push({file, bytes, whole: true});
    for (const one of damaged(bytes)) {
      if (number++ % every === 0) cases.push({file, bytes: one});
    }
  }
  for (const bytes of soup(Math.floor(300000 / every))) cases.push({file: 'soup', bytes});
  const child = spawn(driver, {stdio: ['pipe', 'pipe', 'inherit']});
  const out = [];
  child.stdout.on('data', chunk => out.push(chunk));
  const ended = new Promise(resolve => child.on('close', (code, signal) => resolve(signal ?? code)));
  for (const {bytes} of cases) {
    const size = Buffer.alloc(4);
    size.writeUInt32LE(bytes.length);
    child.stdin.write(Buffer.concat([size, bytes]));
  }
  child.stdin.end();
  const code = await ended;
  const lines = Buffer.concat(out).toString().split('\n').slice(0, -1);
  if (code !== 0 || lines.length !== cases.length) {
    console.log(`yaml_tree ended with ${code} in case ${lines.length}:`);
    console.log(JSON.stringify(cases[lines.length]?.bytes.toString()));
    process.exit(1);
  }
  const counts = {same: 0, listed: 0, refused: 0, other: 0};
  const examples = new Map();
  const note = (kind, reason, text, detail) => {
    counts[kind]++;
    const key = `${kind}: ${reason}`;
    if (process.env.ALL && kind === 'other') console.log(detail, JSON.stringify(text));
    if (!examples.has(key)) examples.set(key, {n: 0, text, detail});
    examples.get(key).n++;
  };
  let taken = 0;
  cases.forEach(({bytes, file, whole}, i) => {
    const text = bytes.toString();
    const our = JSON.parse(lines[i]);
    const their = theirs(text);
    if (their.tree !== undefined) taken++;
    if (whole && (our.tree === undefined || their.tree === undefined)) {
      return note('other', 'undamaged, but refused', file, our.fault ?? their.fault);
    }
    if (our.fault !== undefined && their.tree === undefined) return note('same', 'both refuse', text);
    if (our.fault !== undefined) {
      const named = kListed.find(([, words]) => words.test(our.fault));
      return note(named ? 'listed' : 'refused', named ? named[0] : our.fault.replace(/^[0-9:]+/, '').split('\n')[0], text, our.fault);
    }
    if (JSON.stringify(our.tree) === JSON.stringify(their.tree)) return note('same', 'both take', text);
    note('other', their.fault?.replace(/ at line.*/, '') ?? 'another tree', text,
         their.fault ?? JSON.stringify([our.tree, their.tree]));
  });
  for (const [key, {n, text, detail}] of [...examples].sort()) {
    console.log(`${n} ${key}`);
    if (/^(refused|other)/.test(key) || process.env.VERBOSE) console.log(`   ${detail}\n   ${JSON.stringify(text)}`);
  }
  console.log(`${cases.length} cases, ${taken} taken by the other reader: ${JSON.stringify(counts)}`);
  if (counts.other > 0 || counts.refused * 100 > taken) process.exit(1);
}
main();
