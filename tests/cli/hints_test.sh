#!/usr/bin/env bash
# A hint that names a command is followed to the letter, and what it was given for is so.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
fast_ca ca
fast_fleet fleet.yaml 'ws-[1-8]'
issue=(issue fleet.yaml --profiles profiles.d --ca ca --out out)
verify=(verify --ca ca --out out)
run 0 "${issue[@]}"

# follow WORD...: runs the command that begins with these words in the last command's hints, to the line's end.
follow() {
  local command
  command=$(grep -h '^hint: ' stderr | grep -oE "fleetmint $*.*\$" | head -n 1)
  [[ -n $command ]] || fail "no hint names: fleetmint $*"
  command=${command#fleetmint }
  eval "run 0 $command"
}
delivered() { jq -r 'select(.state == "delivered").endpoint' out/manifest.jsonl | tr '\n' ' '; }

# Bundles that are missing: what was shipped is said of these alone.
rm out/bundles/ws-[12].pfx
run 1 "${issue[@]}"
follow delivered
equal "$(delivered)" 'ws-1 ws-2 '
[[ -f out/bundles/ws-3.pfx ]] || fail 'another bundle was removed'
run 0 "${verify[@]}"

# The same where the bundles are too many to be named: the command cannot be run as it stands.
rm out/bundles/ws-[3-8].pfx
run 1 manifest --ca ca --out out
says 'fleetmint delivered NAME... --ca ca --out out'
run 0 "${issue[@]}" --replace-damaged
equal "$(delivered)" 'ws-1 ws-2 '

# A removal that was cut short is finished for this endpoint alone.
cat >>fleet.yaml <<'Y'
  - {name: linux, hosts: "lnx-[1-2]", bundle: {formats: [pem]}}
Y
run 0 "${issue[@]}"
run 0 delivered lnx-1 --ca ca --out out
rm out/bundles/lnx-1.key.pem
run 1 "${verify[@]}"
prints '(fleetmint delivered lnx-1 --delete removes this, too)'
run 0 delivered lnx-1 --delete --ca ca --out out
[[ -f out/bundles/lnx-2.key.pem && -f out/bundles/ws-3.pfx ]] || fail 'another bundle was removed'
run 0 "${verify[@]}"

# Names that a shell would read otherwise.
mkdir 'a b'
fast_ca 'a b/ca'
fast_fleet fleet.yaml 'ws-[1-2]'
run 0 issue fleet.yaml --profiles profiles.d --ca 'a b/ca' --out 'a b/out'
rm 'a b/out/bundles/ws-1.pfx'
run 1 manifest --ca 'a b/ca' --out 'a b/out'
follow delivered
run 0 verify --ca 'a b/ca' --out 'a b/out'

# A directory that cannot be read is no authority that is to be made.
run 3 list --ca nowhere
says 'hint: make an authority first: fleetmint ca init --ca nowhere'
touch file
run 3 list --ca file
! grep -q 'ca init' stderr || fail 'a hint to make an authority where a file is'

# Settings that have changed, and hosts that have left the file.
rm -rf out ca
fast_ca ca
fast_fleet fleet.yaml 'ws-[1-8]'
run 0 "${issue[@]}"
fast_fleet fleet.yaml 'ws-[1-6]'
sed -i 's/^defaults: {/defaults: {description: "another one", /' fleet.yaml
run 0 "${issue[@]}"
says '6 endpoints were issued under other settings'
cp stderr kept
follow renew
cp kept stderr
follow retire
equal "$(wc -l <out/manifest.jsonl)" 6
run 0 "${issue[@]}"
! grep -q 'hint: ' stderr || fail "a hint is left: $(cat stderr)"

# A copy needs a place of its own.
mkdir taken && touch taken/file
run 3 ca backup --ca ca --to taken
! grep -q -- '--ca$' stderr || fail 'the hint is of another option'
run 3 ca backup --ca ca --to out/copy
says 'give --to a place of its own'
