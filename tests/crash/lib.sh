# What the scripts of tests/crash share; sourced after ../cli/lib.sh. Each ends one run in some way, at
# every place of it, and then asks for the promises: the same command again finishes the job, what the ended
# run had acknowledged is not issued again, verify finds nothing, nothing is there twice, and no file is
# left over.
every=${FLEETMINT_CRASH_EVERY:-1}  # 3: every third place

need_strace() {
  command -v strace >/dev/null || skip 'strace is not installed'
  strace -o /dev/null true 2>/dev/null || skip 'this system does not allow strace'
}
need_shim() { [[ -e $FLEETMINT_SHIM ]] || skip "no $FLEETMINT_SHIM: build the tests"; }

# The system calls by which a run changes anything that outlives it.
writing='openat,write,pwrite64,fsync,fdatasync,syncfs,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,ftruncate,linkat,fallocate'

# FLEETMINT_CRASH_OF: the command that is ended, `issue` (where nothing is said) or `renew`.
crash_of=${FLEETMINT_CRASH_OF:-issue}

# prepare: start/ca and start/out, as a run finds them, and fleet.yaml. prepare_small: the same, with less.
#   issue  three endpoints issued, of which one bundle is missing and one is damaged, and two new ones: so a
#          run issues, replaces and skips. One is replaced by a bundle in another format. Small: two endpoints
#          issued, of which that one is damaged.
#   renew  four endpoints: of one the bundle was delivered and is gone, one gets another format, one was
#          revoked, and is not renewed. Small: that one in another format, and the one that was revoked.
prepare() { prepare_$crash_of 'ws-[1-3]' 'ws-[1-5]' 'ws-[1-4]'; }
prepare_small() { prepare_$crash_of 'ws-[1-2]' 'ws-[1-2]' 'ws-[2,4]'; }
prepare_issue() {
  start_with "$1"
  # One bit: a byte that is written over may have been the same.
  local byte
  byte=$(od -An -tu1 -j 200 -N 1 start/out/bundles/ws-2.pfx | tr -d ' ')
  printf "\\x$(printf %x $((byte ^ 1)))" | dd of=start/out/bundles/ws-2.pfx bs=1 seek=200 conv=notrunc status=none
  fast_fleet fleet.yaml "$2"
  another_format
  if [[ $2 == 'ws-[1-5]' ]]; then
    rm start/out/bundles/ws-1.pfx
    endpoints=5
    files='ws-1.pfx ws-2.chain.pem ws-2.crt.pem ws-2.key.pem ws-3.pfx ws-4.pfx ws-5.pfx '
  else
    endpoints=2
    files='ws-1.pfx ws-2.chain.pem ws-2.crt.pem ws-2.key.pem '
  fi
}
prepare_renew() {
  start_with "$3"
  run 0 revoke ws-4 --ca start/ca
  run 0 crl --ca start/ca --out start/out
  another_format
  command_line=(renew fleet.yaml --profiles profiles.d --ca ca --out out --all --threads 1 --quiet --log-level info)
  if [[ $3 == 'ws-[1-4]' ]]; then
    run 0 delivered ws-1 --ca start/ca --out start/out --delete
    endpoints=4
    files='ws-1.pfx ws-2.chain.pem ws-2.crt.pem ws-2.key.pem ws-3.pfx ws-4.pfx '
    renewed=$'ws-1 1\nws-2 1\nws-3 1\nws-4 0'
  else
    endpoints=2
    files='ws-2.chain.pem ws-2.crt.pem ws-2.key.pem ws-4.pfx '
    renewed=$'ws-2 1\nws-4 0'
  fi
}
start_with() {
  mkdir start
  fast_ca start/ca
  fast_fleet fleet.yaml "$1"
  run 0 issue fleet.yaml --profiles profiles.d --ca start/ca --out start/out
}
another_format() { printf 'overrides:\n  ws-2: {bundle: {formats: [pem]}}\n' >>fleet.yaml; }
# At this log level each endpoint is named when it is acknowledged.
command_line=(issue fleet.yaml --profiles profiles.d --ca ca --out out --replace-damaged --threads 1 --quiet
              --log-level info)

fresh() {
  rm -rf ca out
  cp -a start/ca start/out .
  : >stderr
}

# counts CALLS: lines "NAME N": how often a thread of one run makes each call at most.
counts() {
  fresh
  strace -f -o trace -e trace="$1" "$FLEETMINT" "${command_line[@]}" 2>/dev/null
  sed -nE 's/^([0-9]+) +([a-z0-9_]+)\(.*/\1 \2/p' trace | sort | uniq -c |
    awk '{ if ($1 > most[$3]) most[$3] = $1 } END { for (name in most) print name, most[name] }' | sort
}

