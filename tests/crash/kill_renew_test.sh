#!/usr/bin/env bash
# kill -9 at every system call that writes of `renew --all`, of `retire --revoke` and of `crl`: the current
# bundle is never lost before the new one is in place, the same command finishes what was begun and does
# nothing twice, and a CRL that servers read is always whole and never takes a revocation back.
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
# bundles_whole: every current certificate's bundle is there, as recorded, or as its predecessor's was.
bundles_whole() {
  find out/bundles out/.pending -type f -exec sha256sum {} + | cut -d ' ' -f 1 | sort >present
  sql "select files from certificate join record using (id) where state = 'issued'" |
    sed '/^$/d' | cut -d ' ' -f 3 | sort >wanted
  comm -13 present wanted
}
# killed_at NAME N COMMAND...: runs it until its Nth call of NAME.
killed_at() {
  local name=$1 n=$2
  shift 2
  fresh
  (strace -f -o /dev/null -e trace="$name" -e inject="$name":signal=KILL:when="$n" "$FLEETMINT" "$@" 2>stderr
    exit $?) >/dev/null 2>&1 || true
}
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

after_renew() {
  local lost
  lost=$(bundles_whole)
  [[ -z $lost ]] || fail "renew killed at $1: bundles of current certificates are gone: $lost"
  # Killed at its very end, it was done; else the same command goes on.
  "$FLEETMINT" "${command_line[@]}" >stdout 2>stderr || says 'this renewal is done'
  # One renewal, however often it was begun: of each endpoint but the revoked one, one is superseded.
  equal "$(sql "select count(*) || ' ' || count(distinct endpoint) from certificate where state = 'superseded'")" '3 3'
  run 2 "${command_line[@]}"
  says 'this renewal is done'
  run 0 verify --ca ca --out out
  equal "$(jq -r '.endpoint + " " + (.supersedes | length | tostring)' out/manifest.jsonl | tr '\n' ',')" \
    'ws-1 1,ws-2 1,ws-3 1,ws-4 0,'
}
each after_renew renew fleet.yaml --profiles profiles.d --ca ca --out out --all --threads 1 --quiet

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
((cases * every > 150)) || fail "only $cases places"
echo "killed at $cases places: no bundle lost, nothing twice, every CRL whole"
