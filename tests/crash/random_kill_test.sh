#!/usr/bin/env bash
# SIGKILL at random moments, again and again, of runs over 500 endpoints in which first issues and
# replacements are mixed (or of renewals of all, one after the other); readers look on meanwhile. What one run has acknowledged no later one issues again,
# unless its bundle was removed in between. FLEETMINT_CRASH_ROUNDS: how often (default 200).
source "$(dirname "${BASH_SOURCE[0]}")/../cli/lib.sh"
source "$source_tree/tests/crash/lib.sh"
rounds=${FLEETMINT_CRASH_ROUNDS:-200}
fast_ca ca
fast_fleet fleet.yaml 'ws-[001-500]'
common=(--profiles profiles.d --ca ca --out out --threads 2 --quiet --log-level info)
issue=(issue fleet.yaml "${common[@]}" --layout hashed --replace-damaged)
verify=(verify --ca ca --out out)
current() { sqlite3 ca/ledger.db "select count(*) from certificate where state = 'issued'"; }
: >whole  # endpoints that were acknowledged, and whose bundles nobody has removed since, sorted
# account LOG: takes in what a run has acknowledged.
account() {
  acknowledged "$1" >new
  local twice
  twice=$(comm -12 whole new)
  [[ -z $twice ]] || fail "round $round: acknowledged, and issued again: $twice"
  sort -u -o whole whole new
}
# all_renewed: the last renewal that was begun is done. Then each endpoint has a certificate more than
# renewals were begun.
all_renewed() {
  [[ $(sqlite3 ca/ledger.db "select complete from run where selection = 'all' order by id desc limit 1") != 0 ]] || return 1
  equal "$(sqlite3 ca/ledger.db "select distinct n - (select count(*) from run where selection = 'all' and resumes is null)
    from (select count(*) as n from certificate where state in ('issued', 'superseded') group by endpoint)")" 1
}
[[ $crash_of == issue ]] || run 0 "${issue[@]}"
killed=0
for ((round = 0; round < rounds; ++round)); do
  if [[ $crash_of == issue ]]; then
    # Some bundles get lost in between, so that there is always something to replace.
    find out/bundles -name '*.pfx' 2>/dev/null | shuf -n 150 >removed || true
    xargs -r rm <removed
    sed -E 's|.*/(.*)\.pfx|\1|' removed | sort | comm -23 whole - >kept
    mv kept whole
  else
    issue=(renew fleet.yaml "${common[@]}" --all)
    if all_renewed; then
      issue+=(--yes)
      : >whole
    fi
  fi
  before=$(current)
  ("$FLEETMINT" "${issue[@]}" >/dev/null 2>issue.log &
    pid=$!
    "$FLEETMINT" list --ca ca --json >/dev/null 2>&1 || echo 'list failed' >bad
    sleep "0.$((RANDOM % 3))$((RANDOM % 10))"
    kill -KILL $pid
    code=0
    wait $pid || code=$?
    ((code != 137)) || echo >>killed) 2>/dev/null || true
  [[ ! -e bad ]] || fail "$(cat bad)"
  account issue.log
  (( $(current) >= before )) || fail "round $round: $(current) current certificates, $before before"
done
touch killed
killed=$(wc -l <killed)
if [[ $crash_of == issue ]]; then
  run 0 "${issue[@]}"
  account stderr
elif ! all_renewed; then
  run 0 renew fleet.yaml "${common[@]}" --all
  account stderr
  all_renewed || fail 'not all are renewed'
fi
run 0 "${verify[@]}" --json
equal "$(jq -c '[.endpoints, .files, (.findings | length)]' stdout)" '[500,500,0]'
equal "$(sqlite3 ca/ledger.db "select count(*) - count(distinct endpoint) from certificate where state = 'issued'")" 0
equal "$(ls -A out/.pending | wc -l)" 0
equal "$(find out/bundles -type f | wc -l)" 500
((rounds < 20 || killed > rounds / 4)) || fail "only $killed of $rounds runs were killed"
echo "$killed runs of $crash_of of $rounds killed at random moments, $(sqlite3 ca/ledger.db "select count(*) from certificate") serials: nothing lost, nothing twice"