# killed_at NAME N COMMAND...: runs it until its Nth call of NAME; its exit code, 137 if that came, in `code`.
killed_at() {
  local name=$1 n=$2
  shift 2
  fresh
  code=0
  (strace -f -o /dev/null -e trace="$name" -e inject="$name":signal=KILL:when="$n" "$FLEETMINT" "$@" 2>stderr
    exit $?) >/dev/null 2>&1 || code=$?
}

# errors_of NAME: those that this system call is made to end with.
errors_of() {
  case $1 in
    fsync | fdatasync | syncfs) echo 'EIO ENOSPC' ;;
    write | pwrite64 | fallocate | ftruncate) echo 'ENOSPC EIO EDQUOT' ;;
    openat) echo 'EMFILE EACCES ENOSPC' ;;
    rename* | unlink* | mkdir* | linkat) echo 'EIO EROFS' ;;
    getrandom) echo 'ENOSYS EIO' ;;
  esac
}
# meet NAME N ERROR COMMAND...: runs that meet the error at the Nth call of one thread, its exit code in
# `code`. strace counts each thread's calls by themselves, and which worker thread makes one differs from run
# to run: where no thread makes N, the run has met nothing and another is made, five at most.
meet() {
  local attempt name=$1 n=$2 error=$3
  shift 3
  for attempt in 1 2 3 4 5; do
    fresh
    code=0
    strace -f -o trace -e trace="$name" -e inject="$name":error="$error":when="$n" \
      "$FLEETMINT" "$@" >stdout 2>stderr || code=$?
    ! grep -q INJECTED trace || return 0
    ((code == 0)) || fail "$name: exit code $code of a run that met no error"
  done
  return 1
}
# ended_in_words WHAT: a run that met an error ends with an exit code of the contract, and says why.
ended_in_words() {
  case $code in
    0) ;;
    1 | 2 | 3 | 4 | 127) [[ -s stderr ]] || fail "$1: exit code $code without a word" ;;
    *) fail "$1: exit code $code" ;;
  esac
}

acknowledged() { sed -nE "s/^[^ ]*Z fleetmint: info: issued '(.*)'$/\1/p" "$1" | sort; }

# not_in_place LOG CA OUT: the endpoints that LOG acknowledges and whose bundles are not in OUT, whole, as the
# ledger has recorded them. Recovers nothing.
not_in_place() {
  sqlite3 -json "$2/ledger.db" "select endpoint, files from certificate join record using (id) where state = 'issued'" |
    jq -r '.[] | .endpoint as $name | .files | split("\n")[] | select(. != "") | split(" ") | "\($name) \(.[2])  \($name).\(.[0])"' |
    sort >recorded
  find "$3/bundles" -type f -exec sha256sum {} + | sed -E 's|  .*/|  |' | sort >present
  acknowledged "$1" | comm -23 - <(cut -d ' ' -f 1 recorded | sort -u)
  acknowledged "$1" | join - recorded | while read -r name hash file; do
    grep -qxF "$hash  $file" present || echo "$name"
  done
}

