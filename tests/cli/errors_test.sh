#!/usr/bin/env bash
# Errors provoked one by one: each names what is wrong, where, and the remedy, ends with its exit code,
# and leaves nothing behind.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
fast_ca ca

# fault TEXT-OF-FLEET MESSAGE...: check and issue refuse it with exit code 2; nothing is written.
fault() {
  local text=$1 message command
  shift
  printf '%b' "$text" >bad.yaml
  for command in check "issue --out out"; do
    run 2 $command bad.yaml --ca ca --profiles profiles.d
    for message in "$@"; do says "$message"; done
  done
  absent out
}
head='fleet: test\nprofile: fast-agent\ndefaults: {domain: example.com, os: windows-11}\n'

fault 'fleet: test\nproflie: fast-agent\ngroups:\n  - {name: g, hosts: [a]}\n' \
  "bad.yaml:2:1: unknown key 'proflie'" "hint: did you mean 'profile'?"
fault "${head}groups:\n  - name: g\n    hosts: [dc1, ws-1]\n    endpoints:\n      - {name: DC1}\n" \
  "bad.yaml:8:16:" "DC1"
fault "${head}groups:\n  - name: g\n    hosts: [\"../x\"]\n" 'bad.yaml:6:13:' '../x'
fault "${head}groups:\n  - name: g\n    hosts: \"ws-[9-1]\"\n" 'bad.yaml:6:12:' 'ws-[9-1]'
fault "${head}groups:\n  - name: g\n    hosts: [CON]\n" 'bad.yaml:6:13:' 'CON'
fault "${head}groups:\n  - {name: g, hosts: [a], os: windows-12}\n" "bad.yaml:5:31:" "windows-12" 'hint: write its version: windows-10'
fault "${head}groups:\n  - {name: g, hosts: [a], profile: fast-agnet}\n" "fast-agnet" "did you mean 'fast-agent'"
fault "${head}groups:\n  - &a {name: g, hosts: [a]}\n  - *a\n" 'bad.yaml:5:' 'anchor'
fault "${head}groups:\n  - {name: g, hosts: [a]}\n---\nfleet: b\n" 'bad.yaml:'
fault "${head}groups:\n  - {name: g, hosts: [a], validity: soon}\n" "bad.yaml:5:37:" 'soon' 'hint:'
fault "${head}groups:\n  - {name: g, hosts: [x..y]}\n" "bad.yaml:5:23: endpoint 'x..y': dns name 'x..y': it has an empty label" 'hint: labels of'
fault "${head}groups:\n  - {name: g, hosts: }\n" 'bad.yaml:5:22: a host is missing here'
fault "${head}groups:\n  - {name: g, hosts: [münchen]}\n" 'bad.yaml:5:23:' 'xn--'
fault "${head}groups:\n  - {name: g, hosts: 'w-[1-9999999]'}\n" 'bad.yaml:5:22:' '1-9999999 alone for 9999999'
fault "${head}groups:\n  - {name: g, hosts: '-w-[1-5000]'}\n" 'bad.yaml:5:22: and 14997 more faults at this place'
# Two faults, two lines of report.
fault "${head}grupps: 1\ngroups:\n  - {name: g, hosts: [a], oss: linux}\n" "bad.yaml:4:1: unknown key 'grupps'" "bad.yaml:6:27: unknown key 'oss'"

# Faults of every stage in one report: of the form, of a value, of a name, of a template (once for its many
# hosts, where it stands), and of what comes out of it for one endpoint.
cat >all.yaml <<'Y'
fleet: test
profile: fast-agent
proflie: x
defaults: {domain: example.com, os: windos-11, friendly_name: "Agent {hots}"}
groups:
  - {name: g, hosts: "ws-[1-500]", validity: soon}
  - {name: g, hosts: [WS-7]}
  - {name: h, endpoints: [{name: x1, dns: [a..b], friendly_name: ""}], vars: {v: "{host}"}}
Y
for command in check "issue --out out"; do
  run 2 $command all.yaml --ca ca --profiles profiles.d
  for fault in "3:1: unknown key 'proflie'" "4:37: unknown os 'windos-11'" "4:63: unknown variable '{hots}'" \
    "6:46: 'validity': 'soon'" "7:5: a second group is called 'g'" "7:23: endpoint 'WS-7' stands twice" \
    "8:34: endpoint 'x1': " "8:82: the variable 'v' holds a brace"; do
    says "all.yaml:$fault"
  done
  equal "$(grep -c '^fleetmint: ' stderr)" 8
done
absent out
printf 'endpoint,password\na,one\nno comma\na,two\n' >passwords.csv
chmod 600 passwords.csv
fault "${head}groups:\n  - {name: g, hosts: [a], password: \"csv:passwords.csv\"}\n" 'passwords.csv:3:1: no comma' 'passwords.csv:4:1:'
printf '\xef\xbb\xbfendpoint,password\r\na,one\r\n' >passwords.csv
printf '\xef\xbb\xbf%b' "${head}groups:\r\n  - {name: g, hosts: [a], password: \"csv:passwords.csv\"}\r\n" >marked.yaml
run 0 check marked.yaml --profiles profiles.d

run 2 issue missing.yaml --ca ca --out out
says "cannot read 'missing.yaml'"
run 2 isue
says "unknown command 'isue'"
says "did you mean 'issue'?"
run 2 ca innit
says "unknown command 'innit' of 'fleetmint ca'"
says "did you mean 'init'?"
run 2 bench --bits 2048 --key p256
says excludes
run 2 issue fleet.yaml --ca ca
says '--out'
run 2
run 2 profiles observeit-agnet
says "did you mean 'observeit-agent'?"

