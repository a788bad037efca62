// scan_memory.js PID PASSWORD-FILE KEY.pem...: looks for p, q and d of RSA keys in a process's memory.
//
// Prints one line "KEY NUMBER ORDER MAPPING" for each place where 16 bytes of a number stand: from its
// first or its last third, big endian (as in DER) or little endian (as limbs). Exit code 77 without the
// right to read /proc/PID/mem. Every writable mapping is read.
'use strict';
const fs = require('fs');
const crypto = require('crypto');

const [pid, passwordFile, ...keyFiles] = process.argv.slice(2);
const passphrase = fs.readFileSync(passwordFile, 'utf8').split('\n')[0];

const patterns = [];  // {bytes, what}
for (const file of keyFiles) {
  const key = crypto.createPrivateKey({key: fs.readFileSync(file), passphrase});
  const numbers = key.export({format: 'jwk'});
  for (const name of ['p', 'q', 'd']) {
    const big = Buffer.from(numbers[name], 'base64url');
    for (const at of [Math.floor(big.length / 4), Math.floor(3 * big.length / 4)]) {
      const part = big.subarray(at, at + 16);
      patterns.push({bytes: part, what: `${file} ${name} big-endian`});
      patterns.push({bytes: Buffer.from(part).reverse(), what: `${file} ${name} little-endian`});
    }
  }
}
// By their first three bytes: which places deserve a comparison.
const starts = new Uint8Array(1 << 24);
const byStart = new Map();
for (const pattern of patterns) {
  const start = pattern.bytes[0] | pattern.bytes[1] << 8 | pattern.bytes[2] << 16;
  starts[start] = 1;
  if (!byStart.has(start)) byStart.set(start, []);
  byStart.get(start).push(pattern);
}

function scan(memory, mapping) {
  for (let i = 0; i + 16 <= memory.length; ++i) {
    const start = memory[i] | memory[i + 1] << 8 | memory[i + 2] << 16;
    if (starts[start] === 0) continue;
    for (const pattern of byStart.get(start)) {
      if (memory.compare(pattern.bytes, 0, 16, i, i + 16) === 0) console.log(pattern.what, mapping);
    }
  }
}

let memory;
try {
  memory = fs.openSync(`/proc/${pid}/mem`, 'r');
} catch (error) {
  if (error.code !== 'EACCES' && error.code !== 'EPERM') throw error;
  console.error(`this system does not let us read another process's memory: ${error.code}`);
  process.exit(77);
}
const kPiece = 16 << 20, kOverlap = 15;
let total = 0;
for (const line of fs.readFileSync(`/proc/${pid}/maps`, 'utf8').trim().split('\n')) {
  const [range, mode, , , , ...name] = line.split(/\s+/);
  if (!mode.startsWith('rw') || name[0] === '[vvar]') continue;
  const [low, high] = range.split('-').map(text => parseInt(text, 16));
  for (let at = low; at < high; at += kPiece - kOverlap) {
    const piece = Buffer.alloc(Math.min(kPiece, high - at));
    let size;
    try {
      size = fs.readSync(memory, piece, 0, piece.length, at);
    } catch (error) {
      if (error.code === 'EIO') continue;  // reserved, never touched
      throw error;
    }
    total += size;
    scan(piece.subarray(0, size), name.join(' ') || 'anonymous');
  }
}
console.error(`${total >> 20} MiB searched for ${patterns.length} patterns of ${keyFiles.length} keys`);
