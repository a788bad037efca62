# The commands by which a CA changes, for the sweeps over them; sourced after lib.sh. One more command is one
# more name in `ca_commands` and a function or two:
#
#   start_NAME   makes start/ca, start/out and fleet.yaml as the command finds them, and sets command_line;
#                `again`, where the job is not finished by the same command, and `done_already`, what the
#                same command says, with exit code 2, of a job that is done
#   after_NAME   what else holds when the same command has been run again (may be left out)
ca_commands='rotate rotate_again rotate_root request request_then_rotate install install_renewed activate revoke root_crl'

sql() { sqlite3 -separator ' ' ca/ledger.db "$1"; }
listed() { openssl crl -in "$1" -inform der -noout -text | sed -n 's/^ *Serial Number: //p' | tr A-F a-f | sort; }

# --- The commands.

# An authority with its own root: two endpoints, one of them revoked, and a CRL.
own_root() {
  fast_ca start/ca
  run 0 issue fleet.yaml --profiles profiles.d --ca start/ca --out start/out
  run 0 revoke ws-2 --ca start/ca
  run 0 crl --ca start/ca --out start/out
}
start_rotate() {
  own_root
  command_line=(ca rotate --ca ca)
  done_already='generation 2 is there already, and waits for its turn'
}
after_rotate() {
  one_next
  run 0 ca activate --ca ca --yes
}
# What a rotation that was killed has left is cleared away; that may be killed, too.
start_rotate_again() {
  own_root
  (strace -f -o /dev/null -e trace=renameat2 -e inject=renameat2:signal=KILL:when=2 "$FLEETMINT" ca rotate --ca start/ca
    exit $?) >/dev/null 2>&1 || true
  [[ -e start/ca/issuing-2.key && ! -e start/ca/issuing-2.crt ]] || fail 'was not killed between its files'
  command_line=(ca rotate --ca ca)
  done_already='generation 3 is there already, and waits for its turn'
}
after_rotate_again() { after_rotate; }
start_rotate_root() {
  own_root
  command_line=(ca rotate --root --ca ca)
  done_already='is there already, and waits for its turn'
}
after_rotate_root() { after_rotate; }
start_activate() {
  own_root
  run 0 ca rotate --root --ca start/ca
  command_line=(ca activate --yes --ca ca)
  done_already='there is no next generation'
}
after_activate() { equal "$(sql "select generation from issuer where state = 'current' and leaves = 1")" 2; }
start_revoke() {
  own_root
  run 0 ca rotate --ca start/ca
  run 0 ca activate --ca start/ca
  run 0 renew fleet.yaml --issuer-retired --profiles profiles.d --ca start/ca --out start/out
  command_line=(ca revoke 1 --reason key-compromise --ca ca)
}
after_revoke() {
  equal "$(sql 'select generation from issuer where revoked_at is not null')" 1
  [[ -n $(listed ca/crl/root.crl) ]] || fail "$1: the CRL of the root does not name it"
}
start_root_crl() {
  own_root
  command_line=(ca root-crl --ca ca)
}

# An authority under the organization's CA.
under_another_root() {
  if [[ ! -e corp.key ]]; then
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout corp.key -out corp.crt -days 3650 \
      -subj '/CN=Corp Root' -addext keyUsage=critical,keyCertSign,cRLSign 2>/dev/null
    fast_profiles
  fi
  run 0 ca request --subject 'CN=Corp Agents CA' --key p256 --no-passphrase --ca start/ca --request-out first.csr
  answer first.csr 1000
  run 0 ca install answer.pem --ca start/ca
  run 0 issue fleet.yaml --profiles profiles.d --ca start/ca --out start/out
  run 0 revoke ws-2 --ca start/ca
  run 0 crl --ca start/ca --out start/out
}
answer() { # CSR DAYS: the organization's, in answer.pem
  openssl x509 -req -in "$1" -CA corp.crt -CAkey corp.key -days "$2" -extfile <(printf '%s\n' \
    'basicConstraints=critical,CA:TRUE,pathlen:0' 'keyUsage=critical,keyCertSign,cRLSign' \
    subjectKeyIdentifier=hash authorityKeyIdentifier=keyid) 2>/dev/null | cat - corp.crt >answer.pem
}
start_request() {
  under_another_root
  command_line=(ca rotate --request next.csr --subject 'CN=Corp Agents CA G2' --key p256 --ca ca)
  done_already='is there already, and waits for its certificate'
}
after_request() {
  one_next
  # Where the request of a job that is done is, the same command says.
  local request=next.csr
  ! grep -qF "$done_already" stderr || request=$(sed -nE "s/.*have '(.*\.csr)' signed.*/\1/p" stderr)
  [[ -s $request ]] || fail "$1: where is the request?"
  answer "$request" 1200
  run 0 ca install answer.pem --ca ca
  run 0 ca activate --ca ca
}
# What a request has left does not stand in another one's way.
start_request_then_rotate() {
  own_root
  command_line=(ca rotate --request next.csr --subject 'CN=Fast Agents CA G2' --key p256 --ca ca)
  again=(ca rotate --ca ca)
  done_already='is there already, and waits for its certificate'
}
after_request_then_rotate() { one_next; }
start_install() {
  under_another_root
  run 0 ca rotate --request next.csr --subject 'CN=Corp Agents CA G2' --key p256 --ca start/ca
  answer next.csr 1200
  command_line=(ca install answer.pem --ca ca)
}
after_install() { after_rotate; }
start_install_renewed() {
  under_another_root
  answer first.csr 1200
  command_line=(ca install answer.pem --ca ca)
}
after_install_renewed() {
  equal "$(sql "select count(*) from issuer where leaves = 1")" 2
  equal "$(ls ca/crl)" issuing.crl  # goes on
}

