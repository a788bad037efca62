#!/usr/bin/env bash
# Text files as Windows and spreadsheets write them: byte-order marks, UTF-16, semicolons and tabs; and what is no
# fleet file at all. Each hint is followed to the letter.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
fast_ca ca
mark=$'\xef\xbb\xbf'

hint() { sed -n 's/^hint: //p' stderr | head -n 1; }
# follow FILE: runs the hint's command, which mends FILE or makes FILE.yaml.
follow() {
  local command
  command=$(hint)
  [[ -n $command ]] || fail 'no hint'
  bash -c "$command" || fail "the hint fails: $command"
}
# utf16 FILE [ENCODING]: turns it into UTF-16; iconv writes a byte-order mark for UTF-16 alone.
utf16() { iconv -f UTF-8 -t "${2-UTF-16}" "$1" >"$1.new" && cat "$1.new" >"$1" && rm "$1.new"; }
# opens NAME PASSWORD: its bundle has this password.
opens() { openssl pkcs12 -in "out/bundles/$1.pfx" -passin "pass:$2" -noout 2>/dev/null || fail "$1 has another password"; }

# Fleet and profile files.
fast_fleet fleet.yaml 'ws-[1-3]'
check=(check fleet.yaml --profiles profiles.d)
for encoding in UTF-16 UTF-16LE UTF-16BE; do
  for file in fleet.yaml profiles.d/fast-agent.yaml; do
    utf16 "$file" "$encoding"
    run 2 "${check[@]}"
    says "$file:1:1: the file is in UTF-16"
    follow
    run 0 "${check[@]}"
  done
done
sed -i "1s/^/$mark/" fleet.yaml profiles.d/*.yaml
run 0 "${check[@]}"

# Passphrases, from a file and a descriptor.
printf 'correct horse battery\n' >phrase
chmod 600 phrase
run 0 ca init --profile fast --profiles profiles.d --passphrase-file phrase --ca locked
utf16 phrase
run 3 issue fleet.yaml --profiles profiles.d --ca locked --out locked-out --passphrase-file phrase
says "'phrase': the file is in UTF-16"
follow
run 0 issue fleet.yaml --profiles profiles.d --ca locked --out locked-out --passphrase-file phrase
printf '%scorrect horse battery\r\n' "$mark" >phrase
run 0 verify --ca locked --out locked-out --passphrase-file phrase
run 0 verify --ca locked --out locked-out --passphrase-fd 7 7<phrase

# Passwords: the same table in each form.
printf '  - {name: one, hosts: [o-1], password: "file:own"}\n  - {name: table, hosts: ["t-[1-3]"], password: "csv:table"}\n' >>fleet.yaml
printf '%sown password\r\n' "$mark" >own
number=0
table() { # TEXT: as the table of a new output
  rm -rf out
  printf '%b' "$1" >table
  chmod 600 own table
  sed -i "s/^\($mark\)\?fleet: .*/fleet: table-$((++number))/" fleet.yaml
}
# A third column, as `fleetmint passwords --csv` has one, is no part of the password.
for text in 't-1,one,two\nt-2,b\nt-3,c\n' 'endpoint,serial,password\nt-1,4f,one\nt-2,50,two\nt-3,51,three\n'; do
  table "$text"
  run 2 issue fleet.yaml --profiles profiles.d --ca ca --out out
  says 'more than two columns'
done
for text in 'endpoint,password\nt-1,first;one\nt-2,"second,one"\nT-3,"the ""third"", one"\n' \
  't-1,first;one\nt-2,"second,one"\nt-3,"the ""third"", one"\n' \
  '\xef\xbb\xbfEndpoint;Password\r\nt-1;"first;one"\r\nt-2;second,one\r\nt-3;"the ""third"", one"\r\n' \
  'sep=;\r\nendpoint;password\r\nt-1;"first;one"\r\nt-2;second,one\r\nt-3;"the ""third"", one"' \
  '\xef\xbb\xbfendpoint\tpassword\r\nt-1\tfirst;one\r\n\r\nt-2\tsecond,one\r\nt-3\t"the ""third"", one"\r\n' \
  '#TYPE System.Object\r\n"endpoint","password"\r\n"t-1","first;one"\r\n"t-2","second,one"\r\n"t-3","the ""third"", one"\r\n'; do
  table "$text"
  run 0 issue fleet.yaml --profiles profiles.d --ca ca --out out
  opens o-1 'own password'
  opens t-1 'first;one'
  opens t-2 'second,one'
  opens t-3 'the "third", one'
