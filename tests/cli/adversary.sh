# What the scripts share in which an adversary reads the memory of a running fleetmint; sourced after lib.sh. Leaves
# in the working directory: profiles.d with plain-agent (RSA) and fast-agent (ECDSA), and phrase, a passphrase's file.
: "${FLEETMINT_FIND_FACTORS:=$source_tree/build/tests/find_factors}"
[[ $(id -u) == 0 ]] || skip "reading another process's memory needs root"
[[ -x $FLEETMINT_FIND_FACTORS ]] || skip 'needs find_factors, which is built where GMP is'
fast_profiles
umask 077
printf 'canary-phrase-7Q2x\n' >phrase
umask 022
cat >profiles.d/plain-agent.yaml <<'Y'
profile: plain-agent
extends: mtls-client
key: {algorithm: rsa, bits: 2048}
Y
fleet() { # NAME GROUP...
  printf 'fleet: %s\nprofile: plain-agent\ndefaults: {domain: example.com, os: windows-11}\ngroups:\n' "$1"
  printf '  - %s\n' "${@:2}"
}
# secrets DIR: one line for each number and each password of the bundles in place there, as find_factors reads it.
secrets() {
  local host password
  printf 'passphrase text %s\n' "$(cat phrase)"
  while IFS=, read -r host _ password; do
    password=${password%$'\r'}
    [[ -e $1/out/bundles/$host.pfx ]] || continue
    echo "$host text $password"
    printf '%s\n' "$password" >one.password
    if [[ $host == ec-* ]]; then
      echo "$host d $(openssl pkcs12 -in "$1/out/bundles/$host.pfx" -passin file:one.password -nocerts -noenc 2>/dev/null |
        openssl pkey -noout -text | sed -n '/^priv:/,/^pub:/p' | grep '^ ' | tr -d ' :\n')"
      continue
    fi
    openssl pkcs12 -in "$1/out/bundles/$host.pfx" -passin file:one.password -nocerts -noenc 2>/dev/null |
      openssl rsa -traditional 2>/dev/null | openssl asn1parse | sed -n 's/.*INTEGER *://p' |
      awk -v host="$host" 'BEGIN { split("version n e d p q dp dq qinv", kind) } kind[NR] != "version" && kind[NR] != "e" { print host, kind[NR], $1 }'
  done < <("$FLEETMINT" passwords --csv --ca "$1/ca" --passphrase-file phrase | tail -n +2)
}

# full_pipe NAME: makes a pipe that is full, on which whoever writes waits; it stays open as descriptor 8.
full_pipe() {
  mkfifo "$1"
  exec 8<>"$1"
  dd if=/dev/zero of="$1" bs=4096 count=1024 oflag=nonblock 2>/dev/null || true
}
