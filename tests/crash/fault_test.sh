#!/usr/bin/env bash
# Errors of the system at each of their places: a run that meets one ends with an exit code of the contract
# and says why, and the same command again finishes the job. A sync that failed is not tried again. Prints
# how many places that were.
source "$(dirname "${BASH_SOURCE[0]}")/../cli/lib.sh"
source "$source_tree/tests/crash/lib.sh"
need_strace
prepare
cases=0 place=0 failed=0 missed=0
counts "$writing,getrandom" >places

while read -r name count; do
  for error in $(errors_of "$name"); do
    for ((n = 1; n <= count; ++n)); do
      ((++place % every == 0)) || continue
      meet "$name" "$n" "$error" "${command_line[@]}" || { missed=$((missed + 1)); continue; }
      ended_in_words "$name $n $error"
      ((code == 0)) || failed=$((failed + 1))
      if [[ $name == syncfs ]]; then  # of the output, the chunk's
        ((code == 3)) || fail "syncfs $n $error: exit code $code"
        ! sed '1,/INJECTED/d' trace | grep -q 'syncfs(' || fail "syncfs $n $error: tried again"
      fi
      promises "$error at $name $n"
      cases=$((cases + 1))
    done
  done
done <places
((10 * missed < cases)) || fail "$missed errors were not met, $cases were"
# Where syncfs and openat2 are missing, others stand in for them; their errors end the run as well.
stand_in=(-e inject=syncfs,openat2:error=ENOSYS)
talkative=("${command_line[@]::${#command_line[@]}-3}")  # without --quiet --log-level info
fresh
strace -f -o trace -e trace=syncfs,openat2,fsync "${stand_in[@]}" "$FLEETMINT" "${talkative[@]}" >stdout 2>stderr
says 'every file is synced by itself'
says 'openat2 is missing here'
count=$(grep -c 'fsync(' trace)
((count > 15)) || fail "only $count files synced"
for ((n = 1; n <= count; ++n)); do
  ((++place % every == 0)) || continue
  fresh
  code=0
  strace -f -o trace -e trace=syncfs,openat2,fsync "${stand_in[@]}" -e inject=fsync:error=EIO:when=$n \
    "$FLEETMINT" "${command_line[@]}" >stdout 2>stderr || code=$?
  if grep -q 'EIO.*INJECTED' trace; then
    ((code == 3)) || fail "fsync $n of a file: exit code $code"
    failed=$((failed + 1))
  fi
  promises "EIO at fsync $n where syncfs is missing"
  cases=$((cases + 1))
done
((3 * failed > cases)) || fail "only $failed of $cases errors were noticed"
echo "$cases errors of the system in $crash_of ($missed more met by no run), $failed ended their run: nothing lost, nothing twice"
