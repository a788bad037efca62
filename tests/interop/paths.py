#!/usr/bin/env python3
"""Certification paths, pairwise over named axes: fleetmint's verdict beside those of OpenSSL and Go.

  paths.py VERDICT_PROGRAM GO_PROGRAM WORK_DIRECTORY [SEED]

Held to this: fleetmint has an error exactly where `openssl verify -policy_check -purpose P` refuses for a usage of
the leaf; where only `-x509_strict` refuses, or only Go does, fleetmint has a warning that names it, and no such
warning where it does not refuse. Each value of an axis that is marked so changes somebody's verdict on the sound path.
"""
import itertools
import os
import random
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

SKI, AKI = 'subjectKeyIdentifier=hash', 'authorityKeyIdentifier=keyid'
NC = 'nameConstraints='
# Axes: value -> extension lines or settings; the first value is the sound one. A value in HARMLESS changes no verdict.
AXES = {
    'depth': ['2', '1', '3', '3-self-issued', '3-self-issued-short'],
    'usage': ['', 'clientAuth', 'serverAuth', 'clientAuth,serverAuth', 'anyExtendedKeyUsage', 'codeSigning',
              'serverAuth,msSGC', 'clientAuth,nsSGC'],
    'root_usage': ['', 'serverAuth', 'critical,clientAuth'],
    'key_usage': ['critical,keyCertSign,cRLSign', '', 'keyCertSign', 'critical,cRLSign', 'critical,digitalSignature'],
    'basic': ['critical,CA:TRUE', 'CA:TRUE', '', 'critical,CA:FALSE', 'critical,CA:TRUE,pathlen:0'],
    'root_basic': ['critical,CA:TRUE', 'CA:TRUE', '', 'critical,CA:TRUE,pathlen:0', 'critical,CA:TRUE,pathlen:1'],
    'constraints': ['', 'permitted;DNS:corp.example', 'critical,permitted;DNS:.corp.example',
                    'permitted;DNS:itAuth,permitted;DNS:corp.example', 'excluded;DNS:lab.corp.example',
                    'critical,permitted;dirName:acme', 'permitted;dirName:acme', 'excluded;dirName:acme',
                    'critical,permitted;dirName:other', 'excluded;dirName:other',
                    'critical,permitted;email:corp.example', 'permitted;email:.corp.example',
                    'excluded;email:ops@corp.example', 'permitted;URI:corp.example', 'permitted;URI:.corp.example',
                    'critical,permitted;IP:10.0.0.0/255.0.0.0', 'excluded;IP:10.1.0.0/255.255.0.0',
                    'permitted;IP:2001:db8::/ffff:ffff::', 'DER:3006a00430028200', 'critical,excluded;URI:lab.example',
                    'permitted;otherName:1.3.6.1.4.1.311.20.2.3;UTF8:corp.example', 'permitted;RID:1.2.3.4'],
    'root_constraints': ['', 'critical,permitted;DNS:corp.example,permitted;DNS:itAuth',
                         'critical,excluded;DNS:corp.example', 'permitted;dirName:acme', 'permitted;dirName:other'],
    'policies': ['', 'requireExplicitPolicy:0', 'requireExplicitPolicy:1', 'requireExplicitPolicy:2',
                 'critical,requireExplicitPolicy:0', 'inhibitPolicyMapping:0', 'inhibitAny'],
    'middle_policies': ['', 'requireExplicitPolicy:0', 'requireExplicitPolicy:2', 'requireExplicitPolicy:3'],
    'identifiers': ['both', 'no subject', 'no authority', 'neither', 'critical subject', 'critical authority',
                    'another key',
                    'another serial', 'issuer and serial'],
    'serial': ['77', '-5', '0x' + '7f' * 20, '0x' + '7f' * 21],
    'extension': ['', '1.2.3.4=DER:0500', '1.2.3.4=critical,DER:0500', 'issuerAltName=DNS:ca.example',
                  'crlDistributionPoints=critical,URI:http://crl.example/ca.crl',
                  'subjectAltName=DNS:ca.corp.example', 'subjectAltName=email:ca@corp.example'],
    'ca_name': ['/O=Acme/CN=Issuing', '/CN=Issuing', '/O=ACME /CN=Issuing', '/O=Other/CN=Issuing',
                '/O=Acme/CN=Issuing/emailAddress=ca@lab.example', '/O=Acme/CN=issuing.corp.example'],
    'digest': ['sha256', 'sha384', 'sha1'],
    'when': ['now', 'after the root', 'before'],
    'leaf_usage': ['clientAuth', 'serverAuth', 'clientAuth,serverAuth', ''],
    'leaf_key_usage': ['critical,digitalSignature,keyEncipherment', 'critical,keyEncipherment', 'keyAgreement', ''],
    'leaf_name': ['/O=Acme/CN=ws-1.corp.example', '/CN=ws-1.corp.example', '/O=Acme, Inc./CN=ws-1', '/CN=itAuth',
                  '/O=acme/CN=WS', '/O=Acme/OU=Hosts/CN=ws.lab.corp.example', '/O=Acme/CN=x/emailAddress=ops@corp.example',
                  '/O=Acme/CN=x/emailAddress=Ops@corp.example', '/CN=y/emailAddress=a@b.corp.example',
                  '/O=Acme/CN=ws-1.other.example', '/O=Acme/CN=-bad.example'],
    'leaf_san': ['DNS:itAuth', 'DNS:ws-1.corp.example', 'DNS:corp.example', 'DNS:WS.LAB.CORP.EXAMPLE',
                 'DNS:xcorp.example', '', 'IP:10.1.2.3', 'IP:10.2.0.1', 'IP:2001:db8::1,DNS:itAuth', 'IP:fe80::1',
                 'URI:https://host.corp.example/a', 'URI:https://corp.example:8443/', 'URI:urn:uuid:1',
                 'URI:http://x.lab.example', 'email:ops@corp.example', 'email:a@b.corp.example', 'email:A@CORP.example',
                 'otherName:1.3.6.1.4.1.311.20.2.3;UTF8:ws@corp.example', 'RID:1.2.3.4', 'DNS:a.itAuth'],
}
# Values that change no verdict beside any single other one.
HARMLESS = {('usage', 'clientAuth'), ('usage', 'clientAuth,serverAuth'), ('usage', 'clientAuth,nsSGC'),
            ('root_usage', 'critical,clientAuth'), ('digest', 'sha384'), ('extension', '1.2.3.4=DER:0500'),
            ('extension', 'issuerAltName=DNS:ca.example'), ('policies', 'inhibitPolicyMapping:0'),
            ('extension', 'crlDistributionPoints=critical,URI:http://crl.example/ca.crl'),
            ('serial', '0x' + '7f' * 20), ('serial', '0x' + '7f' * 21), ('serial', '-5'),
            ('basic', 'critical,CA:TRUE,pathlen:0'), ('key_usage', 'keyCertSign'), ('leaf_key_usage', ''),
            ('leaf_key_usage', 'keyAgreement'), ('policies', 'requireExplicitPolicy:2'),
            ('middle_policies', 'requireExplicitPolicy:3'), ('constraints', 'DER:3006a00430028200'),
            ('constraints', 'excluded;dirName:other'), ('leaf_san', 'DNS:a.itAuth'), ('leaf_name', '/O=acme/CN=WS'),
            ('leaf_name', '/O=Acme/CN=-bad.example'), ('leaf_name', '/O=Acme/CN=ws-1.other.example'),
            ('leaf_name', '/O=Acme/OU=Hosts/CN=ws.lab.corp.example'), ('ca_name', '/O=ACME /CN=Issuing'),
            ('ca_name', '/O=Acme/CN=Issuing/emailAddress=ca@lab.example'),
            ('ca_name', '/O=Acme/CN=issuing.corp.example')}
