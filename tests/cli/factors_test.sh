#!/usr/bin/env bash
# An adversary reads all memory of a running `issue`, with each of FLEETMINT_KERNELS and at several moments: no modulus of
# a finished bundle is factored by it, nothing of its key is in it, no derived password, no passphrase.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
: "${FLEETMINT_FIND_FACTORS:=$source_tree/build/tests/find_factors}"
: "${FLEETMINT_KERNELS:=ifma avx2}"  # portable, too, takes two minutes more
[[ $(id -u) == 0 ]] || skip "reading another process's memory needs root"
[[ -x $FLEETMINT_FIND_FACTORS ]] || skip 'needs find_factors, which is built where GMP is'
fast_profiles
umask 077
printf 'canary-phrase-7Q2x\n' >phrase
umask 022
cat >profiles.d/plain-agent.yaml <<'Y'
profile: plain-agent
extends: mtls-client
key: {algorithm: rsa, bits: 2048}
Y
cat >fleet.yaml <<'Y'
fleet: test
profile: plain-agent
defaults: {domain: example.com, os: windows-11}
groups:
  - {name: rsa, hosts: "ws-[001-448]"}
  - {name: ec, profile: fast-agent, hosts: "ec-[001-064]"}
Y

# secrets DIR: one line for each number and each password of the bundles in place there, as find_factors reads it.
secrets() {
  local host password
  printf 'passphrase text %s\n' "$(cat phrase)"
  while IFS=, read -r host _ password; do
    password=${password%$'\r'}
    [[ -e $1/out/bundles/$host.pfx ]] || continue
    echo "$host text $password"
    [[ $host == ws-* ]] || continue
    printf '%s\n' "$password" >one.password
    openssl pkcs12 -in "$1/out/bundles/$host.pfx" -passin file:one.password -nocerts -noenc 2>/dev/null |
      openssl rsa -traditional 2>/dev/null | openssl asn1parse | sed -n 's/.*INTEGER *://p' |
      awk -v host="$host" 'BEGIN { split("version n e d p q dp dq qinv", kind) } kind[NR] != "version" && kind[NR] != "e" { print host, kind[NR], $1 }'
  done < <("$FLEETMINT" passwords --csv --ca "$1/ca" --passphrase-file phrase | tail -n +2)
}

in_place() { find "$1/out/bundles" -name '*.pfx' 2>/dev/null | wc -l; }

# look PID DIR WHEN: stops the process and searches it.
look() {
  local code=0
  kill -STOP "$1"
  secrets "$2" >numbers
  (($(grep -c ' p ' numbers) >= 32)) || fail "only $(grep -c ' p ' numbers) keys to look for"
  "$FLEETMINT_FIND_FACTORS" "$1" numbers >found 2>searched || code=$?
  [[ $code != 77 ]] || { kill -KILL "$1"; skip "$(cat searched)"; }
  [[ $code == 0 ]] || fail "$3: $(sort found | uniq -c | head -n 20)"
  echo "$3: $(grep -c ' p ' numbers) keys; $(tr '\n' ' ' <searched)"
  kill -CONT "$1"
}

try() { # KERNEL
  run 0 ca init --profile fast --profiles profiles.d --passphrase-file phrase --ca "$1/ca"
  "$FLEETMINT" issue fleet.yaml --profiles profiles.d --ca "$1/ca" --out "$1/out" --passphrase-file phrase \
    --kernel "$1" --threads 2 --quiet &
  local pid=$! wanted
  for wanted in 64 200 512; do
    while (($(in_place "$1") < wanted)) && kill -0 "$pid" 2>/dev/null; do sleep 0.01; done
    kill -0 "$pid" 2>/dev/null || break  # the end may be missed
    look "$pid" "$1" "kernel $1, $wanted bundles"
  done
  wait "$pid"
  looks=$((looks + 1))
}
looks=0
for kernel in $FLEETMINT_KERNELS; do
  "$FLEETMINT" bench --kernel "$kernel" --seconds 0.01 --threads 1 >/dev/null 2>&1 || continue
  mkdir "$kernel"
  try "$kernel"
done
((looks > 0)) || fail 'no kernel was tried'

# If this is not found, the above proves nothing.
grep -E "^(passphrase|ws-)" numbers | head -n 40 >planted
"$FLEETMINT_FIND_FACTORS" --plant planted >plant.out &
pid=$!
until grep -q planted plant.out; do sleep 0.05; done
"$FLEETMINT_FIND_FACTORS" "$pid" numbers >found || true
kill "$pid"
grep -q 'factor of .*52 bits, stride 8' found || fail "a residue in lanes was not found: $(head found)"
grep -q 'factor of .*51-bit doubles, stride 4' found || fail 'a prime in doubles was not found'
grep -q 'text passphrase' found || fail 'a passphrase was not found'
