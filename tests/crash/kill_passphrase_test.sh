#!/usr/bin/env bash
# `ca passphrase`, killed at every system call that writes, each of them refused once, each write lost once: one
# passphrase opens every key that counts, none is lost, the next command removes what is left, bundles' passwords stay.
source "$(dirname "${BASH_SOURCE[0]}")/../cli/lib.sh"
source "$source_tree/tests/crash/lib.sh"
need_strace
every=${FLEETMINT_KILL_PASSPHRASE_EVERY:-$every}
fast_profiles
mkdir start
(umask 077; echo 'the old phrase' >old; echo 'the new phrase' >new)
run 0 ca init --profile fast --profiles profiles.d --ca start/ca --passphrase-file old
fast_fleet fleet.yaml 'ws-[1-2]'
run 0 issue fleet.yaml --profiles profiles.d --ca start/ca --out start/out --passphrase-file old
run 0 passwords --ca start/ca --passphrase-file old
mv stdout passwords.wanted
command_line=(ca passphrase --ca ca --passphrase-file old --new-passphrase-file new --quiet)

# counting: the keys that the ledger names, but the fleet key.
counting() { sqlite3 ca/ledger.db 'select distinct key_file from issuer order by id'; }
# opened_by FILE: which of old and new opens it, as openssl says.
opened_by() {
  local phrase
  for phrase in old new; do
    openssl pkey -in "ca/$1" -passin "file:$phrase" -noout 2>/dev/null && echo "$phrase"
  done
}

cases=0
after() {
  local key works code=0
  "$FLEETMINT" passwords --ca ca --passphrase-file old >stdout 2>stderr && works=old || works=new
  [[ $works == old ]] || run 0 passwords --ca ca --passphrase-file new
  cmp -s stdout passwords.wanted || fail "$1: other passwords"
  while read -r key; do
    [[ $(opened_by "$key") == "$works" ]] || fail "$1: $key is opened by '$(opened_by "$key")', the fleet key by $works"
  done < <(counting)
  # Whatever takes the run lock removes what is left.
  run 0 delivered --ca ca --out out
  equal "$(cd ca && find . -name '*key*' | sort)" \
    "$( (counting; sqlite3 ca/ledger.db 'select fleet_key from ledger') | sed 's|^|./|' | sort)"
  if [[ $works == old ]]; then
    run 0 "${command_line[@]}"
  else
    "$FLEETMINT" "${command_line[@]}" >stdout 2>stderr || code=$?
    equal "$code" 3
    says 'wrong passphrase'
  fi
  run 0 ca root-crl --ca ca --passphrase-file new
  run 0 renew fleet.yaml --profiles profiles.d --ca ca --out out --all --passphrase-file new
  cases=$((cases + 1))
}

place=0
while read -r name count; do
  for ((n = 1; n <= count; ++n)); do
    # retval=1: a disk that says that it wrote, and did not; of what a read-back sees.
    kinds='signal=KILL error=EIO'
    [[ $name != write ]] || kinds+=' retval=1'
    for inject in $kinds; do
      ((++place % every == 0)) || continue
      fresh
      (strace -f -o /dev/null -e trace="$name" -e inject="$name":"$inject":when="$n" "$FLEETMINT" \
        "${command_line[@]}" 2>stderr; exit $?) >/dev/null 2>&1 || true
      after "$name $n, $inject"
    done
  done
done < <(counts "$writing")
((cases * every > 60)) || fail "only $cases places"
echo "ended at $cases places: one passphrase opens every key"
