"""Steps of a history that are about the CAs: rotate, activate, revoke, root-crl."""

import shutil

from program import Failure


class CaSteps:
    """Of History: has model, program, reader, random, work."""

    def read_cas(self):
        """Takes over the CA certificates that the directory holds."""
        self.ca_certificates = {}  # subject -> certificate
        for path in sorted((self.work / "ca").glob("*.crt")):
            for der in self.judge.blocks(path.read_text()):
                certificate = self.reader.certificate(der)
                self.ca_certificates[certificate.subject] = certificate
                self.key_files[certificate.subject] = path.stem + ".key"

    def learn_next(self):
        """The generation that waits for its turn, which the model does not know yet."""
        self.read_cas()
        tiers = self.program.json(0, "ca", "show", "--ca", "ca")["tiers"]
        for tier in tiers:
            if tier["name"] == "issuing" and tier["generation"] not in self.model.cas:
                certificate = self.ca_certificates[tier["subject"]]
                self.model.cas[tier["generation"]] = self.new_ca(tier["generation"], certificate)
        self.take_root_keys_away()

    def take_root_keys_away(self):
        if not self.offline:
            return
        (self.work / "away").mkdir(exist_ok=True)
        for path in (self.work / "ca").glob("root*.key"):
            shutil.move(path, self.work / "away" / path.name)

    def root_key(self, root):
        return ["--root-key", "away/" + self.key_files[root]] if self.offline else []

    def step_rotate(self, new_root=False):
        model = self.model
        how = ["--root"] if new_root else self.root_key(model.current_ca().root)
        arguments = ["ca", "rotate", "--ca", "ca", *how]
        if model.next_ca():
            self.program.call(2, *arguments)
            return
        crash = self.random.random() < 0.4
        if crash:
            self.program.killed(*arguments)
            model.rotate_crashed = True
        self.program.call((0, 2) if crash else 0, *arguments)
        if self.program.code == 2 and "is there already" not in self.program.err:
            raise Failure(self.program.err)
        self.learn_next()
        made = model.next_ca()
        if made is None or (made.root == model.current_ca().root) == new_root:
            raise Failure("no next generation was made, or one under the wrong root")

    def step_rotate_root(self):
        self.step_rotate(new_root=True)

    def step_activate(self):
        model = self.model
        made = model.next_ca()
        if made is None:
            self.program.call(2, "ca", "activate", "--yes", "--ca", "ca")
            return
        if made.root != model.current_ca().root:
            # No host has said that it trusts it; where there is none, nobody has to.
            now = self.program.now()
            if any(model.endpoints[name].serial() not in model.revoked and
                   not model.has_ended(model.endpoints[name].serial(), now) for name in model.current()):
                self.program.call(2, "ca", "activate", "--ca", "ca")
            arguments = ["ca", "activate", "--yes", "--ca", "ca"]
        else:
            arguments = ["ca", "activate", "--ca", "ca"]
        crash = self.random.random() < 0.4
        if crash:
            self.program.killed(*arguments)
        self.program.call((0, 2) if crash else 0, *arguments)
        if self.program.code == 2 and "there is no next generation" not in self.program.err:
            raise Failure(self.program.err)
        model.activate()

    def step_ca_revoke(self):
        model = self.model
        current = model.current_ca()
        if self.random.random() < 0.2:
            self.program.call(2, "ca", "revoke", str(current.number), "--ca", "ca", *self.root_key(current.root))
            return
        others = [ca for ca in model.cas.values() if ca.state != "current"]
        if not others:
            return
        ca = self.random.choice(others)
        arguments = ["ca", "revoke", str(ca.number), "--ca", "ca", "--reason",
                     self.random.choice(["key-compromise", "superseded"]), *self.root_key(ca.root)]
        if self.random.random() < 0.4:
            self.program.killed(*arguments)
        self.program.call((0, 1), *arguments)  # 1: the CRL of another root cannot be signed, or need not be
        ca.revoked, ca.state = True, "retired"  # what waited for its turn has none any more

    def step_root_crl(self):
        for root in sorted({ca.root for ca in self.model.cas.values()}):
            arguments = ["ca", "root-crl", "--ca", "ca", *self.root_key(root)]
            if self.random.random() < 0.2:
                self.program.killed(*arguments)
            # 2: given is the key of a root that nothing is under any more.
            self.program.call((0, 1, 2) if self.offline else (0, 1), *arguments)
            if not self.offline:
                return  # that was all of them

    def step_renew_retired(self):
        """Moves what an older generation has signed to the current one."""
        model = self.model
        current = model.current_ca().number
        names = {name for name in model.renewable() if model.issued[model.endpoints[name].serial()].ca != current}
        self.renew(names, "--issuer-retired", crash=self.random.random() < 0.4, at_most=1)
