#!/usr/bin/env bash
# A real handshake: curl shows an agent's PFX to `openssl s_server -Verify` and to node's TLS server, which
# itself runs on a server bundle. Both let the agent in, and refuse a certificate of another authority, one
# that has expired, and none at all.
source "$(dirname "${BASH_SOURCE[0]}")/../cli/lib.sh"
command -v curl >/dev/null || skip 'curl is not installed'
cat >fleet.yaml <<'Y'
fleet: handshake
profile: observeit-agent
defaults: {domain: example.com, os: windows-11}
groups:
  - {name: agents, hosts: [agent, late]}
  - name: servers
    profile: observeit-server
    endpoints:
      - {name: itm, dns: [localhost], ip: [127.0.0.1]}
overrides:
  late: {validity: 3s, jitter: 0s}
Y
printf 'fleet: strangers\nprofile: observeit-agent\ndefaults: {domain: example.com}\ngroups:\n  - {name: g, hosts: [agent]}\n' >other.yaml
run 0 ca init --no-passphrase --ca ca
run 0 ca init --profile single-tier --no-passphrase --ca stranger
run 0 issue fleet.yaml --ca ca --out out
late_from=$SECONDS
run 0 issue other.yaml --ca stranger --out out-stranger

# config AUTHORITY OUT ENDPOINT: a curl configuration (no password in argv) for that bundle.
config() {
  (umask 077; printf 'cert-type = P12\ncert = "%s/bundles/%s.pfx:%s"\n' "$2" "$3" \
    "$("$FLEETMINT" passwords "$3" --ca "$1" 2>/dev/null)")
}
config ca out agent >agent.curl
config ca out late >late.curl
config stranger out-stranger agent >stranger.curl
: >none.curl
"$FLEETMINT" passwords itm --ca ca >itm.password 2>/dev/null
openssl pkcs12 -in out/bundles/itm.pfx -passin file:itm.password -noenc -out itm.pem 2>/dev/null

get() { curl --silent --show-error --max-time 20 --config "$1.curl" --cacert ca/root.crt "https://localhost:$port/" >page 2>curl.err; }
reachable() {
  local i
  for ((i = 0; i < 200; ++i)); do
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && return
    sleep 0.05
  done
  fail "nothing listens on port $port"
}
judge() { # NAME-OF-SERVER
  get agent || fail "$1 refuses the agent: $(cat curl.err)"
  [[ -s page ]] || fail "$1 sends no page"
  ! get stranger || fail "$1 lets in a certificate of another authority"
  ! get late || fail "$1 lets in an expired certificate"
  ! get none || fail "$1 lets in a client without a certificate"
  get agent || fail "$1 refuses the agent after refusing others"
}
while ((SECONDS - late_from < 5)); do sleep 0.5; done  # `late` has expired by now

port=$((20000 + RANDOM % 20000))
openssl s_server -accept $port -cert itm.pem -key itm.pem -cert_chain ca/issuing.crt -CAfile out/chain.pem \
  -Verify 3 -verify_return_error -www >s_server.log 2>&1 &
reachable
judge 'openssl s_server'

command -v node >/dev/null || skip 'node is not installed: its server was not tried'
port=$((port + 1))
cat >server.js <<'JS'
const fs = require('fs');
require('https').createServer({
  pfx: fs.readFileSync('out/bundles/itm.pfx'),
  passphrase: fs.readFileSync('itm.password', 'utf8').trim(),
  ca: fs.readFileSync('out/chain.pem', 'utf8').match(/-----BEGIN[^]*?-----END CERTIFICATE-----/g),
  requestCert: true, rejectUnauthorized: true,
}, (request, response) => response.end('hello ' + request.socket.getPeerCertificate().subject.CN))
  .listen(Number(process.argv[2]));
JS
node server.js $port >node.log 2>&1 &
reachable
judge node
get agent
equal "$(cat page)" 'hello agent.example.com'
