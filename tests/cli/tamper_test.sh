#!/usr/bin/env bash
# Whatever is changed in a finished ledger or output, verify notices: every column of every row, every file. What
# may be changed unnoticed stands here, with its reason.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
fast_ca ca
cat >fleet.yaml <<'Y'
fleet: test
profile: fast-agent
defaults: {domain: example.com, os: windows-11}
groups:
  - {name: windows, hosts: "ws-[1-2]"}
  - {name: linux, hosts: lnx-1, bundle: {formats: [pem]}}
Y
issue=(issue fleet.yaml --profiles profiles.d --ca ca --out out)
verify=(verify --ca ca --out out --quiet)
run 0 "${issue[@]}" --threads 1  # one order of the rows
rm out/bundles/ws-1.pfx
run 0 "${issue[@]}" --replace-damaged  # a second run, and a certificate that is superseded
run 0 delivered ws-2 --delete --ca ca --out out
run 0 "${verify[@]}"
sqlite3 ca/ledger.db 'pragma wal_checkpoint(truncate)' >/dev/null
cp -a ca goodca
cp -a out good

# TABLE.COLUMN of each row (TABLE.COLUMN:ID of one): why verify cannot, or need not, notice another value.
declare -A free=(
  [fleet.folder]='where password files are found; there are none here'
  [issuer.tier]='a name for people, and part of the name of a file'
  [issuer.generation]='counts the CA certificates of a tier; there is one'
  [issuer.key_file]='a key may be offline'
  [issuer.reserved_at]='when it was; nothing else knows'
  [run.selection]='what a run was asked for; nothing else knows'
  [run.cutoff]='the same'
  [run.started_at]='the same'
  [run.ended_at]='the same'
  [run.complete]='the same'
  [run.commits:1]='only the last run is compared with the output'
  [run.backed_up]='whether a backup was made; nothing else knows'
  [settings.grp]='a name for people, in no certificate'
  [certificate.run]='which run of the fleet it was; what is issued does not say'
  [certificate.reserved_at]='when it was; nothing else knows'
  [certificate.end_bound]='a bound for what was not issued'
  [certificate.installed_at]='nothing records receipts yet'
  [certificate.issued_at:1]='of a certificate that is not current: in no manifest any more'
  [certificate.delivered_at:1]='the same'
  [certificate.settings:1]='the same'
  [certificate.settings:2]='of another layer: its bundle is gone, and the manifest tells the two apart in nothing'
  [certificate.delivered_at:2]='when it was; nothing else knows'
)
declare -A used
reason_for() { # NAME ID
  local key
  for key in "$1" "$1:$2"; do
    if [[ -n ${free[$key]-} ]]; then used[$key]=1; return 0; fi
  done
  return 1
}

unnoticed=()
tried=0
# try WHAT ID: verify must say something, unless a reason is known.
try() {
  local code=0
  tried=$((tried + 1))
  "$FLEETMINT" "${verify[@]}" >stdout 2>stderr </dev/null || code=$?
  case $code in
    0) reason_for "$1" "$2" || unnoticed+=("$1 of $2") ;;
    1 | 2 | 3) [[ -s stdout || -s stderr ]] || fail "nothing is said of $1 of $2" ;;
    *) fail "exit code $code for $1 of $2" ;;
  esac
}

triggers=$(sqlite3 goodca/ledger.db "select 'drop trigger ' || name || ';' from sqlite_schema where type = 'trigger'")
for table in $(sqlite3 goodca/ledger.db "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'"); do
  for column in $(sqlite3 goodca/ledger.db "select name from pragma_table_info('$table')"); do
    for row in $(sqlite3 goodca/ledger.db "select rowid from $table" 2>/dev/null); do
      changed=no
      for value in "case typeof($column) when 'integer' then $column + 1 when 'text' then $column || 'x' when 'blob' then
          cast(iif(substr($column, 1, 1) = x'5a', x'5c', x'5a') || substr($column, 2) as blob) else 1700000000 end" "case typeof($column) when 'integer' then $column + 7
          when 'blob' then cast(iif(substr($column, 1, 1) = x'5b', x'5d', x'5b') || substr($column, 2) as blob) else 'x' end" "randomblob(16)" "randomblob(32)"; do
        rm -rf ca
        cp -a goodca ca
        if sqlite3 ca/ledger.db "pragma foreign_keys = off; pragma ignore_check_constraints = on; $triggers
            update $table set $column = $value where rowid = $row" 2>/dev/null; then
          changed=yes
          break
        fi
      done
      [[ $changed == yes ]] || fail "could not change $table.$column of $row"
      try "$table.$column" "$row"
    done
  done
  # A row that is gone.
  for row in $(sqlite3 goodca/ledger.db "select rowid from $table" 2>/dev/null); do
    rm -rf ca
    cp -a goodca ca
    sqlite3 ca/ledger.db "pragma foreign_keys = off; $triggers delete from $table where rowid = $row"
    try "$table" "$row"
  done
done
rm -rf ca
cp -a goodca ca

free+=(
  [.runs:flipped]='a second record of what the ledger holds, for the day when the ledger is lost'
  [.runs:replaced]='the same, of a run that is not the last one'
  [.runs:removed]='the same'
  [.runs:cut]='the same'
  [.head:removed]='it is written again, from the ledger'
  [.fleetmint:cut]='the end of its last line'
  [.head:cut]='the same'
)
mapfile -t files < <(cd good && find . -type f | sort | sed 's|^\./||')
for i in "${!files[@]}"; do
  file=${files[$i]}
  neighbour=${files[$(((i + 1) % ${#files[@]}))]}
  name=$file
  [[ $name != .runs/* ]] || name=.runs
  for change in flipped cut removed replaced; do
    rm -rf out
    cp -a good out
    case $change in
      flipped)
        size=$(stat -c %s "out/$file")
        byte=$(od -An -tu1 -j $((size / 3)) -N 1 "out/$file" | tr -d ' ')
        printf "\\x$(printf %x $((byte ^ 1)))" | dd of="out/$file" bs=1 seek=$((size / 3)) conv=notrunc status=none
        ;;
      cut) truncate -s -1 "out/$file" ;;
      removed) rm "out/$file" ;;
      replaced) cp -f "good/$neighbour" "out/$file" ;;
    esac
    try "$name:$change" "$file"
  done
done

(( tried > 200 )) || fail "only $tried changes were tried"
(( ${#unnoticed[@]} == 0 )) || fail "verify does not notice: $(printf '%s; ' "${unnoticed[@]}")"
noticed=()
for key in "${!free[@]}"; do
  [[ -n ${used[$key]-} ]] || noticed+=("$key")
done
(( ${#noticed[@]} == 0 )) || fail "noticed, and need not be listed: ${noticed[*]}"
