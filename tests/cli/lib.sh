# What the scripts of tests/cli and tests/interop share; sourced. Each script runs in a directory of its
# own that is removed at the end. FLEETMINT names the binary to try (default: build/fleetmint).
set -euo pipefail
source_tree=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
: "${FLEETMINT:=$source_tree/build/fleetmint}"
: "${FLEETMINT_SHIM:=$(dirname "$FLEETMINT")/tests/libcrash_shim.so}"  # tests/crash/shim.cc
umask 022
work=$(mktemp -d)
trap 'cleanup' EXIT
cleanup() {
  local job
  for job in $(jobs -p); do kill "$job" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$work"
}
cd "$work"
unset FLEETMINT_PASSPHRASE_FILE

fail() {
  printf 'FAILED at line %s: %s\n' "${BASH_LINENO[${#BASH_LINENO[@]}-2]}" "$*" >&2
  [[ ! -s stderr ]] || { echo '--- stderr of the last command' >&2; tail -n 30 stderr >&2; }
  exit 1
}

# run CODE ARGUMENT...: fleetmint with these arguments ends with CODE; its output is in ./stdout, ./stderr.
run() {
  local wanted=$1 code=0
  shift
  "$FLEETMINT" "$@" >stdout 2>stderr </dev/null || code=$?
  [[ $code == "$wanted" ]] || fail "exit code $code instead of $wanted: fleetmint $*"
}

says() { grep -qF -- "$1" stderr || fail "stderr does not say: $1"; }
prints() { grep -qF -- "$1" stdout || fail "stdout does not print: $1"; }
absent() { [[ ! -e $1 ]] || fail "$1 should not exist"; }
equal() { [[ $1 == "$2" ]] || fail "'$1' is not '$2'"; }
skip() { echo "SKIPPED: $*"; exit 77; }

# A small hierarchy with ECDSA keys, so that a test costs no RSA key; and a profile for it.
fast_profiles() {
  mkdir -p profiles.d
  cat >profiles.d/fast-authority.yaml <<'Y'
authority: fast
summary: "ECDSA root and issuing CA"
tiers:
  - {name: root, subject: "CN=Fast Root", key: {algorithm: ecdsa, curve: p256}, validity: 10y}
  - {name: issuing, subject: "CN=Fast Issuing", key: {algorithm: ecdsa, curve: p256}, validity: 5y, path_length: 0}
crl_validity: 1y
Y
  cat >profiles.d/fast-agent.yaml <<'Y'
profile: fast-agent
extends: mtls-client
key: {algorithm: ecdsa, curve: p256}
key_usage: [digital_signature]
bundle: {csp: "Microsoft Software Key Storage Provider", key_spec: none}
Y
}

# fast_ca DIR: that hierarchy, keys without a passphrase.
fast_ca() {
  [[ -d profiles.d ]] || fast_profiles
  run 0 ca init --profile fast --profiles profiles.d --no-passphrase --ca "$1"
}

# fast_fleet FILE HOSTS [NAME]
fast_fleet() {
  printf 'fleet: %s\nprofile: fast-agent\ndefaults: {domain: example.com, os: windows-11}\ngroups:\n  - {name: all, hosts: "%s"}\n' \
    "${3-test}" "$2" >"$1"
}

# --- What a server says that knows trust.pem and crl.pem of out/ alone; openssl is the judge.

# leaf NAME: its certificate in NAME.pem, and what its bundle brings along in NAME.chain.
leaf() {
  local password
  password=$("$FLEETMINT" passwords --ca ca --csv 2>/dev/null | tr -d '\r' | awk -F, -v n="$1" '$1 == n { p = $3 } END { print p }')
  openssl pkcs12 -in "out/bundles/$1.pfx" -passin "pass:$password" -nokeys -clcerts 2>/dev/null | openssl x509 >"$1.pem"
  openssl pkcs12 -in "out/bundles/$1.pfx" -passin "pass:$password" -nokeys -cacerts 2>/dev/null >"$1.chain"
}
roots() { # of trust.pem: what signs itself, in roots.pem; the others in between.pem
  rm -f one-*.pem roots.pem between.pem
  csplit -z -s -f one- -b %03d.pem out/trust.pem '/BEGIN CERTIFICATE/' '{*}'
  for one in one-*.pem; do
    if [[ $(openssl x509 -noout -subject_hash <"$one") == $(openssl x509 -noout -issuer_hash <"$one") ]]; then
      cat "$one" >>roots.pem
    else
      cat "$one" >>between.pem
    fi
  done
}
accepted() { # NAME: by a server that has trust.pem and crl.pem
  roots
  openssl verify -crl_check_all -CAfile roots.pem -untrusted between.pem -CRLfile out/crl.pem "$1.pem" >verdict 2>&1
}
