#!/usr/bin/env bash
# A project is moved: fleet file, passwords, authority and output together, or one of them alone.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
mkdir -p project/pw
cd project
fast_ca ca
cat >fleet.yaml <<'Y'
fleet: test
profile: fast-agent
defaults: {domain: example.com, os: windows-11}
groups:
  - {name: derived, hosts: ws-1}
  - {name: file, hosts: ws-2, password: "file:pw/one"}
  - {name: csv, hosts: ws-3, password: "csv:./pw/all.csv"}
Y
(umask 077; echo 'a password of one' >pw/one; printf 'endpoint,password\nws-3,a password of all\n' >pw/all.csv)
issue=(issue fleet.yaml --profiles profiles.d --ca ca --out out)
unchanged() {
  run 0 "$@" --json
  equal "$(jq -c '[.issued, .skipped]' stdout)" '[0,3]'
  ! grep -q 'other settings' stderr || fail 'what was moved seems changed'
}
run 0 "${issue[@]}"
run 0 verify --ca ca --out out
cd ..

mv project moved
run 0 verify --ca moved/ca --out moved/out
cd moved
run 0 verify --ca ca --out out
unchanged "${issue[@]}"
cd ..
unchanged issue moved/fleet.yaml --profiles moved/profiles.d --ca moved/ca --out moved/out
ln -s moved link
run 0 verify --ca link/ca --out link/out

# The authority alone: from the next issue on the passwords are found from there.
mkdir -p safe/deep
mv moved/ca safe/deep/ca
run 1 verify --ca safe/deep/ca --out moved/out
prints 'ws-2: cannot read'
unchanged issue moved/fleet.yaml --profiles moved/profiles.d --ca safe/deep/ca --out moved/out
run 0 verify --ca safe/deep/ca --out moved/out

# Another file of passwords is a change.
sed -i 's|pw/one|pw/two|' moved/fleet.yaml
cp -p moved/pw/one moved/pw/two
run 0 issue moved/fleet.yaml --profiles moved/profiles.d --ca safe/deep/ca --out moved/out
says '1 endpoint (ws-2): password file:pw/one -> file:pw/two'
