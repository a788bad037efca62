#!/usr/bin/env bash
# kill -9 at every system call of a small run that issues and replaces (or renews): at each call that writes,
# or, with the argument `all`, at each call of any kind. Prints how many places that were.
source "$(dirname "${BASH_SOURCE[0]}")/../cli/lib.sh"
source "$source_tree/tests/crash/lib.sh"
need_strace
prepare
calls=$writing
[[ ${1-} != all ]] || calls=all
cases=0 place=0 killed=0
while read -r name count; do
  # sched_yield: a thread that waits for another one, as often as it happens to.
  [[ $name != exit_group && $name != exit && $name != execve && $name != sched_yield ]] || continue
  for ((n = 1; n <= count; ++n)); do
    ((++place % every == 0)) || continue
    killed_at "$name" "$n" "${command_line[@]}"
    ((code != 137)) || killed=$((killed + 1))  # else another thread came there first
    promises "killed at $name $n"
    cases=$((cases + 1))
  done
done < <(counts "$calls")
((cases * every > 100)) || fail "only $cases places"
((2 * killed > cases)) || fail "only $killed of $cases runs were killed"
echo "$killed runs of $crash_of killed, at $cases places: nothing lost, nothing twice"
