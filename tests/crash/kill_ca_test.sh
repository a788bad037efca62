#!/usr/bin/env bash
# kill -9 at every system call that writes of the commands by which a CA changes (ca_lib.sh): no key is lost
# and none is left over, there is one current generation, the same command again finishes, and then the
# authority issues, signs its CRL, and verify finds nothing. Prints how many places that were.
#
#   tests/crash/kill_ca_test.sh [NAME...]    of these commands
source "$(dirname "${BASH_SOURCE[0]}")/../cli/lib.sh"
source "$source_tree/tests/crash/lib.sh"
source "$source_tree/tests/crash/ca_lib.sh"
need_strace
every=${FLEETMINT_KILL_CA_EVERY:-$every}
cases=0 place=0 killed=0
for name in ${*:-$ca_commands}; do
  start "$name"
  before=$cases
  while read -r call count; do
    for ((n = 1; n <= count; ++n)); do
      ((++place % every == 0)) || continue
      killed_at "$call" "$n" "${command_line[@]}"
      ((code != 137)) || killed=$((killed + 1))
      ca_promises "$name killed at $call $n" "$name"
      cases=$((cases + 1))
    done
  done < <(counts "$writing")
  echo "$name: killed at $((cases - before)) places"
done
[[ -n $* ]] || ((cases * every > 300)) || fail "only $cases places"
((2 * killed > cases)) || fail "only $killed of $cases runs were killed"
echo "$killed commands killed, at $cases places: nothing lost, nothing twice"
