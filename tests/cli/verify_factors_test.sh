#!/usr/bin/env bash
# An adversary looks at the memory of `verify` and of `ca import`. Three looks, each with its control:
# - all of it, where work with a key has just ended, and when the command has done its work: no factor, no number of a
#   key, no password, no passphrase, no line of a key's PEM;
# - each block of the heap when it is freed, from beginning to end: nothing of them either;
# - where the wipes of the heap are left out, the same looks find something. On the stack neither command leaves one of
#   these numbers, wiped or not; that it is wiped is seen here, what that takes away in tests/memory and tests/authority.
# FLEETMINT_FACTORS=all stops at more bundles, and imports longer keys.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$source_tree/tests/cli/adversary.sh"
: "${FLEETMINT_FACTORS:=few}" "${FLEETMINT_SPY:=$(dirname "$FLEETMINT_FIND_FACTORS")/libspy.so}"
[[ -f $FLEETMINT_SPY ]] || fail 'the library to preload is not there'
hosts=8 stops='1 7 15' sizes=2048
[[ $FLEETMINT_FACTORS != all ]] || { hosts=48 stops=$(seq 56) sizes='2048 3072 4096'; }

# search PID: what the adversary finds of ./numbers, in ./found. The process is stopped.
search() {
  local code=0
  "$FLEETMINT_FIND_FACTORS" "$1" numbers >found 2>searched || code=$?
  [[ $code -le 1 ]] || { kill -KILL "$1"; [[ $code != 77 ]] || skip "$(cat searched)"; fail "$(cat searched)"; }
}
found_nothing() { # WHAT
  [[ ! -s found ]] || { kill -KILL "$pid"; fail "$1: $(sort found | uniq -c | head -n 20)"; }
  echo "$1: nothing; $(tr '\n' ' ' <searched)"
}
found_something() { # WHAT
  [[ -s found ]] || { kill -KILL "$pid"; fail "$1: nothing was found"; }
  echo "$1: $(wc -l <found) findings, as '$(head -n 1 found)'"
}

# until_stopped: until $pid has stopped itself ($stopped is "wipe"), or writes to its stdout, which is a full pipe ("end").
until_stopped() {
  local number first state
  stopped=wipe
  for ((i = 0; i < 12000; ++i)); do
    state=$(sed 's/.*) \(.\).*/\1/' "/proc/$pid/stat" 2>/dev/null || true)
    [[ $state != T ]] || return 0
    [[ -n $state && $state != Z ]] || fail "it ended early ($(cat log))"
    read -r number first _ <"/proc/$pid/syscall" || true
    if [[ ($number == 1 || $number == 64) && $first == 0x1 ]]; then
      kill -STOP "$pid"
      stopped=end
    fi
    sleep 0.005
  done
  fail 'it does not stop'
}
# start VARIABLE=VALUE... -- ARGUMENT...: fleetmint with the library preloaded. finish: lets it end.
start() {
  local variables=()
  while [[ $1 != -- ]]; do
    variables+=("$1")
    shift
  done
  rm -f full
  full_pipe full
  env "${variables[@]}" LD_PRELOAD="$FLEETMINT_SPY" "$FLEETMINT" "${@:2}" --json >full 2>log </dev/null &
  pid=$!
  until_stopped
}
finish() {
  cat full >/dev/null &
  kill -CONT "$pid"
  wait "$pid" || fail "it failed ($(cat log))"
  kill $!
  exec 8>&-
}
# look FOUND WHAT VARIABLE=VALUE... -- ARGUMENT...: FOUND is found_nothing or found_something.
look() {
  start "${@:3}"
  [[ $* != *SPY_STOP_AFTER* || $stopped == wipe ]] || { kill -KILL "$pid"; fail "$2: the stack was not wiped"; }
  search "$pid"
  "$1" "$2"
  finish
}
# freed WHAT FINDINGS ARGUMENT...: what is given back to the heap; FINDINGS is nothing or something.
freed() {
  rm -f report
  env "${unwiped[@]}" SPY_SECRETS=numbers SPY_REPORT=report LD_PRELOAD="$FLEETMINT_SPY" "$FLEETMINT" "${@:3}" \
    --json >stdout 2>stderr </dev/null || fail "$1 failed"
  if [[ $2 == nothing ]]; then
    [[ -e report && ! -s report ]] || fail "$1: freed unwiped: $(sort report | uniq -c | head -n 20)"
  else
    [[ -s report ]] || fail "$1: nothing was found in what is freed"
  fi
  echo "$1, in what is freed: $(wc -l <report) findings"
}
unwiped=()

