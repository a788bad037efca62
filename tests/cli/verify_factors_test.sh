#!/usr/bin/env bash
# An adversary reads all memory of `verify` and of `ca import` when bundles have been verified and the imported key has
# been written: there is nothing left, no factor, no number of a key, no password, no passphrase, no line of a key's
# PEM. Where an import's wipes of the heap are left out, the same search finds something; what it leaves on the stack
# is tests/authority's. FLEETMINT_FACTORS=all takes more bundles and longer keys.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$source_tree/tests/cli/adversary.sh"
: "${FLEETMINT_FACTORS:=few}" "${FLEETMINT_UNWIPED_LIBRARY:=$(dirname "$FLEETMINT_FIND_FACTORS")/libunwiped.so}"
hosts=12 sizes=2048
[[ $FLEETMINT_FACTORS != all ]] || { hosts=96 sizes='2048 3072 4096'; }

# search PID: what the adversary finds of ./numbers, in ./found. The process is stopped meanwhile.
search() {
  local code=0
  kill -STOP "$1"
  "$FLEETMINT_FIND_FACTORS" "$1" numbers >found 2>searched || code=$?
  kill -CONT "$1"
  [[ $code -le 1 ]] || { kill -KILL "$1"; [[ $code != 77 ]] || skip "$(cat searched)"; fail "$(cat searched)"; }
}

# start ARGUMENT...: fleetmint, which in the end cannot print its result; its process is $pid. end: lets it print.
start() {
  rm -f full
  full_pipe full
  "$FLEETMINT" "$@" --json >full 2>log </dev/null &
  pid=$!
}
end() {
  cat full >/dev/null &
  wait "$pid" || fail "it failed ($(cat log))"
  kill $!
  exec 8>&-
}

# until_done PID: until it writes to its stdout, which is descriptor 1.
until_done() {
  local number first
  for ((i = 0; i < 12000; ++i)); do
    kill -0 "$1" 2>/dev/null || fail "it ended early ($(cat log))"
    read -r number first _ <"/proc/$1/syscall" || true
    if [[ ($number == 1 || $number == 64) && $first == 0x1 ]]; then return; fi
    sleep 0.01
  done
  fail 'it does not end'
}

# at_the_end WHAT ARGUMENT...: nothing is found when it has done its work.
at_the_end() {
  start "${@:2}"
  until_done "$pid"
  search "$pid"
  [[ ! -s found ]] || { kill -KILL "$pid"; fail "$1: $(sort found | uniq -c | head -n 20)"; }
  echo "$1: nothing; $(tr '\n' ' ' <searched)"
  end
}

# control WIPES WHAT ARGUMENT...: without these wipes something is.
control() {
  [[ -f $FLEETMINT_UNWIPED_LIBRARY ]] || fail 'the library that leaves out wipes is not there'
  rm -f full
  full_pipe full
  FLEETMINT_UNWIPED=$1 LD_PRELOAD=$FLEETMINT_UNWIPED_LIBRARY "$FLEETMINT" "${@:3}" --json >full 2>log </dev/null &
  pid=$!
  until_done "$pid"
  search "$pid"
  [[ -s found ]] || { kill -KILL "$pid"; fail "$2 without wipes of the $1: nothing was found"; }
  echo "$2 without wipes of the $1: $(wc -l <found) findings, as '$(head -n 1 found)'"
  end
}

# verify.
fleet small "{name: rsa, hosts: \"ws-[1-$hosts]\"}" '{name: ec, profile: fast-agent, hosts: "ec-[1-8]"}' >small.yaml
mkdir dir
run 0 ca init --profile fast --profiles profiles.d --passphrase-file phrase --ca dir/ca
run 0 issue small.yaml --profiles profiles.d --ca dir/ca --out dir/out --passphrase-file phrase
secrets dir >numbers
equal "$(grep -c ' p ' numbers)" "$hosts"
verify=(verify --ca dir/ca --out dir/out --passphrase-file phrase)
at_the_end verify "${verify[@]}" --threads 2

# ca import.
foreign() { # SIZE: foreign.key, its chain, and its numbers and lines.
  openssl req -x509 -newkey "rsa:$1" -noenc -keyout foreign.key -out foreign.crt -days 3650 -subj '/O=Acme/CN=Acme CA' \
    -addext keyUsage=critical,keyCertSign,cRLSign 2>/dev/null
  chmod 600 foreign.key
  openssl rsa -in foreign.key -traditional 2>/dev/null | openssl asn1parse | sed -n 's/.*INTEGER *://p' |
    awk 'BEGIN { split("version n e d p q dp dq qinv", kind) } kind[NR] != "version" && kind[NR] != "e" { print "foreign", kind[NR], $1 }' >numbers
  printf 'passphrase text %s\n' "$(cat phrase)" >>numbers
  sed '1d;$d' foreign.key | awk '{ print "pem" NR, "text", $1 }' >>numbers
  equal "$(grep -c '^foreign ' numbers)" 7
}
made=0
import() { # the arguments that import it once more
  made=$((made + 1))
  echo ca import --key foreign.key --chain foreign.crt --passphrase-file phrase --ca "imported-$made"
}
for size in $sizes; do
  foreign "$size"
  import >arguments
  at_the_end "ca import of $size bits" $(cat arguments)
  # Of a key without a passphrase the file itself is the secret.
  at_the_end "ca import of $size bits in the clear" ca import --key foreign.key --chain foreign.crt --no-passphrase \
    --ca "clear-$size"
done
import >arguments
control heap 'ca import' $(cat arguments)
