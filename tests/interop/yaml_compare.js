// The strict YAML reader against the npm package `yaml`, on damaged documents.
//
//   node yaml_compare.js trees YAML_TREE EVERY FILE...
//   node yaml_compare.js check FLEETMINT EVERY FILE...
//
// Each file is damaged at each byte: it is deleted, duplicated, and replaced by each of kBytes. Every EVERY-th case
// is tried. `trees` compares what tests/interop/yaml_tree.cc reads, of these and of documents of random pieces:
//
//   same      both read the same tree, or both refuse
//   listed    refused by us for what the README lists (kListed), taken by the other
//   refused   refused by us for another reason, taken by the other: at most 1 % of what it takes
//   other     taken by us with another tree than the other's, or where the other refuses: none
//
// `check` runs the program on fleet files. Where it ends with exit code 0 the other's tree, written as JSON, must
// give the same endpoints and settings.
'use strict';
const {spawn, spawnSync} = require('child_process');
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
  ['key that is no text', /a key must be a text/],
  ['key with ?', /keys marked with '\?' are not supported/],
  ['carriage return', /a carriage return without a line feed/],
  ['tab', /a tab in the indentation/],
  ['blanks', /blanks at the end of a block of lines/],
];
// Pieces of random documents.
const kPieces = [
  'a', 'b c', 'key', 'a: ', 'b: ', 'key:', '- ', '-', '\n', '\n', '\n', '\n  ', '\n  ', '\n    ', ' ', '  ', '"', '"x"',
  "'", "'y'", '[', ']', '{', '}', ',', ', ', ': ', ':', '#', ' # c', '|', '>', '|\n', '>-\n', '|2+\n', '\t', '---',
  '\n---\n', '\n...\n', '? ', '\\', '\\n', '~', 'null', '-1', '1', '\n\n', '\r\n', 'é', '%', '@', '`', '&x', '*x', '!t',
];

const [mode, program, everyText, ...files] = process.argv.slice(2);
const every = Number(everyText);

function* damaged(bytes) {
  for (let i = 0; i < bytes.length; i++) {
    const before = bytes.subarray(0, i);
    yield Buffer.concat([before, bytes.subarray(i + 1)]);
    yield Buffer.concat([before, bytes.subarray(i, i + 1), bytes.subarray(i)]);
    for (const c of kBytes) yield Buffer.concat([before, Buffer.from(c), bytes.subarray(i + 1)]);
  }
}