# records_agree WHAT: what the output's runs have recorded is what the ledger has issued, chunk by chunk, and
# .head names the last run that has committed.
records_agree() {
  local run
  for run in out/.runs/*; do
    [[ -e $run ]] || continue
    local recorded committed
    recorded=$(grep -o '^{"chunk":[0-9]*' "$run" | tail -n 1 | cut -d : -f 2) || true
    committed=$(sqlite3 ca/ledger.db "select commits from run where lower(hex(token)) = '${run##*/}'")
    [[ ${recorded:-0} == "$committed" ]] || fail "$1: ${run##*/} has recorded ${recorded:-0} chunks, committed are $committed"
  done
  local head
  head=$(sqlite3 ca/ledger.db 'select lower(hex(token)) from run where commits > 0 order by id desc limit 1')
  [[ -z $head || $(cat out/.head) == "$head" ]] || fail "$1: .head is not the last run"
  [[ $(cat out/.runs/* | jq -r 'select(.certificate) | .certificate.files[0].sha256' | sort) == \
    $(sqlite3 ca/ledger.db "select files from record join certificate using (id) where run in (select id from run)" |
      awk '$1 == "pfx" || $1 == "key.pem" {print $3}' | sort) ]] || fail "$1: records and ledger differ"
}

# no_bundle_lost WHAT: of a renewal. What the ledger calls current is there, in its place or, whole, about to be
# moved there; and a place that had a bundle has one, today's or the one before. (Of several files they are moved
# one by one.)
no_bundle_lost() {
  [[ $crash_of == renew ]] || return 0
  local absent
  find out/bundles -type f -exec sha256sum {} + | sed -E 's|  .*/|  |' | sort >present
  find out/.pending -type f -exec sha256sum {} + | cut -d ' ' -f 1 | sort >pending
  sqlite3 -json ca/ledger.db "select endpoint, id, state, files from certificate join record using (id)
                              where state in ('issued', 'superseded') and delivered_at is null" |
    jq -r '.[] | "\(.endpoint) \(.id) \(.state)" as $of | .files | split("\n")[] | select(. != "") | split(" ") |
           "\($of) \(.[0]) \(.[2])"' >recorded
  absent=$(awk '
    FILENAME == "present" { there[$1 "  " $2] = 1; next }
    FILENAME == "pending" { waits[$1] = 1; next }
    { seen[$1] = seen[$1] " " $2; place = $1 "." $4; in_place = (($5 "  " place) in there)
      if ($3 == "issued" && !in_place && !($5 in waits)) print $1 ": the current one"
      if (!in_place && !($4 != "pfx" && ($5 in waits))) half[$2] = 1 }
    END { for (name in seen) { split(seen[name], ids, " "); whole = 0
            for (i in ids) if (!(ids[i] in half)) whole = 1
            if (!whole && name != "ws-1") print name ": neither the current one nor the one before is in place" } }
    ' present pending recorded | sort -u)
  [[ -z $absent ]] || fail "$1: lost: $absent"
}
is_done() { ((code == 2)) && [[ $crash_of == renew ]] && grep -qF 'this renewal is done' stderr; }
# renewed_once WHAT: of each endpoint that is renewed one certificate is superseded, however often it was
# begun, and the manifest names it.
renewed_once() {
  [[ $crash_of == renew ]] || return 0
  local once
  once=$(sqlite3 -separator ' ' ca/ledger.db "select endpoint, sum(state = 'superseded') from certificate group by endpoint order by endpoint")
  [[ $once == "$renewed" ]] || fail "$1: renewed: $once"
  once=$(jq -r '.supersedes[] | .serial' out/manifest.jsonl | sort)
  [[ $once == "$(sqlite3 ca/ledger.db "select lower(hex(serial)) from certificate where state = 'superseded'" | sort)" ]] ||
    fail "$1: the manifest supersedes $once"
}

# promises WHAT: after a run that was ended, whatever it was ended by; what it said is in ./stderr. Half of
# the times verify recovers, half of the times the next run does.
asked=0
promises() {
  local code=0
  mv stderr first.log
  no_bundle_lost "$1"
  if [[ -n $(acknowledged first.log) ]]; then
    local absent
    absent=$(not_in_place first.log ca out)
    [[ -z $absent ]] || fail "$1: acknowledged, and not in place: $absent"
  fi
  if ((++asked % 2)); then
    "$FLEETMINT" verify --ca ca --out out >verified 2>stderr || code=$?
    ((code <= 1)) || fail "$1: verify ends with $code"
  fi
  # A renewal that was ended at its very end was done.
  "$FLEETMINT" "${command_line[@]}" >stdout 2>stderr || { code=$?; is_done || fail "$1: the same command again ends with $code"; }
  local again
  again=$(comm -12 <(acknowledged first.log) <(acknowledged stderr))
  [[ -z $again ]] || fail "$1: acknowledged, and issued again: $again"
  "$FLEETMINT" verify --ca ca --out out >verified 2>stderr ||
    fail "$1: verify after it: $(cat verified)"
  [[ $(wc -l <out/manifest.jsonl) == "$endpoints" ]] || fail "$1: $(wc -l <out/manifest.jsonl) endpoints in the manifest"
  [[ $(sqlite3 ca/ledger.db "select count(*), count(distinct endpoint) from certificate where state = 'issued'") == "$endpoints|$endpoints" ]] ||
    fail "$1: not one current certificate an endpoint"
  [[ $(sqlite3 ca/ledger.db "select count(*) from certificate where state = 'reserved'") == 0 ]] ||
    fail "$1: open reservations"
  renewed_once "$1"
  records_agree "$1"
  [[ $(ls out/bundles | tr '\n' ' ') == "$files" ]] || fail "$1: in bundles: $(ls out/bundles)"
  local left
  left=$(find out ca -name '*.tmp' -o -path '*/.pending/*' | head -n 3)
  [[ -z $left ]] || fail "$1: left over: $left"
}