# What Go alone reads otherwise, and fleetmint does not say: a host in a URI constraint holds the hosts below it; a CA's
# constraints bind the CA itself; "server gated cryptography" is no server authentication.
GO_ALONE = [{('constraints', 'critical,excluded;URI:lab.example'), ('leaf_san', 'URI:http://x.lab.example')},
            {('constraints', 'permitted;email:.corp.example'), ('extension', 'subjectAltName=email:ca@corp.example')},
            {('usage', 'clientAuth,nsSGC'), ('leaf_usage', 'clientAuth,serverAuth')},
            {('usage', 'clientAuth,nsSGC'), ('leaf_usage', 'serverAuth')}]


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, **options)


def must(*command):
    done = run(*command)
    if done.returncode != 0:
        sys.exit(f'{" ".join(command)}: {done.stderr}')
    return done.stdout


def pairwise(rng, count):
    """The sound path; each odd value alone; `count` of the pairs of odd values of two axes, the rest sound."""
    names = list(AXES)
    sound = {name: AXES[name][0] for name in names}
    odd = [(name, value) for name in names for value in AXES[name][1:]]
    pairs = [pair for pair in itertools.combinations(odd, 2) if pair[0][0] != pair[1][0]]
    rng.shuffle(pairs)
    return [sound] + [{**sound, name: value} for name, value in odd] + [{**sound, **dict(pair)} for pair in pairs[:count]]


