#!/usr/bin/env bash
# kill -9 at every system call that writes of `ca adopt`: the same command again finishes, what the output knows is
# learned once, no CRL that is out is ever replaced by one that takes a revocation back.
source "$(dirname "${BASH_SOURCE[0]}")/../cli/lib.sh"
source "$source_tree/tests/crash/lib.sh"
need_strace
mkdir start
fast_ca start/ca
fast_fleet fleet.yaml 'ws-[1-3]'
issue=(issue fleet.yaml --profiles profiles.d)
run 0 "${issue[@]}" --ca start/ca --out start/out
run 0 crl --ca start/ca --out start/out
run 0 ca backup --ca start/ca --to backup
fast_fleet fleet.yaml 'ws-[1-6]'
run 0 "${issue[@]}" --ca start/ca --out start/out
run 0 renew fleet.yaml --only ws-1 --profiles profiles.d --ca start/ca --out start/out
run 0 revoke ws-2 ws-5 --ca start/ca --yes
run 0 crl --ca start/ca --out start/out
# A run that was ended right after its commit: bundles that are still pending are adopted and put in place.
fast_fleet fleet.yaml 'ws-[1-7]'
(strace -f -o /dev/null -e trace=renameat,renameat2,rename -e inject=renameat,renameat2,rename:signal=KILL:when=2 \
  "$FLEETMINT" "${issue[@]}" --ca start/ca --out start/out --threads 1
  exit $?) >/dev/null 2>&1 || true
[[ -n $(ls start/out/.pending) ]] || fail 'the run has left nothing behind'
mv start/ca start/newest
cp -a backup start/ca
listed() { openssl crl -in "$1" -inform der -noout -text | sed -n 's/^ *Serial Number: //p' | tr A-F a-f | sort; }
list=$(listed start/out/crl.der)
command_line=(ca adopt --ca ca --out out --quiet)
cases=0 place=0
while read -r name count; do
  for ((n = 1; n <= count; ++n)); do
    ((++place % every == 0)) || continue
    killed_at "$name" "$n" "${command_line[@]}"
    at="killed at $name $n"
    equal "$(listed out/crl.der)" "$list"
    # Before it has learned all nobody goes on.
    if [[ $(sqlite3 ca/ledger.db 'select count(*) from certificate') == 3 ]]; then
      run 2 "${issue[@]}" --ca ca --out out
    fi
    run 0 "${command_line[@]}"
    run 0 "${issue[@]}" --ca ca --out out --json
    equal "$(jq -c '[.issued, .skipped]' stdout)" '[0,7]'
    run 0 verify --ca ca --out out
    [[ $(sqlite3 ca/ledger.db "select count(*), count(distinct serial), sum(state = 'issued') from certificate") == '8|8|7' ]] ||
      fail "$at: $(sqlite3 ca/ledger.db 'select endpoint, state from certificate')"
    run 0 crl --ca ca --out out
    equal "$(listed out/crl.der)" "$list"
    left=$(find out ca -name '*.tmp' -o -path '*/.pending/*' | head -n 3)
    [[ -z $left ]] || fail "$at: left over: $left"
    cases=$((cases + 1))
  done
done < <(counts "$writing")
((cases * every > 40)) || fail "only $cases places"
echo "killed at $cases places: what the output knows is learned once, nothing is taken back"
