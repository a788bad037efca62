#!/usr/bin/env bash
# SIGKILL at random moments, again and again, of runs over 500 endpoints in which first issues and
# replacements are mixed; readers look on meanwhile. What one run has acknowledged no later one issues again,
# unless its bundle was removed in between. FLEETMINT_CRASH_ROUNDS: how often (default 200).
source "$(dirname "${BASH_SOURCE[0]}")/../cli/lib.sh"
source "$source_tree/tests/crash/lib.sh"
rounds=${FLEETMINT_CRASH_ROUNDS:-200}
fast_ca ca
fast_fleet fleet.yaml 'ws-[001-500]'
issue=(issue fleet.yaml --profiles profiles.d --ca ca --out out --layout hashed --replace-damaged --threads 2 --quiet
       --log-level info)
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
killed=0
for ((round = 0; round < rounds; ++round)); do
  # Some bundles get lost in between, so that there is always something to replace.
  find out/bundles -name '*.pfx' 2>/dev/null | shuf -n 150 >removed || true
  xargs -r rm <removed
  sed -E 's|.*/(.*)\.pfx|\1|' removed | sort | comm -23 whole - >kept
  mv kept whole
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
run 0 "${issue[@]}"
account stderr
run 0 "${verify[@]}" --json
equal "$(jq -c '[.endpoints, .files, (.findings | length)]' stdout)" '[500,500,0]'
equal "$(sqlite3 ca/ledger.db "select count(*) - count(distinct endpoint) from certificate where state = 'issued'")" 0
equal "$(ls -A out/.pending | wc -l)" 0
equal "$(find out/bundles -type f | wc -l)" 500
((rounds < 20 || killed > rounds / 4)) || fail "only $killed of $rounds runs were killed"
echo "$killed runs of $rounds killed at random moments, $(sqlite3 ca/ledger.db "select count(*) from certificate") serials: nothing lost, nothing twice"
