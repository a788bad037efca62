"""What must hold after the steps of a history."""

import json

import judge
from model import SLACK
from program import Failure

OLD_ONES = 6  # certificates that are not current any more, judged each time


def expect(holds, what):
    if not holds:
        raise Failure(what)


class Checks:
    """Of History."""

    def manifest(self):
        path = self.work / "out" / "manifest.jsonl"
        if not path.exists():
            return {}
        lines = {}
        for text in path.read_text().splitlines():
            line = json.loads(text)
            line["ends"] = self.unix(line["not_after"])
            lines[line["endpoint"]] = line
        return lines

    def check(self, published, last=False):
        """`published`: the step has published by itself. What the program says of itself is asked now and then."""
        if not (self.work / "out").exists():
            return
        model, program = self.model, self.program
        if not published or self.random.random() < 0.1:
            program.call((0, 1) if model.lost else 0, "manifest", "--ca", "ca", "--out", "out")
        manifest = self.manifest()
        current = model.current()
        expect(set(manifest) == current - model.lost,
               f"the manifest has {sorted(manifest)}, the model {sorted(current - model.lost)}")
        for name, line in manifest.items():
            self.check_line(name, line)
        if self.random.random() < 0.3:
            listed = [entry["endpoint"] for entry in program.json(0, "list", "--ca", "ca")["certificates"]]
            expect(len(listed) == len(set(listed)) and set(listed) == current,
                   "an endpoint has two current certificates, or none")
        if program.crashed or last or self.random.random() < 0.3:
            self.check_verify()
        program.crashed = False
        self.check_trust()
        self.read_bundles()
        self.check_verdicts()

    def check_line(self, name, line):
        model = self.model
        serial = model.endpoints[name].serial()
        expect(line["serial"] == serial, f"{name}: {line['serial']} in the manifest, {serial} in the model")
        supersedes = [entry["serial"] for entry in line["supersedes"]]
        model.endpoints[name].take_order(supersedes)
        expect(supersedes == model.supersedes(name),
               f"{name} supersedes {supersedes}, in the model {model.supersedes(name)}")
        expect((line["state"] == "revoked") == (serial in model.revoked), f"{name} is {line['state']}")
        issuer = self.reader.certificate(model.cas[model.issued[serial].ca].der).sha256
        expect(line["issuer"] == issuer, f"{name}: issuer {line['issuer']}, in the model {issuer}")

    def check_verify(self):
        model = self.model
        found = self.program.json((0, 1), "verify", "--ca", "ca", "--out", "out")["findings"]
        ended = model.ended(self.program.now())
        strange = [f for f in found if f["endpoint"] not in model.lost and
                   not (f["endpoint"] in ended and "expired at" in json.dumps(f))]
        expect(not strange, f"verify finds {strange}")

    def check_trust(self):
        """trust.pem has the CAs that hosts have to know; chain.pem is one ordered chain."""
        model, now = self.model, self.program.now()
        there = judge.blocks((self.work / "out" / "trust.pem").read_text())
        expect(len(there) == len(set(there)), "trust.pem has a certificate twice")
        needed, allowed = set(), set()
        for ca in model.cas.values():
            line = {ca.der, self.ca_certificates[ca.root].der}
            answers = not ca.revoked and model.answers(ca, now)
            needed |= line if answers else set()
            allowed |= line if answers is not False else set()
        subjects = lambda ders: sorted(self.reader.certificate(der).subject for der in ders)
        expect(needed <= set(there), f"trust.pem lacks {subjects(needed - set(there))}")
        expect(set(there) <= allowed, f"trust.pem has {subjects(set(there) - allowed)}, too")
        chain = judge.blocks((self.work / "out" / "chain.pem").read_text())
        ca = model.current_ca()
        expect(chain == [ca.der, self.ca_certificates[ca.root].der], f"chain.pem is {subjects(chain)}")
        for below, above in zip(chain, [*chain[1:], chain[-1]]):
            expect(self.reader.signed(below, "certificate", above), "chain.pem is not in order")

    def read_bundles(self):
        """Opens what is new: a bundle holds the certificate of its line, signed by the CA that the model knows."""
        model = self.model
        fresh = {name for name in model.current() - model.lost if model.endpoints[name].serial() not in self.ders}
        if not fresh:
            return
        passwords = {entry["endpoint"]: entry["password"]
                     for entry in self.program.json(0, "passwords", "--ca", "ca")["passwords"]}
        for name in sorted(fresh):
            one = model.issued[model.endpoints[name].serial()]
            ders = self.reader.pfx((self.work / "out" / "bundles" / f"{name}.pfx").read_bytes(), passwords[name])
            own = self.reader.certificate(ders[0])
            ca = model.cas[one.ca]
            wanted = (one.serial, one.sha256, one.ends_by, ca.subject)
            expect((own.serial, own.sha256, own.not_after, own.issuer) == wanted,
                   f"the bundle of {name} holds {own}, not {one}")
            expect(ders[1:] == [ca.der], f"the bundle of {name} brings another CA along than its own")
            self.ders[one.serial] = ders[0]

    def check_verdicts(self):
        """What openssl makes of certificates, with the files that servers would have loaded, is what the model says."""
        model, now = self.model, self.program.now()
        have_crls = (self.work / "out" / "crl.pem").exists()
        current = {model.endpoints[name].serial() for name in model.current() - model.lost}
        others = sorted(set(self.ders) - current)
        serials = [*sorted(current), *self.random.sample(others, min(OLD_ONES, len(others)))]
        verdicts = judge.verdicts(self.work, {serial: self.ders[serial] for serial in serials}, "out/trust.pem",
                                  "out/crl.pem" if have_crls else None, now)
        for serial, verdict in verdicts.items():
            if have_crls and serial in model.revoked and serial not in self.on_crls:
                continue  # not on a CRL yet
            one = model.issued[serial]
            stands = not model.cas[one.ca].revoked and one.ends_from > now
            good = stands and not (have_crls and serial in model.revoked)
            expect((verdict == "") == good, f"{one}: good: {good}; openssl says '{verdict}'")
            if stands and not good:
                expect("certificate revoked" in verdict, f"{one}: openssl says '{verdict}'")

    # --- CRLs

    def check_crls(self):
        """Each CRL names what its CA has to say, and nothing else; called when `crl` was run."""
        model, now = self.model, self.program.now()
        by_issuer = {}
        for der in judge.blocks((self.work / "out" / "crl.pem").read_text(), "X509 CRL"):
            crl = self.reader.crl(der)
            expect(crl.issuer not in by_issuer, f"crl.pem has two CRLs of {crl.issuer}")
            by_issuer[crl.issuer] = crl
            above = self.ca_certificates.get(crl.issuer)
            if above is None:
                expect(model.rotate_crashed, f"a CRL of {crl.issuer}, which is no CA")
                continue
            expect(self.reader.signed(der, "crl", above.der), f"the CRL of {crl.issuer} is not signed by it")
            self.check_goes_on(crl)
        for ca in model.cas.values():
            self.check_ca_crl(ca, by_issuer.get(ca.subject), now)
        for root in {ca.root for ca in model.cas.values()}:
            self.check_root_crl(root, by_issuer.get(root), now)
        own = (self.work / "out" / "crl.der").read_bytes()
        expect(own == by_issuer[model.current_ca().subject].der, "crl.der is not the CRL of the current CA")
        self.on_crls = set(model.revoked)
        self.former_crls = {**self.former_crls, **by_issuer}

    def check_goes_on(self, crl):
        last = self.former_crls.get(crl.issuer)
        if last is not None and last.der != crl.der:
            expect(crl.number > last.number and crl.this_update >= last.this_update,
                   f"the CRL of {crl.issuer} goes back")

    def check_ca_crl(self, ca, crl, now):
        model = self.model
        answers = model.answers(ca, now)
        expect(crl is not None or not answers, f"crl.pem has no CRL of {ca.subject}")
        if crl is None:
            return
        expect(not answers or crl.next_update > now, f"the CRL of {ca.subject} has ended")
        own = {one.serial for one in model.of_ca(ca.number)}
        wanted = {s for s in own & model.revoked if model.issued[s].ends_from > now + SLACK}
        expect(not answers or wanted <= crl.serials, f"not on the CRL of {ca.subject}: {wanted - crl.serials}")
        for serial in crl.serials - (own & model.revoked):
            # What a killed run may have signed.
            expect(serial not in model.issued and ca.number in model.crashed,
                   f"on the CRL of {ca.subject}, and never revoked: {serial}")
        last = self.former_crls.get(ca.subject)
        for serial in crl.serials & own:
            expect(last is None or last.der == crl.der or model.issued[serial].ends_by > last.this_update - SLACK,
                   f"on the CRL of {ca.subject}, though it had ended before the last one: {serial}")

    def check_root_crl(self, root, crl, now):
        model = self.model
        below = [ca for ca in model.cas.values() if ca.root == root]
        answers = any(model.answers(ca, now) for ca in below)
        expect(crl is not None or not answers, f"crl.pem has no CRL of {root}")
        if crl is None:
            return
        expect(not answers or crl.next_update > now, f"the CRL of {root} has ended")
        serials = {self.ca_certificates[ca.subject].serial: ca.revoked for ca in below}
        revoked = {serial for serial, is_revoked in serials.items() if is_revoked}
        expect(not answers or revoked <= crl.serials, f"a revoked CA is not on the CRL of {root}")
        for serial in crl.serials - revoked:
            expect(serial not in serials and model.rotate_crashed, f"on the CRL of {root}, and never revoked: {serial}")
        self.check_revoked_cas_are_refused(below)

    def check_revoked_cas_are_refused(self, below):
        """A host that brings its revoked CA along is refused, too, by whoever trusts the root alone."""
        for ca in below:
            ders = {s: self.ders[s] for s in sorted(self.ders) if self.model.issued[s].ca == ca.number}
            if not ca.revoked or not ders:
                continue
            (self.work / "root.pem").write_text(judge.pem(self.ca_certificates[ca.root].der))
            (self.work / "ca.pem").write_text(judge.pem(ca.der))
            for serial, verdict in judge.verdicts(self.work, ders, "root.pem", "out/crl.pem", self.program.now(),
                                                  untrusted="ca.pem").items():
                expect("certificate revoked" in verdict or "has expired" in verdict,
                       f"{serial} of the revoked {ca.subject}: openssl says '{verdict}'")