one_next() { equal "$(sql "select count(*) from issuer where state = 'next' and leaves = 1")" 1; }

# --- What holds for all of them.

# start NAME: what start_NAME makes, and what is then known of it.
start() {
  done_already='' again=()
  rm -rf start ca out
  mkdir start
  fast_fleet fleet.yaml 'ws-[1-2]'
  start_$1
  ((${#again[@]} > 0)) || again=("${command_line[@]}")
  fast_fleet fleet.yaml 'ws-[1-3]'
}
fresh() {
  rm -rf ca out next.csr
  cp -a start/ca start/out .
  : >stderr
}

# keys_kept WHAT: each generation's key is there, and is its own. Keys that no row names are printed by
# keys_of_nobody.
keys_kept() {
  local file der
  while read -r file der; do
    [[ -e ca/$file ]] || fail "$1: $file is gone"
    openssl pkey -in "ca/$file" -pubout -out public.pem 2>/dev/null || fail "$1: $file is no key"
    [[ -z $der ]] || cmp -s public.pem <(basenc -d --base16 <<<"$der" | openssl x509 -inform der -noout -pubkey) ||
      fail "$1: $file is not the key of its certificate"
  done < <(sql "select key_file, hex(der) from issuer where key_file is not null and state in ('next', 'current', 'retired')")
}
keys_of_nobody() {
  (cd ca && ls -A | grep -F .key) | grep -vxF -e fleet.key -f <(
    sql "select key_file from issuer where key_file is not null and state in ('next', 'current', 'retired')") || true
}
# crls_whole WHAT: each one in the authority can be read, and names what those before it named.
crls_whole() {
  local crl
  for crl in ca/crl/*.crl; do
    openssl crl -in "$crl" -inform der -noout 2>/dev/null || fail "$1: $crl is not whole"
    [[ ! -e start/$crl || -z $(comm -23 <(listed "start/$crl") <(listed "$crl")) ]] || fail "$1: $crl takes a revocation back"
  done
}
# accepted WHAT: whoever knows trust.pem and crl.pem alone takes each current certificate, and no revoked one.
accepted() {
  local endpoint revoked der
  rm -f leaf-*
  openssl crl2pkcs7 -nocrl -certfile out/trust.pem | openssl pkcs7 -print_certs >trusted
  awk '/^subject=/ { subject = substr($0, 9) } /^issuer=/ { root = substr($0, 8) == subject }
       /BEGIN/, /END/ { if (root) print }' trusted >roots.pem
  sql "select endpoint, revoked_at is not null, hex(der) from certificate join record using (id)
       where state = 'issued'" >leaves
  while read -r endpoint revoked der; do
    { echo '-----BEGIN CERTIFICATE-----'
      basenc -d --base16 <<<"$der" | base64
      echo '-----END CERTIFICATE-----'; } >"leaf-$endpoint-$revoked"
  done <leaves
  openssl verify $check_crls -CAfile roots.pem -untrusted out/trust.pem -CRLfile out/crl.pem leaf-*-0 >verdict 2>&1 ||
    fail "$1: not accepted: $(cat verdict)"
  for leaf in leaf-*-1; do
    ! openssl verify $check_crls -CAfile roots.pem -untrusted out/trust.pem -CRLfile out/crl.pem "$leaf" >verdict 2>&1 ||
      fail "$1: $leaf is accepted, though revoked"
  done
}

# ca_promises WHAT NAME: after a command that was ended, whatever it was ended by.
ca_promises() {
  local code=0 left
  check_crls=-crl_check_all
  [[ ! -e ca/issuing.csr ]] || check_crls=-crl_check  # the CRL of the organization's root is its own
  keys_kept "$1"
  crls_whole "$1"
  run 0 ca show --ca ca --json
  "$FLEETMINT" "${again[@]}" >stdout 2>stderr || code=$?
  ((code == 0)) || { ((code == 2)) && [[ -n $done_already ]] && grep -qF "$done_already" stderr; } ||
    fail "$1: the same command again ends with $code"
  left=$(keys_of_nobody)
  [[ -z $left ]] || fail "$1: keys of no generation: $left"
  [[ $(type -t "after_$2") != function ]] || "after_$2" "$1"
  run 0 ca show --ca ca --json
  equal "$(jq '[.tiers[] | select(.next == false and .name == "issuing")] | length' stdout)" 1
  left=$(sql "select count(*) from issuer where state = 'next' and leaves = 1")
  ((left <= 1)) || fail "$1: $left next generations"
  equal "$(sql "select count(*) from issuer where state = 'current' and leaves = 1")" 1
  run 0 issue fleet.yaml --profiles profiles.d --ca ca --out out --quiet
  run 0 crl --ca ca --out out --quiet
  run 0 verify --ca ca --out out --json
  equal "$(jq -c '[.endpoints, .files, (.findings | length)]' stdout)" '[3,3,0]'
  keys_kept "$1"
  crls_whole "$1"
  accepted "$1"
  left=$(find out ca -name '*.tmp' | head -n 3)
  [[ -z $left ]] || fail "$1: left over: $left"
}
