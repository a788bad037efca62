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

# meet NAME N ERROR: runs that meet the error at the Nth call of one thread, its exit code in `code`. strace counts
# each thread's calls by themselves, and which worker thread makes one differs from run to run: where no
# thread makes N, the run has met nothing and another is made, five at most.
meet() {
  local attempt
  for attempt in 1 2 3 4 5; do
    fresh
    code=0
    strace -f -o trace -e trace="$1" -e inject="$1":error="$3":when="$2" \
      "$FLEETMINT" "${command_line[@]}" >stdout 2>stderr || code=$?
    ! grep -q INJECTED trace || return 0
    ((code == 0)) || fail "$1: exit code $code of a run that met no error"
  done
  return 1
}

while read -r name count; do
  case $name in
    fsync | fdatasync | syncfs) errors='EIO ENOSPC' ;;
    write | pwrite64 | fallocate | ftruncate) errors='ENOSPC EIO EDQUOT' ;;
    openat) errors='EMFILE EACCES ENOSPC' ;;
    rename* | unlink* | mkdir* | linkat) errors='EIO EROFS' ;;
    getrandom) errors='ENOSYS EIO' ;;
    *) continue ;;
  esac
  for error in $errors; do
    for ((n = 1; n <= count; ++n)); do
      ((++place % every == 0)) || continue
      meet "$name" "$n" "$error" || { missed=$((missed + 1)); continue; }
      case $code in
        0) ;;
        1 | 2 | 3 | 4 | 127) [[ -s stderr ]] || fail "$name $n $error: exit code $code without a word"; failed=$((failed + 1)) ;;
        *) fail "$name $n $error: exit code $code" ;;
      esac
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
fresh
strace -f -o trace -e trace=syncfs,openat2,fsync "${stand_in[@]}" "$FLEETMINT" "${command_line[@]:0:11}" >stdout 2>stderr
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
echo "$cases errors of the system ($missed more met by no run), $failed ended their run: nothing lost, nothing twice"
