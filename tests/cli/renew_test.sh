#!/usr/bin/env bash
# `renew`: which endpoints each selection takes, what is refused, and a renewal that was killed goes on.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
fast_ca ca
fast_fleet fleet.yaml 'h-[1-6]'
more=(--ca ca --out out --profiles profiles.d)

# serials: the current serial of every endpoint, in order.
serials() { jq -r '.endpoint + " " + .serial' out/manifest.jsonl | sort; }
# renewed BEFORE AFTER: the endpoints whose serial differs.
renewed() { comm -13 <(echo "$1") <(echo "$2") | cut -d' ' -f1 | tr '\n' ' '; }

run 2 renew fleet.yaml "${more[@]}" --all
says 'nothing was issued of fleet'
absent out
run 0 issue fleet.yaml "${more[@]}"
first=$(serials)

# What is refused says so, and changes nothing.
run 2 renew fleet.yaml "${more[@]}"
says 'renew --help'
run 2 renew fleet.yaml "${more[@]}" --all --within 3d
run 2 renew fleet.yaml "${more[@]}" --what validity --all
run 2 renew fleet.yaml "${more[@]}" --reinstate --all
run 2 renew fleet.yaml "${more[@]}" --within 0s
says 'selects nothing'
run 2 renew fleet.yaml "${more[@]}" --within 1y
says 'the shortest validity is 351 days'
run 2 renew fleet.yaml "${more[@]}" --within soon
run 2 renew fleet.yaml "${more[@]}" --only h-1 nobody
says "does not name endpoint 'nobody'"
run 2 renew fleet.yaml "${more[@]}" --changed --what valdity
says "did you mean 'validity'?"
run 0 renew fleet.yaml "${more[@]}" --within 350d
says 'nothing to do'
run 0 renew fleet.yaml "${more[@]}" --changed
run 0 renew fleet.yaml "${more[@]}" --issuer-retired
equal "$(serials)" "$first"

# Named ones, in any case of letters; delivered and removed ones too.
run 0 delivered h-2 --ca ca --out out --delete
run 0 renew fleet.yaml "${more[@]}" --only H-2 h-5 --json
equal "$(jq -c '[.issued,.skipped,.failed]' stdout)" '[2,4,0]'
second=$(serials)
equal "$(renewed "$first" "$second")" 'h-2 h-5 '
run 2 renew fleet.yaml "${more[@]}" --only h-5 h-2
says 'this renewal is done'
run 0 renew fleet.yaml "${more[@]}" --only h-5 h-2 --yes   # the hint's word
equal "$(jq -r 'select(.endpoint == "h-2") | .supersedes | length' out/manifest.jsonl)" 2

# Settings that differ: the hint of `issue`, followed.
sed -i 's/os: windows-11/os: windows-11, validity: 90d/' fleet.yaml
printf 'overrides:\n  h-3: {dns: [x.example.com]}\n' >>fleet.yaml
run 0 issue fleet.yaml "${more[@]}"
says 'to renew them: fleetmint renew fleet.yaml --changed'
third=$(serials)
run 0 renew fleet.yaml "${more[@]}" --changed --what san.dns
equal "$(renewed "$third" "$(serials)")" 'h-3 '
run 0 renew fleet.yaml "${more[@]}" --changed
run 0 issue fleet.yaml "${more[@]}"
! grep -q 'other settings' stderr || fail 'a change is left after --changed'

# Who has left the file is listed, and stays.
sed -i 's/h-\[1-6\]/h-[2-6]/' fleet.yaml
run 0 renew fleet.yaml "${more[@]}" --all
says 'not in the fleet file: h-1'
run 2 renew fleet.yaml "${more[@]}" --only h-1 --yes
says 'put it back into the file'

# A renamed host: its new certificate takes the place of the one under its former name, bundle and all.
was=$(serials)
cat >renamed.yaml <<'Y'
fleet: test
profile: fast-agent
defaults: {domain: example.com, os: windows-11, validity: 90d}
groups:
  - {name: all, hosts: "h-[2-6]", endpoints: [{name: front, formerly: [h-1]}]}
Y
sed 's/formerly: \[h-1\]/formerly: h-2/' renamed.yaml >bad.yaml
run 2 check bad.yaml --profiles profiles.d
says "former name 'h-2' is an endpoint of this file"
run 0 issue renamed.yaml "${more[@]}" --json
equal "$(jq .issued stdout)" 1
absent out/bundles/h-1.pfx
equal "$(jq -r 'select(.endpoint == "front") | .supersedes[-1].serial' out/manifest.jsonl)" "$(sed -n 's/^h-1 //p' <<<"$was")"
run 0 verify --ca ca --out out
run 0 issue renamed.yaml "${more[@]}" --json
equal "$(jq .issued stdout)" 0

# A host that had several names, one of them retired meanwhile: it supersedes all that they had.
fast_fleet several.yaml 's-[1-4]' several
run 0 issue several.yaml --ca ca --out several --profiles profiles.d
run 0 retire s-2 --ca ca --out several
cat >several.yaml <<'Y'
fleet: several
profile: fast-agent
defaults: {domain: example.com, os: windows-11}
endpoints: [{name: s-4}, {name: one, formerly: [s-1, s-2, S-3]}]
Y
run 0 issue several.yaml --ca ca --out several --profiles profiles.d --json
equal "$(jq .issued stdout)" 1
equal "$(ls several/bundles | tr '\n' ' ')" 'one.pfx s-4.pfx '
equal "$(jq -r 'select(.endpoint == "one") | .supersedes | length' several/manifest.jsonl)" 3
run 0 list --ca ca --fleet several --json
equal "$(jq -r '[.certificates[].endpoint] | sort | join(" ")' stdout)" 'one s-4'
run 0 verify --ca ca --out several
run 0 renew several.yaml --ca ca --out several --profiles profiles.d --only one
equal "$(jq -r 'select(.endpoint == "one") | .supersedes | length' several/manifest.jsonl)" 4
run 0 verify --ca ca --out several

# All of them, killed on the way: the same command goes on, and no endpoint is renewed twice by it.
fast_fleet many.yaml 'm-[001-600]' many
run 0 issue many.yaml --ca ca --out many --profiles profiles.d
all=(renew many.yaml --ca ca --out many --profiles profiles.d --all --threads 1)
"$FLEETMINT" "${all[@]}" --log-level info >stdout 2>killed.log &
pid=$!
for ((i = 0; i < 600; ++i)); do
  ! grep -q 'info: issued' killed.log || break  # its first chunk is acknowledged
  sleep 0.02
done
kill -KILL "$pid"
wait "$pid" 2>/dev/null || true
run 0 "${all[@]}" --json
says 'goes on with the renewal that began at'
(($(jq .issued stdout) < 600)) || fail 'a killed renewal began anew'
run 0 list --ca ca --fleet many --state superseded --json
equal "$(jq '.certificates | length' stdout)" 600
equal "$(jq -r '.certificates[].endpoint' stdout | sort -u | wc -l)" 600
run 2 "${all[@]}"
says 'this renewal is done'
run 0 verify --ca ca --out many
