#!/usr/bin/env bash
# kill -9 at every system call that writes of `retire --revoke` and of `crl`: what is gone is recorded as
# retired, the same command finishes what was begun, and a CRL that servers read is always whole and never
# takes a revocation back.
source "$(dirname "${BASH_SOURCE[0]}")/../cli/lib.sh"
source "$source_tree/tests/crash/lib.sh"
need_strace
mkdir start
fast_ca start/ca
fast_fleet fleet.yaml 'ws-[1-4]'
run 0 issue fleet.yaml --profiles profiles.d --ca start/ca --out start/out
run 0 revoke ws-4 --ca start/ca
run 0 crl --ca start/ca --out start/out

sql() { sqlite3 ca/ledger.db "$1"; }
listed() { openssl crl -in "$1" -inform der -noout -text | sed -n 's/^ *Serial Number: //p' | tr A-F a-f | sort; }

cases=0 place=0
# each CHECK COMMAND...: CHECK is called after a kill at each place of the command.
each() {
  local check=$1 name count n
  shift
  command_line=("$@")
  while read -r name count; do
    for ((n = 1; n <= count; ++n)); do
      ((++place % every == 0)) || continue
      killed_at "$name" "$n" "${command_line[@]}"
      "$check" "$name $n"
      cases=$((cases + 1))
    done
  done < <(counts "$writing")
}

after_retire() {
  # What is gone is recorded as retired.
  local gone
  gone=$(sql "select endpoint from certificate where state = 'issued'" |
    while read -r name; do [[ -e out/bundles/$name.pfx ]] || echo "$name"; done)
  [[ -z $gone ]] || fail "retire killed at $1: gone, and not retired: $gone"
  equal "$(sql "select count(*) from certificate where state = 'retired' and revoked_at is null")" 0
  run 0 "${command_line[@]}"
  equal "$(ls out/bundles | tr '\n' ' ')" 'ws-3.pfx ws-4.pfx '
  run 0 verify --ca ca --out out
}
each after_retire retire ws-1 ws-2 --revoke --ca ca --out out --quiet

rm -rf ca out
cp -a start/ca start/out .
run 0 revoke ws-3 --ca start/ca
before=$(listed start/out/crl.der)
after=$(sort <(echo "$before") <("$FLEETMINT" list --ca start/ca --json 2>/dev/null |
  jq -r '.certificates[] | select(.endpoint == "ws-3") | .serial'))
after_crl() {
  local now
  now=$(listed out/crl.der)
  [[ $now == "$before" || $now == "$after" ]] || fail "crl killed at $1: out/crl.der names $now"
  run 0 "${command_line[@]}"
  equal "$(listed out/crl.der)" "$after"
  cmp -s out/crl.der ca/crl/issuing.crl || fail "crl killed at $1: the output has another one"
  run 0 verify --ca ca --out out
}
each after_crl crl --ca ca --out out --quiet
((cases * every > 80)) || fail "only $cases places"
echo "killed at $cases places: what is gone is retired, every CRL whole"
