#!/usr/bin/env bash
# No space, no inodes, no descriptors, files too large: the run ends with exit code 3 and says so; what was
# acknowledged stays; with space again, the same command finishes the job. An output that cannot be written:
# exit code 3 before anything is issued.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
[[ $(id -u) == 0 ]] || skip 'needs root, to mount a small file system'
fast_ca ca
mkdir small
mount -t tmpfs -o size=400k tmpfs small 2>/dev/null || skip 'cannot mount a tmpfs here'
trap 'umount "$work/small" 2>/dev/null || true; cleanup' EXIT

# runs_out COUNT HINT REMOUNT-OPTION: a run of COUNT endpoints ends with exit code 3 and HINT; with more room
# the next one finishes.
runs_out() {
  run 3 "${issue[@]}"
  says 'No space left on device'
  says "$2"
  run 0 list --ca "$ca"
  acknowledged=$(wc -l <stdout)
  (( acknowledged > 0 && acknowledged < $1 )) || fail "$acknowledged of $1 are issued"
  mount -o "remount,$3" small
  run 0 "${issue[@]}" --json
  equal "$(jq -r .skipped stdout)" "$acknowledged"
  run 0 verify --ca "$ca" --out small/out
  equal "$(wc -l <small/out/manifest.jsonl)" "$1"
}

# No bytes.
fast_fleet fleet.yaml 'ws-[001-200]'
ca=ca
issue=(issue fleet.yaml --profiles profiles.d --ca ca --out small/out)
runs_out 200 'hint: free some space' size=8m

mount -o remount,ro small
fast_fleet fleet.yaml 'ws-[001-210]'
run 3 "${issue[@]}"
says 'Read-only file system'
run 0 list --ca ca
equal "$(wc -l <stdout)" 200
mount -o remount,rw small
run 0 "${issue[@]}" --json
equal "$(jq -r .issued stdout)" 10
run 0 verify --ca ca --out small/out

# No inodes.
umount small
mount -t tmpfs -o size=8m,nr_inodes=60 tmpfs small
fast_ca ca2
issue=(issue fleet.yaml --profiles profiles.d --ca ca2 --out small/out)
ca=ca2
runs_out 210 'df -i' nr_inodes=2000

# No space for the ledger.
umount small
mount -t tmpfs -o size=480k tmpfs small
fast_ca small/ca3
issue=(issue fleet.yaml --profiles profiles.d --ca small/ca3 --out out3)
run 3 "${issue[@]}"
says "ledger 'small/ca3/ledger.db'"
says 'full'
says 'hint: free some space'
mount -o remount,size=8m small
run 0 "${issue[@]}"
run 0 verify --ca small/ca3 --out out3 --json
equal "$(jq -c '[.endpoints,.files]' stdout)" '[210,210]'

# limited LIMIT...: a run under `ulimit LIMIT...` ends with exit code 3 or, where that was enough, 0.
limited() {
  local code=0
  (exec >stdout 2>stderr </dev/null; ulimit "$@"; exec "$FLEETMINT" "${issue[@]}") || code=$?
  [[ $code == 3 || $code == 0 ]] || fail "exit code $code with ulimit $*"
  [[ $code == 0 || -s stderr ]] || fail "exit code $code without a word"
  limits+=" $code"
}
fast_ca ca4
issue=(issue fleet.yaml --profiles profiles.d --ca ca4 --out out4)
limits=
for descriptors in 6 9 12 15 18 21; do limited -n $descriptors; done
for blocks in 1 4 40 100 150; do limited -f $blocks; done  # KiB: a bundle has 2, the ledger more than 100
[[ $limits == *3*3*3* ]] || fail "exit codes with these limits:$limits"
run 0 "${issue[@]}"
rm out4/manifest.jsonl
(ulimit -f 100; run 3 manifest --ca ca4 --out out4)
says 'File too large'
says 'ulimit -f'
run 0 manifest --ca ca4 --out out4
run 0 verify --ca ca4 --out out4 --json
equal "$(jq -c '[.endpoints,.files]' stdout)" '[210,210]'
