#!/usr/bin/env bash
# An adversary reads all memory of a running `issue`: no modulus of a finished bundle is factored by it, nothing of
# its key is in it, no derived password, no passphrase. With the first of FLEETMINT_KERNELS that the machine has, at
# the end of a small fleet; FLEETMINT_FACTORS=all takes every kernel, and a larger fleet too, while its chunks follow
# each other: ten minutes and more.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$source_tree/tests/cli/adversary.sh"
: "${FLEETMINT_KERNELS:=ifma avx2 portable}" "${FLEETMINT_FACTORS:=few}"
fleet small '{name: rsa, hosts: "ws-[01-48]"}' '{name: ec, profile: fast-agent, hosts: "ec-[01-16]"}' >small.yaml
fleet mixed '{name: rsa, hosts: "ws-[001-256]"}' '{name: ec, profile: fast-agent, hosts: "ec-[01-64]"}' >mixed.yaml

in_place() { find "$1/out/bundles" -name '*.pfx' 2>/dev/null | wc -l; }

# look PID DIR WHEN: stops the process and searches it.
look() {
  local code=0 keys
  kill -STOP "$1"
  secrets "$2" >numbers
  keys=$(grep -c ' p ' numbers || true)
  "$FLEETMINT_FIND_FACTORS" "$1" numbers >found 2>searched || code=$?
  # A stopped process would be waited for.
  [[ $code == 0 && $keys -ge 32 ]] || kill -KILL "$1"
  [[ $code != 77 ]] || skip "$(cat searched)"
  [[ $code == 0 ]] || fail "$3: $(sort found | uniq -c | head -n 20)"
  ((keys >= 32)) || fail "only $keys keys to look for"
  echo "$3: $keys keys; $(tr '\n' ' ' <searched)"
  kill -CONT "$1"
}

# try KERNEL FLEET BUNDLES [WANTED...]: looks when so many bundles are in place; and at the end, when nothing has
# overwritten yet what the last keys left: the run cannot print its result, for its stdout is a full pipe.
try() {
  local kernel=$1 fleet=$2 bundles=$3 dir=$1-$2 wanted
  shift 3
  mkdir "$dir"
  run 0 ca init --profile fast --profiles profiles.d --passphrase-file phrase --ca "$dir/ca"
  full_pipe "$dir/full"
  "$FLEETMINT" issue "$fleet.yaml" --profiles profiles.d --ca "$dir/ca" --out "$dir/out" --passphrase-file phrase \
    --kernel "$kernel" --threads 2 --json >"$dir/full" 2>"$dir/log" &
  local pid=$!
  for wanted in "$@" "$bundles"; do
    while (($(in_place "$dir") < wanted)); do
      kill -0 "$pid" 2>/dev/null || fail "the run ended early ($(cat "$dir/log"))"
      sleep 0.01
    done
    [[ $wanted != "$bundles" ]] || sleep 1
    look "$pid" "$dir" "kernel $kernel, fleet $fleet, $wanted bundles"
  done
  cat "$dir/full" >/dev/null &
  wait "$pid" || fail "the run failed ($(cat "$dir/log"))"
  kill $!
  exec 8>&-
}
looks=0
for kernel in $FLEETMINT_KERNELS; do
  "$FLEETMINT" bench --kernel "$kernel" --seconds 0.01 --threads 1 >/dev/null 2>&1 || continue
  try "$kernel" small 64
  looks=$((looks + 1))
  [[ $FLEETMINT_FACTORS == all ]] || break
  try "$kernel" mixed 320 64 128
done
((looks > 0)) || fail 'no kernel was tried'

(($(grep -c '^ec-.* d [0-9a-f]' numbers) >= 16)) || fail 'no scalars to look for'

# If this is not found, the above proves nothing.
grep -m 40 -E "^(passphrase|ws-)" numbers >planted
"$FLEETMINT_FIND_FACTORS" --plant planted >plant.out &
pid=$!
until grep -q planted plant.out; do sleep 0.05; done
"$FLEETMINT_FIND_FACTORS" "$pid" numbers >found || true
kill "$pid"
grep -q 'factor of .*52 bits, stride 8' found || fail "a residue in lanes was not found: $(head found)"
grep -q 'factor of .*51-bit doubles, stride 4' found || fail 'a prime in doubles was not found'
grep -q 'text passphrase' found || fail 'a passphrase was not found'
