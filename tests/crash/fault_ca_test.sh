#!/usr/bin/env bash
# Errors of the system at each of their places in the commands by which a CA changes (ca_lib.sh): the command
# says why it ends, and then the same holds as after kill_ca_test.sh. Prints how many places that were.
#
#   tests/crash/fault_ca_test.sh [NAME...]    of these commands
source "$(dirname "${BASH_SOURCE[0]}")/../cli/lib.sh"
source "$source_tree/tests/crash/lib.sh"
source "$source_tree/tests/crash/ca_lib.sh"
need_strace
every=${FLEETMINT_FAULT_CA_EVERY:-$every}
cases=0 place=0 failed=0
for name in ${*:-$ca_commands}; do
  start "$name"
  before=$cases
  while read -r call count; do
    for error in $(errors_of "$call"); do
      for ((n = 1; n <= count; ++n)); do
        ((++place % every == 0)) || continue
        meet "$call" "$n" "$error" "${command_line[@]}" || continue
        ended_in_words "$name: $error at $call $n"
        ((code == 0)) || failed=$((failed + 1))
        ca_promises "$name: $error at $call $n" "$name"
        cases=$((cases + 1))
      done
    done
  done < <(counts "$writing,getrandom")
  echo "$name: $((cases - before)) errors"
done
[[ -n $* ]] || ((cases * every > 600)) || fail "only $cases places"
((3 * failed > cases)) || fail "only $failed of $cases errors were noticed"
echo "$cases errors of the system, $failed ended their command: nothing lost, nothing twice"