function* randomDocuments(count) {
  let state = Number(process.env.FLEETMINT_YAML_SEED ?? 1);  // of the generator mulberry32
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

// What the other reader says: {tree} or {fault}.
function theirs(text) {
  const documents = YAML.parseAllDocuments(text, {schema: 'failsafe', logLevel: 'silent'});
  if (documents.length !== 1) return documents.length === 0 ? {tree: null} : {fault: 'several documents'};
  const problem = documents[0].errors[0];
  if (problem) return {fault: problem.message.split('\n')[0]};
  return {tree: tree(documents[0].contents)};
}

// A tree in the words of yaml_tree.cc. Plain texts that YAML's core schema takes for null are null.
function tree(node) {
  if (node === null) return null;
  if (YAML.isAlias(node)) return {alias: node.source};
  if (YAML.isScalar(node)) {
    const plain = node.type === 'PLAIN' || node.type === undefined;
    return plain && ['', '~', 'null', 'Null', 'NULL', null].includes(node.value) ? null : node.value;
  }
  if (YAML.isSeq(node)) return node.items.map(tree);
  return {keys: node.items.map(pair => tree(pair.key)), values: node.items.map(pair => tree(pair.value))};
}

// What yaml_tree says of each case, in one process.
async function ours(cases) {
  const child = spawn(program, {stdio: ['pipe', 'pipe', 'inherit']});
  const out = [];
  child.stdout.on('data', chunk => out.push(chunk));
  child.stdin.on('error', () => {});  // it died: the exit code tells
  const ended = new Promise(resolve => child.on('close', (code, signal) => resolve(signal ?? code)));
  for (const {bytes} of cases) {
    const size = Buffer.alloc(4);
    size.writeUInt32LE(bytes.length);
    child.stdin.write(Buffer.concat([size, bytes]));
  }
  child.stdin.end();
  const code = await ended;
  const lines = Buffer.concat(out).toString().split('\n').slice(0, -1);
  if (code === 0 && lines.length === cases.length) return lines.map(line => JSON.parse(line));
  throw new Error(`yaml_tree ended with ${code} in: ${JSON.stringify(cases[lines.length]?.bytes.toString())}`);
}

// The kind of one case, with its reason.
function judge(our, their) {
  if (our.fault !== undefined) {
    if (their.tree === undefined) return ['same', 'both refuse'];
    const named = kListed.find(([, words]) => words.test(our.fault));
    return named ? ['listed', named[0]] : ['refused', our.fault.replace(/^[0-9:]+ /, '').split('\n')[0]];
  }
  if (their.tree === undefined) return ['other', their.fault.replace(/ at line.*/, '')];
  return JSON.stringify(our.tree) === JSON.stringify(their.tree) ? ['same', 'both take'] : ['other', 'another tree'];
}

async function compareTrees() {
  const cases = [];
  let number = 0;
  for (const file of files) {
    const bytes = fs.readFileSync(file);
    cases.push({bytes, whole: file});
    for (const one of damaged(bytes)) {
      if (number++ % every === 0) cases.push({bytes: one});
    }
  }
  const damagedCases = cases.length;
  for (const bytes of randomDocuments(Math.floor(300000 / every))) cases.push({bytes});
  const answers = await ours(cases);
  const counts = {same: 0, listed: 0, refused: 0, other: 0};
  const kinds = new Map();
  let taken = 0, refused = 0;
  cases.forEach(({bytes, whole}, i) => {
    const their = theirs(bytes.toString());
    const [kind, reason] = judge(answers[i], their);
    counts[kind]++;
    if (i < damagedCases && their.tree !== undefined) taken++;
    if (i < damagedCases && kind === 'refused') refused++;
    if (whole && reason !== 'both take') throw new Error(`${whole} is not read as it should be: ${reason}`);
    const seen = kinds.get(`${kind}: ${reason}`);
    if (!seen) kinds.set(`${kind}: ${reason}`, {count: 1, text: JSON.stringify(bytes.toString())});
    else seen.count++;
  });
  for (const [kind, {count, text}] of [...kinds].sort()) {
    console.log(`${count} ${kind}${/^(refused|other)/.test(kind) ? `, e.g. ${text.slice(-300)}` : ''}`);
  }
  console.log(`${cases.length} cases: ${JSON.stringify(counts)}; of ${damagedCases} damaged files the other reader takes ` +
              `${taken}, ${refused} of which are refused for what is not listed`);
  if (counts.other > 0 || refused * 100 > taken) throw new Error('the readers differ');
}

// What `check` finds in a fleet file; nothing of times.
function check(bytes) {
  fs.writeFileSync('case.yaml', bytes);
  const run = spawnSync(program, ['check', 'case.yaml', '--json'], {encoding: 'utf8'});
  if (![0, 1, 2].includes(run.status)) throw new Error(`check: ${run.signal ?? run.status}: ${JSON.stringify(bytes.toString())}`);
  if (run.status === 2 && !/case\.yaml:\d+:\d+: /.test(run.stderr + run.stdout)) {
    throw new Error(`check: a fault without a place: ${run.stderr}: ${JSON.stringify(bytes.toString())}`);
  }
  if (run.status !== 0) return null;
  const {estimated_seconds, renewals, ...summary} = JSON.parse(run.stdout);
  return JSON.stringify(summary);
}

// A tree as JSON, which is YAML. Quotes tell numbers and truth values from texts.
function json(node) {
  if (typeof node === 'string' && /^(true|false|\d+)$/.test(node)) return node;
  if (node === null || typeof node === 'string') return JSON.stringify(node);
  if (Array.isArray(node)) return `[${node.map(json).join(', ')}]`;
  return `{${node.keys.map((key, i) => `${JSON.stringify(key)}: ${json(node.values[i])}`).join(', ')}}`;
}

function compareChecks() {
  let number = 0, accepted = 0, tried = 0;
  for (const file of files) {
    for (const bytes of damaged(fs.readFileSync(file))) {
      if (number++ % every !== 0) continue;
      tried++;
      const our = check(bytes);
      if (our === null) continue;
      accepted++;
      const their = theirs(bytes.toString());
      if (their.fault !== undefined) throw new Error(`check takes what is not YAML (${their.fault}): ${bytes}`);
      if (check(Buffer.from(json(their.tree))) !== our) throw new Error(`check sees another fleet in: ${bytes}`);
    }
  }
  console.log(`check: ${tried} damaged fleet files, ${accepted} of which it takes`);
}

(mode === 'check' ? Promise.resolve().then(compareChecks) : compareTrees()).catch(error => {
  console.error(error.message);
  process.exit(1);
});