# The authority.
fast_fleet fleet.yaml 'ws-[1-4]'
issue=(issue fleet.yaml --profiles profiles.d --out out)
run 3 "${issue[@]}" --ca nowhere
says nowhere
run 3 ca init --profile fast --profiles profiles.d --no-passphrase --ca ca
says ca
sed 's/^authority: fast/authority: twice/; s/name: issuing/name: root/' profiles.d/fast-authority.yaml >twice.yaml
run 2 ca init --profile twice --profiles twice.yaml --no-passphrase --ca twice
says "the tier name 'root' is taken"
sed 's/^authority: fast/authority: clash/; s/name: issuing/name: ledger/' profiles.d/fast-authority.yaml >clash.yaml
run 2 ca init --profile clash --profiles clash.yaml --no-passphrase --ca clash
says "the tier name 'ledger' is taken"
chmod 644 ca/issuing.key
run 3 "${issue[@]}" --ca ca
says issuing.key
says 'hint: chmod 600'
chmod 600 ca/issuing.key
chmod 755 ca
run 3 "${issue[@]}" --ca ca
says 'chmod 700'
chmod 700 ca
absent out

# Passphrases.
echo 'correct horse' >phrase
echo 'battery staple' >other
run 2 ca init --profile fast --profiles profiles.d --no-passphrase --passphrase-file phrase --ca both
absent both
run 3 ca init --profile fast --profiles profiles.d --passphrase-file phrase --ca locked
says 'hint: chmod 600'
absent locked
chmod 600 phrase other
run 0 ca init --profile fast --profiles profiles.d --passphrase-file phrase --ca locked
run 3 "${issue[@]}" --ca locked --passphrase-file other
says passphrase
setsid -w true 2>/dev/null && { setsid -w "$FLEETMINT" "${issue[@]}" --ca locked >stdout 2>stderr </dev/null && fail 'issued without a passphrase'; says 'hint: give --passphrase-file'; }
absent out
run 0 "${issue[@]}" --ca locked --passphrase-fd 7 7<phrase
FLEETMINT_PASSPHRASE_FILE=phrase run 0 verify --ca locked --out out
run 2 "${issue[@]}" --ca ca
says out
rm -rf out

# A key that is not its certificate's; a certificate that is over; one that is no CA's.
cp -a ca swapped
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out swapped/issuing.key 2>/dev/null
chmod 600 swapped/issuing.key
run 3 "${issue[@]}" --ca swapped
says 'key does not belong to'
sed 's/^authority: fast/authority: brief/; s/validity: 5y/validity: 1s/' profiles.d/fast-authority.yaml >profiles.d/brief.yaml
run 0 ca init --profile brief --profiles profiles.d --no-passphrase --ca brief
sleep 2
run 3 "${issue[@]}" --ca brief
says 'expired at'
says 'hint:'
cp -a ca leaf
run 0 "${issue[@]}" --ca ca
run 0 passwords ws-1 --ca ca
openssl pkcs12 -in out/bundles/ws-1.pfx -passin file:stdout -nokeys -clcerts 2>/dev/null |
  openssl x509 >leaf/issuing.crt
openssl pkcs12 -in out/bundles/ws-1.pfx -passin file:stdout -nocerts -nodes 2>/dev/null |
  openssl pkcs8 -topk8 -nocrypt >leaf/issuing.key
run 3 issue fleet.yaml --profiles profiles.d --out out2 --ca leaf
says CA
absent out2

fast_fleet other.yaml 'ws-[1-4]' other
# The output: left by a crash, not a directory, another fleet's, full, not writable.
mkdir crashed  # before its first file was whole
touch crashed/..fleetmint.tmp
run 0 issue --profiles profiles.d other.yaml --ca ca --out crashed
touch file
fast_fleet third.yaml 'ws-[1-4]' third
run 3 issue third.yaml --profiles profiles.d --ca ca --out file/out
says 'Not a directory'
run 2 issue third.yaml --profiles profiles.d --ca ca --out out
says "'test'"
mkdir mine
touch mine/thesis.tex
run 2 issue third.yaml --profiles profiles.d --ca ca --out mine
says mine
equal "$(ls -A mine)" thesis.tex

# Names that stand in two fleets, fleets that do not exist, passwords that are not kept.
run 2 passwords ws-1 --ca ca
says "endpoint 'ws-1' is in fleet 'other' and in fleet 'test'"
says 'hint: say which: --fleet'
run 0 passwords ws-1 --ca ca --fleet test
equal "$(wc -l <stdout)" 1
run 2 passwords ws-9 --ca ca --fleet test
says "endpoint 'ws-9' has no current certificate in fleet 'test'"
for command in list passwords; do
  run 2 $command --ca ca --fleet tset
  says "unknown fleet 'tset'"
  says "did you mean 'test'?"
done
printf 'own password\n' >own
chmod 600 own
fast_fleet own.yaml 'o-[1-2]' own
printf '  - {name: given, hosts: [o-3], password: "file:own"}\n' >>own.yaml
run 0 issue own.yaml --profiles profiles.d --ca ca --out own-out
run 0 passwords --ca ca --fleet own --csv
says '1 bundle has passwords that you gave'
equal "$(cut -d, -f1 stdout | tr '\n' ' ')" 'endpoint o-1 o-2 '
run 0 passwords o-3 --ca ca
equal "$(cat stdout)" ''

run 0 list --ca ca
if ! { "$FLEETMINT" list --ca ca >/dev/full; } 2>stderr; then says 'cannot write to stdout'; else fail 'full stdout unnoticed'; fi
"$FLEETMINT" list --ca ca 2>stderr | true || fail 'a reader that leaves is no fault'

# Settings of the key work.
run 2 bench --check-every 0
run 2 bench --kernel no-such-kernel
run 0 bench --check-every 1 --seconds 0.01 --threads 1
