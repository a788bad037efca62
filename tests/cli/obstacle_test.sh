#!/usr/bin/env bash
# Something that is no file lies in a bundle's place: it is named and never removed, the others are issued, and
# once it is moved away the same command does the rest.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
fast_ca ca
fast_fleet fleet.yaml 'ws-[1-3]'
issue=(issue fleet.yaml --profiles profiles.d --ca ca --out out)
run 0 "${issue[@]}"

# Of one that is to be issued.
fast_fleet fleet.yaml 'ws-[1-6]'
mkdir out/bundles/ws-5.pfx
touch out/bundles/ws-5.pfx/mine
run 1 "${issue[@]}" --json
equal "$(jq -c '[.issued, .failed]' stdout)" '[2,1]'
says "endpoint 'ws-5' was not issued: 'out/bundles/ws-5.pfx' is a directory, where a file of its bundle belongs"
says 'hint: move that away and run the same command again'
run 1 verify --ca ca --out out
prints 'bundles/ws-5.pfx: the ledger knows no such bundle'
mv out/bundles/ws-5.pfx away
run 0 "${issue[@]}"
run 0 verify --ca ca --out out

# Of one that was issued: the bundle is lost, and issued anew once the place is free.
rm out/bundles/ws-1.pfx
mkdir out/bundles/ws-1.pfx
touch out/bundles/ws-1.pfx/mine
run 1 verify --ca ca --out out
prints "ws-1: bundles/ws-1.pfx: cannot read 'out/bundles/ws-1.pfx': Is a directory"
run 1 "${issue[@]}" --replace-damaged
says "endpoint 'ws-1' was not issued"
run 1 delivered ws-1 --delete --ca ca --out out
[[ -f out/bundles/ws-1.pfx/mine ]] || fail 'the directory was emptied'
run 1 manifest --ca ca --out out
mv out/bundles/ws-1.pfx away-too
run 0 "${issue[@]}" --replace-damaged --json
equal "$(jq -r .issued stdout)" 1
run 0 verify --ca ca --out out

# Of one that waits for its place, as a crash leaves it: the others go on, and it keeps waiting.
pending=out/.pending/$(jq -r 'select(.endpoint == "ws-2").serial' out/manifest.jsonl).pfx
mv out/bundles/ws-2.pfx "$pending"
mkdir out/bundles/ws-2.pfx
fast_fleet fleet.yaml 'ws-[1-7]'
run 1 "${issue[@]}" --json
equal "$(jq -c '[.issued, .failed]' stdout)" '[1,0]'
says "waits for its place: 'out/bundles/ws-2.pfx' is a directory"
[[ -f $pending ]] || fail 'the pending bundle is lost'
run 1 verify --ca ca --out out
prints 'a bundle that could not be put in its place'
rmdir out/bundles/ws-2.pfx
run 0 "${issue[@]}"
says '1 file put in place'
run 0 verify --ca ca --out out

# In .pending/, where a crash leaves files.
mkdir "$pending" out/.pending/00112233445566778899aabbccddeeff.pfx
run 0 "${issue[@]}"
run 1 verify --ca ca --out out
prints '.pending/00112233445566778899aabbccddeeff.pfx'
rmdir out/.pending/*
# In a published file's place.
rm out/manifest.csv
mkdir out/manifest.csv
run 3 "${issue[@]}"
says 'hint: move that directory away and run the same command again'
rmdir out/manifest.csv
run 0 manifest --ca ca --out out
run 0 verify --ca ca --out out

# A file where a folder of the hashed layout belongs.
fast_fleet hashed.yaml 'ws-1' hashed
run 0 issue hashed.yaml --profiles profiles.d --ca ca --out hashed --layout hashed
folder=$(ls hashed/bundles)
mv "hashed/bundles/$folder" away-folder
touch "hashed/bundles/$folder"
run 1 verify --ca ca --out hashed
run 1 issue hashed.yaml --profiles profiles.d --ca ca --out hashed --replace-damaged
says "endpoint 'ws-1' was not issued: 'hashed/bundles/$folder' is no directory, where bundles belong"
rm "hashed/bundles/$folder"
mv away-folder "hashed/bundles/$folder"
run 0 manifest --ca ca --out hashed  # which left it out
run 0 verify --ca ca --out hashed