class Maker:
    def __init__(self, work):
        self.work = work
        for name in ('root', 'middle', 'issuing', 'leaf'):
            must('openssl', 'genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out',
                 f'{work}/{name}.key')

    def sign(self, place, name, key, subject, extensions, issuer, serial='77', digest='sha256', days='300'):
        """Makes NAME.pem in `place`, signed by `issuer` = (name, key), or by itself."""
        config = f'{place}/{name}.cnf'
        with open(config, 'w', encoding='utf8') as file:
            file.write('[req]\ndistinguished_name=dn\n[dn]\n[acme]\nO=Acme\n[other]\nO=Other\n[ext]\n'
                       + '\n'.join(extensions) + '\n')
        request, out = f'{place}/{name}.csr', f'{place}/{name}.pem'
        must('openssl', 'req', '-new', '-key', f'{self.work}/{key}.key', '-subj', subject, '-config', config,
             '-out', request)
        signed_by = ['-signkey', f'{self.work}/{key}.key'] if issuer is None else [
            '-CA', f'{place}/{issuer[0]}.pem', '-CAkey', f'{self.work}/{issuer[1]}.key']
        must('openssl', 'x509', '-req', '-in', request, '-out', out, '-days', days, f'-{digest}', '-extfile', config,
             '-extensions', 'ext', '-set_serial', serial, *signed_by)

    def make(self, place, case):
        os.makedirs(place, exist_ok=True)
        no_subject = ['subjectKeyIdentifier=none']  # openssl adds one where nothing is said
        no_authority = ['authorityKeyIdentifier=none']
        subject_id = {'no subject': no_subject, 'neither': no_subject,
                      'critical subject': ['subjectKeyIdentifier=critical,hash'],
                      }.get(case['identifiers'], [SKI])
        authority_id = {'critical authority': ['authorityKeyIdentifier=critical,keyid'],
                        'no authority': no_authority, 'neither': no_authority,
                        'another key': ['2.5.29.35=DER:301680140102030405060708090a0b0c0d0e0f1011121314'],
                        'another serial': ['2.5.29.35=DER:300382017b'],
                        'issuer and serial': ['authorityKeyIdentifier=issuer:always'],
                        }.get(case['identifiers'], [AKI])

        def lines(**named):
            return [f'{key}={value}' for key, value in named.items() if value]
        policies = [] if not case['policies'] else (
            ['inhibitAnyPolicy=critical,0'] if case['policies'] == 'inhibitAny'
            else [f'policyConstraints={case["policies"]}'])
        issuing = (lines(basicConstraints=case['basic'], keyUsage=case['key_usage'], extendedKeyUsage=case['usage'],
                         nameConstraints=case['constraints']) + policies + subject_id
                   + ([case['extension']] if case['extension'] else []))
        root = lines(basicConstraints=case['root_basic'], keyUsage='critical,keyCertSign,cRLSign',
                     extendedKeyUsage=case['root_usage'], nameConstraints=case['root_constraints']) + [SKI]
        depth = case['depth']
        if depth == '1':
            self.sign(place, 'issuing', 'issuing', case['ca_name'], issuing, None, case['serial'], case['digest'], '100')
            chain, between, root_name = ['issuing'], [], 'issuing'
        else:
            self.sign(place, 'root', 'root', '/O=Acme/CN=Root', root, None, days='100')
            above = ('root', 'root')
            between = ['issuing']
            chain = ['issuing', 'root']
            root_name = 'root'
            if depth.startswith('3'):
                self_issued = 'self-issued' in depth
                length = ',pathlen:0' if depth.endswith('short') else ''
                middle = lines(basicConstraints='critical,CA:TRUE' + length, keyUsage='critical,keyCertSign',
                               policyConstraints=case['middle_policies']) + [SKI, AKI]
                self.sign(place, 'middle', 'middle', '/O=Acme/CN=Root' if self_issued else '/O=Acme/CN=Middle', middle,
                          above, '78')
                above = ('middle', 'middle')
                between, chain = ['issuing', 'middle'], ['issuing', 'middle', 'root']
            self.sign(place, 'issuing', 'issuing', case['ca_name'], issuing + authority_id, above, case['serial'],
                      case['digest'])
        leaf = lines(basicConstraints='critical,CA:FALSE', keyUsage=case['leaf_key_usage'],
                     extendedKeyUsage=case['leaf_usage'], subjectAltName=case['leaf_san'])
        named = case['identifiers'] not in ('no subject', 'neither')  # the issuer's key can be named
        self.sign(place, 'leaf', 'leaf', case['leaf_name'], leaf + [SKI] + ([AKI] if named else no_authority),
                  ('issuing', 'issuing'), '4660')
        for file, names in (('chain.pem', chain), ('between.pem', between)):
            with open(f'{place}/{file}', 'w', encoding='utf8') as out:
                out.writelines(open(f'{place}/{name}.pem', encoding='utf8').read() for name in names)
        return f'{place}/{root_name}.pem'


