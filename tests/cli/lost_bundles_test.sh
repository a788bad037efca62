#!/usr/bin/env bash
# Bundles that are missing or damaged are named by verify and issued anew by --replace-damaged; those that
# were delivered are not missing; a lost output directory is made again.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
fast_ca ca
fast_fleet fleet.yaml 'ws-[1-6]'
issue=(issue fleet.yaml --profiles profiles.d --ca ca --out out)
verify=(verify --ca ca --out out)
serial() { jq -r "select(.endpoint == \"$1\").serial" out/manifest.jsonl; }
run 0 "${issue[@]}"

# One missing, one damaged (as long as before), one whole.
old=$(serial ws-2) whole=$(serial ws-3)
rm out/bundles/ws-1.pfx
printf 'X' | dd of=out/bundles/ws-2.pfx bs=1 seek=200 conv=notrunc status=none
run 1 "${verify[@]}" --json
equal "$(jq -r '[.findings[].endpoint] | unique | join(" ")' stdout)" 'ws-1 ws-2'
run 1 "${issue[@]}"  # without the flag nothing is replaced
equal "$(serial ws-2)" "$old"
run 0 "${issue[@]}" --replace-damaged --json
says '2 bundles are missing or damaged, and are issued anew'
equal "$(jq -c '[.issued, .skipped]' stdout)" '[2,4]'
run 0 "${verify[@]}"
equal "$(serial ws-3)" "$whole"
equal "$(jq -r 'select(.endpoint == "ws-2").supersedes[0].serial' out/manifest.jsonl)" "$old"
run 0 list --ca ca --state superseded --json
equal "$(jq '.certificates | length' stdout)" 2
run 0 "${issue[@]}" --replace-damaged --json
equal "$(jq -c '[.issued, .skipped]' stdout)" '[0,6]'

# A link in a bundle's place is damage, too.
mv out/bundles/ws-4.pfx elsewhere.pfx
ln -s ../../elsewhere.pfx out/bundles/ws-4.pfx
run 0 "${issue[@]}" --replace-damaged
[[ ! -L out/bundles/ws-4.pfx ]] || fail 'the link is still there'
run 0 "${verify[@]}"

# Delivered: not missing, still in the manifest, never replaced; a later certificate begins anew.
run 0 delivered ws-5 WS-6 --ca ca --out out --delete --json
equal "$(jq -c '[.delivered, .removed]' stdout)" '[2,2]'
absent out/bundles/ws-5.pfx
run 0 "${verify[@]}" --json
equal "$(jq -c '[.endpoints, .files, .delivered]' stdout)" '[6,4,2]'
equal "$(jq -r 'select(.endpoint == "ws-5").state' out/manifest.jsonl)" delivered
run 0 "${issue[@]}" --replace-damaged --json
equal "$(jq -c '[.issued, .skipped]' stdout)" '[0,6]'
run 2 delivered ws-9 --ca ca --out out
says "endpoint 'ws-9' has no current certificate in fleet 'test'"
rm out/bundles/ws-1.pfx
run 1 delivered --ca ca --out out  # of all that are there: one is missing, and nobody said that it was shipped
says "the bundle of 'ws-1' is missing"
run 0 delivered ws-1 --ca ca --out out
run 0 "${verify[@]}"
printf 'X' | dd of=out/bundles/ws-2.pfx bs=1 seek=200 conv=notrunc status=none
run 0 delivered ws-3 --ca ca --out out
run 1 "${verify[@]}"  # delivered, but a damaged file is there
run 0 "${issue[@]}" --replace-damaged --json
equal "$(jq -r .issued stdout)" 1
equal "$(jq -r 'select(.endpoint == "ws-2").state' out/manifest.jsonl)" issued
run 0 "${verify[@]}"

# The whole directory lost.
rm -rf out
run 2 "${issue[@]}"
says 'in another output directory'
run 0 "${issue[@]}" --replace-damaged --json
equal "$(jq -c '[.issued, .skipped]' stdout)" '[1,5]'
run 0 "${verify[@]}" --json
equal "$(jq -c '[.endpoints, .files, .delivered]' stdout)" '[6,1,5]'
