#!/usr/bin/env bash
# Power cuts: on ext4 and on XFS, at random moments of a run over 300 endpoints in which first issues and
# replacements are mixed (or of a renewal of 300), the file system is shut down without its journal being flushed, and mounted again.
# What was acknowledged by then is logged on another file system: each of these bundles must be in place,
# whole; nothing that is in bundles/ may be torn; and the next run finishes the job.
#
#   tests/crash/power_test.sh            FLEETMINT_POWER_ROUNDS (default 50) moments on each file system
#   tests/crash/power_test.sh control    the same without any sync: it passes if something was lost or torn
#
# Needs root, loop mounts, mkfs.ext4, mkfs.xfs and xfs_io (xfsprogs).
source "$(dirname "${BASH_SOURCE[0]}")/../cli/lib.sh"
source "$source_tree/tests/crash/lib.sh"
rounds=${FLEETMINT_POWER_ROUNDS:-50}
control=${1-}
[[ $(id -u) == 0 ]] || skip 'needs root, to mount file systems'
PATH=$PATH:/sbin:/usr/sbin
for tool in mkfs.ext4 mkfs.xfs xfs_io; do command -v $tool >/dev/null || skip "$tool is not installed"; done
truncate -s 320M disk
mkdir disk.d
mkfs.ext4 -q disk
mount -o loop disk disk.d 2>/dev/null || skip 'cannot mount a loop device here'
trap 'umount -l "$work/disk.d" 2>/dev/null || true; cleanup' EXIT
umount disk.d
# Whoever was writing has to be gone first.
unmount() {
  local i
  for ((i = 0; i < 50; ++i)); do
    if umount disk.d 2>/dev/null; then return; fi
    sleep 0.1
  done
  fail 'cannot unmount'
}

fast_ca ca.start
fast_fleet fleet.yaml 'ws-[001-200]'
run 0 issue fleet.yaml --profiles profiles.d --ca ca.start --out out.start
for bundle in $(ls out.start/bundles | shuf -n 80); do rm "out.start/bundles/$bundle"; done
fast_fleet fleet.yaml 'ws-[001-300]'
common=(--profiles profiles.d --ca disk.d/ca --out disk.d/out --threads 2 --quiet --log-level info)
issue=(issue fleet.yaml "${common[@]}" --replace-damaged)
superseded=80
if [[ $crash_of == renew ]]; then
  rm -r ca.start out.start
  fast_ca ca.start
  run 0 issue fleet.yaml --profiles profiles.d --ca ca.start --out out.start
  issue=(renew fleet.yaml "${common[@]}" --all)
  superseded=300
fi
# Sets lost and torn: acknowledged endpoints without their bundle; files of bundles/ that nobody wrote so.
examine() {
  lost=$(not_in_place outside.log disk.d/ca disk.d/out | sort -u | wc -l)
  sqlite3 disk.d/ca/ledger.db 'select files from record' | awk '{print $3}' | sort -u >hashes
  torn=$(awk '{print $1}' present | sort | comm -23 - hashes | wc -l)
}

# new_disk FS: ca and out as a run finds them, durable.
new_disk() {
  if [[ $1 == ext4 ]]; then mkfs.ext4 -q -F disk; else mkfs.xfs -q -f disk; fi
  mount -o loop disk disk.d
  cp -a ca.start disk.d/ca
  cp -a out.start disk.d/out
  sync -f disk.d
}
preload=()
[[ $control != control ]] || preload=(SHIM_NO_SYNC=1 "LD_PRELOAD=$FLEETMINT_SHIM")

# cut_power SPAN: a run that loses its disk within SPAN milliseconds.
cut_power() {
  env "${preload[@]}" "$FLEETMINT" "${issue[@]}" 2>outside.log &
  local pid=$!
  sleep "$(awk -v span="$1" -v r=$RANDOM 'BEGIN { print r / 32768 * span / 1000 }')"
  xfs_io -x -c shutdown disk.d
  wait $pid 2>/dev/null || true
  unmount
  mount -o loop disk disk.d
}

# The run after it finishes the job.
finishes() {
  mv outside.log first.log
  if [[ $crash_of == renew ]]; then equal "$(find disk.d/out/bundles -type f | wc -l)" 300; fi
  code=0
  "$FLEETMINT" "${issue[@]}" >stdout 2>stderr || code=$?
  ((code == 0)) || is_done || fail "the same command ends with $code"
  equal "$(sqlite3 disk.d/ca/ledger.db "select count(*) from certificate where state = 'superseded'")" $superseded
  equal "$(comm -12 <(acknowledged first.log) <(acknowledged stderr))" ''
  run 0 verify --ca disk.d/ca --out disk.d/out --json
  equal "$(jq -c '[.endpoints, .files, (.findings | length)]' stdout)" '[300,300,0]'
  equal "$(ls -A disk.d/out/.pending)" ''
}

for fs in ext4 xfs; do
  new_disk $fs  # how long a run lasts here that nobody disturbs
  began=$(date +%s%N)
  run 0 "${issue[@]}"
  span=$((($(date +%s%N) - began) / 1000000))
  unmount
  all_acknowledged=0 all_lost=0 all_torn=0
  for ((round = 0; round < rounds; ++round)); do
    new_disk $fs
    cut_power $span
    all_acknowledged=$((all_acknowledged + $(acknowledged outside.log | wc -l)))
    if [[ $control == control ]]; then
      (examine && echo "$lost $torn") >seen 2>/dev/null || echo '1 0' >seen  # the ledger itself is broken
      read -r lost torn <seen
    else
      examine
      finishes
    fi
    all_lost=$((all_lost + lost)) all_torn=$((all_torn + torn))
    unmount
  done
  echo "$fs: $rounds power cuts of $crash_of, $all_acknowledged endpoints acknowledged before them, $all_lost of these lost, $all_torn files torn"
  if [[ $control == control ]]; then
    ((all_lost + all_torn > 0)) || fail "without a sync nothing was lost on $fs: this test sees nothing"
  else
    ((all_lost + all_torn == 0)) || fail "power cuts on $fs"
    ((rounds < 10 || all_acknowledged > 0)) || fail "no cut came after an acknowledgement on $fs"
  fi
done