def openssl(place, root, when, usages, *flags):
    """Why OpenSSL refuses for one of the usages; '' where it accepts for all."""
    for usage in usages:
        purpose = {'client': ['-purpose', 'sslclient'], 'server': ['-purpose', 'sslserver'], 'any': []}[usage]
        between = ['-untrusted', f'{place}/between.pem'] if os.path.getsize(f'{place}/between.pem') else []
        done = run('openssl', 'verify', '-no-CApath', '-no-CAstore', '-CAfile', root, *between, '-attime', str(when),
                   *purpose, *flags, f'{place}/leaf.pem')
        if done.returncode != 0:
            reasons = [line for line in done.stderr.splitlines() if line.startswith('error ')]
            return reasons[0] if reasons else done.stderr.strip()
    return ''


def main():
    program, go, work = sys.argv[1:4]
    rng = random.Random(int(sys.argv[4]) if len(sys.argv) > 4 else 20261127)
    wanted = os.environ.get('PATHS_PAIRS', '200')
    cases = pairwise(rng, None if wanted == 'all' else int(wanted))
    maker = Maker(work)
    now = int(time.time())
    times = {'now': now + 86400,  # whenever a certificate is made within the run
              'after the root': now + 150 * 86400, 'before': now - 2 * 86400}

    def judge(numbered):
        number, case = numbered
        place = f'{work}/{number}'
        root = maker.make(place, case)
        when = times[case['when']]
        usages = [usage[:6] for usage in case['leaf_usage'].split(',') if usage] or ['any']
        return {'case': case, 'place': place, 'when': when, 'root': root, 'usages': usages,
                'openssl': openssl(place, root, when, usages, '-policy_check'),
                'strict': openssl(place, root, when, usages, '-policy_check', '-x509_strict')}

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(judge, enumerate(cases)))
    ours = run(program, input=''.join(f'{r["when"]} {r["place"]}/chain.pem {r["place"]}/leaf.pem\n' for r in results))
    asked = [(r, usage) for r in results for usage in r['usages']]
    gos = run(go, input=''.join(f'{r["when"]} {r["root"]} {r["place"]}/between.pem {r["place"]}/leaf.pem {usage}\n'
                                for r, usage in asked))
    for result in results:
        result['go'] = ''
    for (result, _), line in zip(asked, gos.stdout.splitlines(), strict=True):
        if line != 'accepts':
            result['go'] = line
    wrong = []
    for result, line in zip(results, ours.stdout.splitlines(), strict=True):
        errors, warnings = line.split('\t')
        result['ours'] = bool(errors)
        strict = 'x509_strict' in warnings
        # Of versions: Go 1.19 takes negative serials.
        by_go = any(who.startswith('Go') and 'from' not in who or 'and Go' in who
                    for who in (warning.split('=')[1] for warning in warnings.split(';') if warning))
        verdicts = f'ours: {line!r}\n  openssl: {result["openssl"]}\n  strict: {result["strict"]}\n  go: {result["go"]}'
        difference = ''
        if bool(errors) != bool(result['openssl']):
            difference = 'error'
        elif not errors and strict != bool(result['strict']):
            difference = 'strict'
        elif not errors and by_go != bool(result['go']) and not any(
                pair <= set(result['case'].items()) for pair in GO_ALONE):
            difference = 'go'
        if difference:
            odd = {key: value for key, value in result['case'].items() if value != AXES[key][0]}
            wrong.append(f'{difference}: {result["place"]} {odd}\n  {verdicts}')
    sound = results[0]
    verdicts_of = lambda r: (bool(r['openssl']), bool(r['strict']), bool(r['go']))
    refused = sum(bool(r['openssl']) for r in results)
    print('\n'.join(wrong[:int(os.environ.get('PATHS_SHOWN', '10'))]))
    print(f'{len(results)} paths, {refused} refused by OpenSSL, '
          f'{sum(bool(r["strict"]) and not r["openssl"] for r in results)} by -x509_strict alone, '
          f'{sum(bool(r["go"]) and not r["openssl"] for r in results)} by Go and not OpenSSL, {len(wrong)} differences')
    assert verdicts_of(sound) == (False, False, False), verdicts_of(sound)
    # Each value changes some verdict, on the sound path or beside another odd value.
    idle = {(name, value) for name in AXES for value in AXES[name][1:]} - HARMLESS
    of_case = {frozenset(r['case'].items()): verdicts_of(r) for r in results}
    for result in results:
        for name, value in result['case'].items():
            other = of_case.get(frozenset({**result['case'], name: AXES[name][0]}.items()))
            if other is not None and other != verdicts_of(result):
                idle.discard((name, value))
    if wanted == 'all' and idle:
        print(f'values that changed no verdict: {sorted(idle)}')
        return 1
    # Most of the pairs are sound: else something else than the axes decides.
    return len(wrong) > 0 or len(results) < 200 or 2 * refused > 3 * len(results) / 2


sys.exit(main())
