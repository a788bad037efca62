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

# prepare: start/ca and start/out, as a run finds them: three endpoints issued, of which one bundle is missing
# and one is damaged, and two new ones in fleet.yaml. So a run issues, replaces and skips. One is replaced by
# a bundle in another format. prepare_small: two endpoints, of which that one is damaged.
prepare() {
  start_with 'ws-[1-3]' 'ws-[1-5]'
  rm start/out/bundles/ws-1.pfx
  endpoints=5
  files='ws-1.pfx ws-2.chain.pem ws-2.crt.pem ws-2.key.pem ws-3.pfx ws-4.pfx ws-5.pfx '
}
prepare_small() {
  start_with 'ws-[1-2]' 'ws-[1-2]'
  endpoints=2
  files='ws-1.pfx ws-2.chain.pem ws-2.crt.pem ws-2.key.pem '
}
start_with() {
  mkdir start
  fast_ca start/ca
  fast_fleet fleet.yaml "$1"
  run 0 issue fleet.yaml --profiles profiles.d --ca start/ca --out start/out
  # One bit: a byte that is written over may have been the same.
  local byte
  byte=$(od -An -tu1 -j 200 -N 1 start/out/bundles/ws-2.pfx | tr -d ' ')
  printf "\\x$(printf %x $((byte ^ 1)))" | dd of=start/out/bundles/ws-2.pfx bs=1 seek=200 conv=notrunc status=none
  fast_fleet fleet.yaml "$2"
  printf 'overrides:\n  ws-2: {bundle: {formats: [pem]}}\n' >>fleet.yaml
}
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

acknowledged() { sed -nE "s/^fleetmint: info: issued '(.*)'$/\1/p" "$1" | sort; }

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

# promises WHAT: after a run that was ended, whatever it was ended by; what it said is in ./stderr. Half of
# the times verify recovers, half of the times the next run does.
asked=0
promises() {
  local code=0
  mv stderr first.log
  if [[ -n $(acknowledged first.log) ]]; then
    local absent
    absent=$(not_in_place first.log ca out)
    [[ -z $absent ]] || fail "$1: acknowledged, and not in place: $absent"
  fi
  if ((++asked % 2)); then
    "$FLEETMINT" verify --ca ca --out out >verified 2>stderr || code=$?
    ((code <= 1)) || fail "$1: verify ends with $code"
  fi
  "$FLEETMINT" "${command_line[@]}" >stdout 2>stderr || fail "$1: the same command again ends with $?"
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
  records_agree "$1"
  [[ $(ls out/bundles | tr '\n' ' ') == "$files" ]] || fail "$1: in bundles: $(ls out/bundles)"
  local left
  left=$(find out ca -name '*.tmp' -o -path '*/.pending/*' | head -n 3)
  [[ -z $left ]] || fail "$1: left over: $left"
}
