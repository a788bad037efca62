#!/usr/bin/env bash
# Secrets stay where they belong: canaries (a passphrase, passwords that the user gave, derived passwords,
# a private key's bytes) are searched for in every file, log and output; nothing is written outside the
# authority and the output; the process allows no core dump.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
fast_profiles
umask 077
echo 'canary-phrase-7Q2' >phrase
echo 'canary-file-9XK' >bundle.password
printf 'endpoint,password\ncsv-1,canary-csv-4ZD\ncsv-2,"canary,quoted ""4ZE"""\n' >bundles.csv
umask 022
cat >fleet.yaml <<'Y'
fleet: test
profile: fast-agent
defaults: {domain: example.com, os: windows-11}
groups:
  - {name: derived, hosts: "ws-[1-3]"}
  - {name: file, hosts: [file-1], password: "file:bundle.password"}
  - {name: csv, hosts: "csv-[1-2]", password: "csv:bundles.csv"}
  - {name: pem, hosts: [lnx-1], os: linux, bundle: {formats: [pem]}}
Y
trace=()
if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
  trace=(strace -f -e trace=openat,openat2,open,creat -o opened)
fi
logged=()
step() { # NAME ARGUMENT...: a command whose whole output is kept, and searched later
  local name=$1
  shift
  "${trace[@]}" "$FLEETMINT" "$@" --log-level info >"log-$name" 2>&1 </dev/null || fail "fleetmint $* ($(cat "log-$name"))"
  logged+=("log-$name")
  [[ ${#trace[@]} == 0 ]] || cat opened >>all-opened
}
step init ca init --profile fast --profiles profiles.d --passphrase-file phrase --ca ca
step check check fleet.yaml --profiles profiles.d --ca ca
step issue issue fleet.yaml --profiles profiles.d --passphrase-file phrase --ca ca --out out
step verify verify --passphrase-file phrase --ca ca --out out
step list list --ca ca
step manifest manifest --ca ca --out out
step show ca show --ca ca

# The user's passwords open the bundles they are for; derived ones are 26 characters.
openssl pkcs12 -in out/bundles/file-1.pfx -passin file:bundle.password -noout -info 2>&1 | grep -q 'Iteration 100000' ||
  fail 'a password of the user does not get 100,000 iterations'
printf 'canary-csv-4ZD\n' >csv.password
openssl pkcs12 -in out/bundles/csv-1.pfx -passin file:csv.password -noout
printf 'canary,quoted "4ZE"\n' >csv.password
openssl pkcs12 -in out/bundles/csv-2.pfx -passin file:csv.password -noout
FLEETMINT_PASSPHRASE_FILE=phrase run 0 passwords ws-1 --ca ca
derived=$(cat stdout)
printf '%s\n' "$derived" >derived.password
key=$(openssl pkcs12 -in out/bundles/ws-1.pfx -passin file:derived.password -nocerts -noenc 2>/dev/null |
  openssl pkey -outform DER | xxd -p | tr -d '\n')

# search TEXT: in no file as it is, in base64, or as UTF-16; and the key in no file as hexadecimal or DER.
haystack() { find ca out "${logged[@]}" -type f; }
search() {
  local text=$1 file
  while read -r file; do
    ! grep -qaF -- "$text" "$file" || fail "'$text' stands in $file"
    ! grep -qaF -- "$(printf %s "$text" | base64)" "$file" || fail "'$text' stands in $file in base64"
    ! xxd -p "$file" | tr -d '\n' | grep -qF "$(printf %s "$text" | iconv -t UTF-16BE | xxd -p)" || fail "'$text' stands in $file as UTF-16"
  done < <(haystack)
}
for canary in canary-phrase-7Q2 canary-file-9XK canary-csv-4ZD 'canary,quoted' "$derived"; do search "$canary"; done
while read -r file; do
  ! xxd -p "$file" | tr -d '\n' | grep -qF "${key:100:64}" || fail "a private key stands in $file"
done < <(haystack)
echo canary-phrase-7Q2 >log-planted  # the search finds what is there
logged+=(log-planted)
(search canary-phrase-7Q2) 2>/dev/null && fail 'the search finds nothing at all'

if [[ ${#trace[@]} != 0 ]]; then
  created=$(grep -E 'O_CREAT|creat\(' all-opened | grep -oE '"[^"]*"' | tr -d '"' | grep '^/' | grep -v "^$work/" || true)
  equal "$created" ''
  grep -q O_CREAT all-opened || fail 'the trace shows no created file at all'
fi

# Functions are bound at the start: at their first call it would save the vector registers on the stack.
! command -v readelf >/dev/null || readelf -d "$FLEETMINT" | grep -q BIND_NOW || fail 'functions are bound at their first call'
swap=$(tail -n +2 /proc/swaps | grep -vc '^/dev/zram' || true)
equal "$(grep -c 'swap is on' log-check || true)" "$((swap > 0))"

"$FLEETMINT" bench --seconds 2 --threads 1 >/dev/null 2>&1 &
sleep 0.3
grep -qE '^Max core file size +0 +0' "/proc/$!/limits" || fail 'the process allows core dumps'