# verify.
fleet small "{name: rsa, hosts: \"ws-[1-$hosts]\"}" '{name: ec, profile: fast-agent, hosts: "ec-[1-8]"}' >small.yaml
mkdir dir
run 0 ca init --profile fast --profiles profiles.d --passphrase-file phrase --ca dir/ca
run 0 issue small.yaml --profiles profiles.d --ca dir/ca --out dir/out --passphrase-file phrase
secrets dir >numbers
equal "$(grep -c ' p ' numbers)" "$hosts"
verify=(verify --ca dir/ca --out dir/out --passphrase-file phrase --threads 1)
for stop in $stops; do look found_nothing "verify, after $stop bundles" "SPY_STOP_AFTER=$stop" -- "${verify[@]}"; done
look found_nothing verify -- "${verify[@]:0:7}" --threads 2
look found_something 'verify without wipes of the heap' SPY_UNWIPED=heap -- "${verify[@]}"
freed verify nothing "${verify[@]}"
unwiped=(SPY_UNWIPED=heap)
freed 'verify without wipes of the heap' something "${verify[@]}"
unwiped=()

# ca import.
foreign() { # SIZE: foreign.key, its chain, and its numbers and lines.
  openssl req -x509 -newkey "rsa:$1" -noenc -keyout foreign.key -out foreign.crt -days 3650 -subj '/O=Acme/CN=Acme CA' \
    -addext keyUsage=critical,keyCertSign,cRLSign 2>/dev/null
  chmod 600 foreign.key
  openssl rsa -in foreign.key -traditional 2>/dev/null | openssl asn1parse | sed -n 's/.*INTEGER *://p' |
    awk 'BEGIN { split("version n e d p q dp dq qinv", kind) } kind[NR] != "version" && kind[NR] != "e" { print "foreign", kind[NR], $1 }' >numbers
  printf 'passphrase text %s\n' "$(cat phrase)" >>numbers
  # The first lines hold what is public.
  sed '1d;$d' foreign.key | awk 'NR > 8 { print "pem" NR, "text", $1 }' >>numbers
  equal "$(grep -c '^foreign ' numbers)" 7
}
made=0
import() { # sets `import` to the arguments that import it once more, with OPTION...
  made=$((made + 1))
  import=(ca import --key foreign.key --chain foreign.crt --ca "imported-$made" "$@")
}
for size in $sizes; do
  foreign "$size"
  # Of a key without a passphrase the file itself is the secret.
  for how in '--passphrase-file phrase' --no-passphrase; do
    import $how
    look found_nothing "ca import $how of $size bits" -- "${import[@]}"
    import $how
    freed "ca import $how of $size bits" nothing "${import[@]}"
  done
done
import --passphrase-file phrase
sed -i '/^pem/d' numbers  # then the caller still holds the file
look found_nothing 'ca import, where it has just been done' SPY_STOP_AFTER=1 -- "${import[@]}"
import --passphrase-file phrase
look found_something 'ca import without wipes of the heap' SPY_UNWIPED=heap -- "${import[@]}"
unwiped=(SPY_UNWIPED=heap)
import --passphrase-file phrase
freed 'ca import without wipes of the heap' something "${import[@]}"