done
utf16 table
utf16 own
run 2 "${check[@]}"
says 'own: the file is in UTF-16'
says 'table: the file is in UTF-16'
sed -n 's/^hint: umask/umask/p' stderr >commands
equal "$(wc -l <commands)" 2
bash -e commands
equal "$(stat -c %a own table | tr '\n' ' ')" '600 600 '
run 0 "${check[@]}"

# refused TEXT PLACE: a line that is not as the first one.
refused() {
  table "$1"
  run 2 "${check[@]}"
  says "table:$2"
}
refused 'endpoint;password\nt-1;a long one\nt-2,a long one\nt-3;a long one\n' '3:1: no semicolon in this line'
refused 'endpoint\tpassword\nt-1\ta long one\nt-2;a long one\nt-3\ta long one\n' '3:1: no tab in this line'
refused '"t-1","a long one"\n"t-2" "a long one"\nt-3,a long one\n' '2:1: no comma in this line'
refused 't-1,"a "long" one"\nt-2,a long one\nt-3,a long one\n' '1:1: bad quotes in this line'
rm -rf out

# Receipts.
fast_fleet fleet.yaml 'ws-[1-3]'
run 0 issue fleet.yaml --profiles profiles.d --ca ca --out out
jq -c 'select(.endpoint == "ws-1") | {endpoint, sha1}' out/manifest.jsonl >receipts
sed -i "1s/^/$mark/" receipts
run 0 installed receipts --ca ca
utf16 receipts
run 2 installed receipts --ca ca
says 'receipts: the file is in UTF-16'
follow
run 0 installed receipts --ca ca

# What is no fleet file: the hint makes one of its hosts.
other() { # FILE WORDS HOSTS
  run 2 check "$1"
  says "$1:1:1: the file is in $2 format"
  follow
  equal "$(sed -n 's/^- "\(.*\)"$/\1/p' "$1.yaml" | tr '\n' ' ')" "$3"
  run 0 check "$1.yaml"
}
printf '# of ours\n[web]\nweb01 ansible_host=10.0.0.1\nweb[02:04].example.com\n\n[all:children]\nweb\n[web:vars]\nuser=root\n; old\n[db]\nweb01\ndb1\r\n' >hosts.ini
other hosts.ini INI 'web01 web[02-04].example.com db1 '
printf 'db1 ansible_host=10.0.0.1\n' >flat.ini
other flat.ini INI 'db1 '
printf '#TYPE Selected\r\n"Name","OperatingSystem"\r\n"ws-1","Windows 10"\r\n"ws-2","Windows 11, too"\r\n' >'my hosts.csv'
other 'my hosts.csv' CSV 'ws-1 ws-2 '
printf '%sname;os\r\nws-1;x\r\n' "$mark" >semicolons.csv
other semicolons.csv CSV 'ws-1 '
# A first line that is no header is a host; each host once.
printf 'ws-1,linux\nws-2,linux\nWS-1,linux\n' >bare.csv
other bare.csv CSV 'ws-1 ws-2 '
printf 'name\tos\nws-1\tx\n' >tabs.csv
other tabs.csv CSV 'ws-1 '

# A fault of the syntax, and every fault before it; what may stand behind it is no fault.
cat >cut.yaml <<'Y'
proflie: fast-agent
defaults: {os: windos}
groups:
  - name: a
    hosts: ["ws-[9-1]", b, ../x]
    validity: soon
  - name: a
    endpoints:
      - {name: CON, fqdn: a..b}
      - {fqdn: "a..c", dns: "x}
overrides: {q: 1}
Y
run 2 check cut.yaml
equal "$(grep -o '^fleetmint: cut.yaml:[0-9:]*' stderr | cut -d: -f3,4 | tr '\n' ' ')" '1:1 2:16 5:13 5:28 6:15 7:5 9:16 9:27 10:16 10:29 '
says 'cut.yaml:10:29: the double quote is not closed before line 11'
cat >cut-profile.yaml <<'Y'
extends: mtls-client
validity: soon
bits: 2048
key: {algorithm: rsaa, bits: 2048
Y
run 2 check fleet.yaml --profiles cut-profile.yaml
for place in 2:11 3:1 4:18 4:6; do says "cut-profile.yaml:$place: "; done
equal "$(grep -c '^fleetmint: cut-profile' stderr)" 4
