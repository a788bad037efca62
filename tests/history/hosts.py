"""Simulated hosts and servers: each knows the files that it has been given, and nothing else."""

import judge


class Identity:
    """A certificate that was installed, and the CA certificates that came with it and are sent along."""

    def __init__(self, own, chain):
        self.own, self.chain = own, tuple(chain)
        self.signed_by = set()  # CA certificates whose signature on it was looked at


class Paths:
    """Whether certificates lead to a root: signatures, dates and names, by what the reader says."""

    def __init__(self, reader):
        self.reader = reader

    def find(self, identity, trust):
        """The CA certificates from the leaf's issuer up to a root in `trust` (DERs), or nothing."""
        pool = [self.reader.certificate(der) for der in (*identity.chain, *trust)]
        path, below = [], identity.own
        for _ in range(4):
            above = next((ca for ca in pool if ca.subject == below.issuer and
                          self.reader.signed(below.der, "certificate", ca.der)), None)
            if above is None:
                return None
            path.append(above)
            if above.subject == above.issuer:
                return path if above.der in trust else None
            below = above
        return None


class Host:
    """A host is what it has installed. It presents the certificate that it installed last, and trusts the CA
    certificates that it was given last."""

    def __init__(self, name):
        self.name = name
        self.identities = []  # the one that is presented last
        self.trust = frozenset()
        self.failures = 0  # attempts to install that failed since the last that did not
        self.trust_told = frozenset()  # of its last receipt of trust that has arrived

    @property
    def presented(self):
        return self.identities[-1] if self.identities else None


class Server(Host):
    """A host that others connect to: it judges by trust.pem and crl.pem as it has last loaded them."""

    def __init__(self, name, paths):
        super().__init__(name)
        self.paths = paths
        self.trust_text = self.crl_text = ""
        self.cas, self.crls = frozenset(), {}
        self._paths, self._judged, self._judged_at = {}, {}, None

    def load(self, out):
        self.trust_text = (out / "trust.pem").read_text()
        self.crl_text = (out / "crl.pem").read_text()
        self.cas = frozenset(judge.blocks(self.trust_text))
        crls = [self.paths.reader.crl(der) for der in judge.blocks(self.crl_text, "X509 CRL")]
        self.crls = {crl.issuer: crl for crl in crls}
        self._paths, self._judged_at = {}, None

    def refuses(self, identity, now):
        """Why it would refuse a client, or nothing."""
        own = identity.own
        if not own.not_before <= now < own.not_after:
            return "its certificate is not valid now"
        if self._judged_at != now:
            self._judged, self._judged_at = {}, now
        key = (own.issuer, identity.chain)
        if key not in self._judged:
            self._judged[key] = self._judge_path(key, identity, now)
        issuer, why = self._judged[key]
        if why:
            return why
        if issuer.der not in identity.signed_by:
            if not self.paths.reader.signed(own.der, "certificate", issuer.der):
                return "its certificate is not signed by its issuer"
            identity.signed_by.add(issuer.der)
        return f"{own.serial} is revoked" if own.serial in self.crls[own.issuer].serials else ""

    def _judge_path(self, key, identity, now):
        """The issuer of such certificates, and why they are refused, whatever their own serial is."""
        if key not in self._paths:
            self._paths[key] = self.paths.find(identity, self.cas)
        path = self._paths[key]
        if path is None:
            return None, f"no path from {key[0]} to a root"
        for below, above in zip([None, *path], path):
            if not above.not_before <= now < above.not_after:
                return path[0], f"{above.subject} is not valid now"
            crl = self.crls.get(above.subject)
            if crl is None:
                return path[0], f"no CRL of {above.subject} is loaded"
            if not self.paths.reader.signed(crl.der, "crl", above.der):
                return path[0], f"the CRL of {above.subject} is not signed by it"
            if not crl.this_update <= now < crl.next_update:
                return path[0], f"the CRL of {above.subject} has ended"
            if below is not None and below.serial in crl.serials:
                return path[0], f"{below.subject} is revoked"
        return path[0], ""


class Mail:
    """Receipts on their way: some are lost, some arrive twice, some late."""

    def __init__(self, chances):
        self.chances = chances
        self.waiting = []  # (time, receipt)
        self.sent = self.lost = self.doubled = self.late = 0

    def send(self, receipt, now):
        self.sent += 1
        kind = self.chances.random()
        if kind < 0.05:
            self.lost += 1
            return
        delays = [self.chances.uniform(0, 86400)]
        if kind < 0.10:
            self.doubled += 1
            delays.append(self.chances.uniform(0, 40 * 86400))
        elif kind < 0.20:
            self.late += 1
            delays = [self.chances.uniform(86400, 60 * 86400)]
        self.waiting += [(now + delay, receipt) for delay in delays]

    def arrived(self, now):
        there = [receipt for at, receipt in self.waiting if at <= now]
        self.waiting = [(at, receipt) for at, receipt in self.waiting if at > now]
        self.chances.shuffle(there)
        return there
