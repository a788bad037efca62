#!/usr/bin/env bash
# kill -9 at every system call that writes of `delivered --delete`: a bundle that is gone is recorded as
# delivered, and the same command again finishes.
source "$(dirname "${BASH_SOURCE[0]}")/../cli/lib.sh"
source "$source_tree/tests/crash/lib.sh"
need_strace
prepare
command_line=(issue fleet.yaml --profiles profiles.d --ca start/ca --out start/out --replace-damaged --quiet)
run 0 "${command_line[@]}"
command_line=(delivered --ca ca --out out --delete --quiet)
cases=0 place=0
while read -r name count; do
  for ((n = 1; n <= count; ++n)); do
    ((++place % every == 0)) || continue
    fresh
    (strace -f -o /dev/null -e trace="$name" -e inject="$name":signal=KILL:when="$n" "$FLEETMINT" "${command_line[@]}"
      exit $?) >/dev/null 2>&1 || true
    gone=$(sqlite3 ca/ledger.db "select endpoint from certificate where state = 'issued' and delivered_at is null" |
      while read -r endpoint; do [[ -n $(ls "out/bundles/$endpoint."* 2>/dev/null) ]] || echo "$endpoint"; done)
    [[ -z $gone ]] || fail "killed at $name $n: gone, and not recorded as delivered: $gone"
    run 0 "${command_line[@]}"
    run 0 verify --ca ca --out out --json
    equal "$(jq -c '[.delivered, .files, (.findings | length)]' stdout)" '[5,0,0]'
    cases=$((cases + 1))
  done
done < <(counts "$writing")
((cases * every > 50)) || fail "only $cases places"
echo "killed at $cases places: every bundle that is gone is recorded"
