#!/usr/bin/env bash
# No memory: the Nth allocation of a run that replaces a bundle (or renews one) fails, from the run lock to the manifest; for
# every eighth N also with all that follow. The run ends with exit code 3, or has not needed that memory; and
# the same command again finishes the job. Prints how many runs that were. And writes that are always short.
#
#   tests/crash/allocation_test.sh [FIRST [LAST]]    N in this range; the chunk's are about 3,100 to 6,700
source "$(dirname "${BASH_SOURCE[0]}")/../cli/lib.sh"
source "$source_tree/tests/crash/lib.sh"
need_shim
every=${FLEETMINT_ALLOCATION_EVERY:-$every}
prepare_small
# shimmed VARIABLE=VALUE: a run with it; gives its exit code.
shimmed() {
  local code=0
  fresh
  (env "$1" LD_PRELOAD="$FLEETMINT_SHIM" "$FLEETMINT" "${command_line[@]}" >stdout 2>stderr
    exit $?) 2>/dev/null || code=$?
  echo $code
}
equal "$(shimmed SHIM_SHORT_WRITES=1)" 0
promises 'short writes'
equal "$(shimmed SHIM_COUNT="$work/count")" 0
count=$(cat count)
((count > 1000)) || fail "only $count allocations"
cases=0 needed=0 place=0
for ((n = ${1-1}; n <= ${2-$count}; n += every)); do
  kinds=SHIM_FAIL_ALLOCATION
  ((place++ % 8)) || kinds+=' SHIM_FAIL_ALLOCATIONS'
  for kind in $kinds; do
    code=$(shimmed $kind=$n)
    case $code in
      0) ;;
      3) grep -q '^fleetmint: ' stderr || fail "$kind $n: exit code 3 without a word"; needed=$((needed + 1)) ;;
      *) fail "$kind $n: exit code $code" ;;
    esac
    promises "$kind $n"
    cases=$((cases + 1))
  done
done
((2 * needed > cases)) || fail "only $needed of $cases failures were noticed"  # some memory is not missed
echo "$cases runs of $crash_of without memory, at allocations ${1-1} to ${2-$count}, $needed ended: nothing lost, nothing twice"
