#!/usr/bin/env bash
# No space: the run ends with exit code 3 and says so; what was acknowledged stays; with space again, the
# same command finishes the job. An output that cannot be written: exit code 3 before anything is issued.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
[[ $(id -u) == 0 ]] || skip 'needs root, to mount a small file system'
fast_ca ca
mkdir small
mount -t tmpfs -o size=400k tmpfs small 2>/dev/null || skip 'cannot mount a tmpfs here'
trap 'umount "$work/small" 2>/dev/null || true; cleanup' EXIT

fast_fleet fleet.yaml 'ws-[001-200]'
issue=(issue fleet.yaml --profiles profiles.d --ca ca --out small/out)
run 3 "${issue[@]}"
says 'No space left on device'
says 'hint:'
run 0 list --ca ca
acknowledged=$(wc -l <stdout)
(( acknowledged > 0 && acknowledged < 200 )) || fail "$acknowledged of 200 are issued"
mount -o remount,size=8m small
run 0 "${issue[@]}" --json
equal "$(jq -r .skipped stdout)" "$acknowledged"
run 0 verify --ca ca --out small/out --profiles profiles.d
equal "$(wc -l <small/out/manifest.jsonl)" 200

mount -o remount,ro small
fast_fleet fleet.yaml 'ws-[001-210]'
run 3 "${issue[@]}"
says 'Read-only file system'
run 0 list --ca ca
equal "$(wc -l <stdout)" 200
mount -o remount,rw small
run 0 "${issue[@]}" --json
equal "$(jq -r .issued stdout)" 10
run 0 verify --ca ca --out small/out --profiles profiles.d
