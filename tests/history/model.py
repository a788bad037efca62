"""What must be true of a fleet and its CAs after each command: a small ledger of its own, which includes nothing of
engine/ and asks the program nothing but for the serials and ends of what it has just issued."""

import dataclasses

DAY = 86400
VALIDITY = 365 * DAY  # of the profile mtls-client
JITTER = 14 * DAY
SLACK = 60  # seconds by which the clocks of model and program may differ


@dataclasses.dataclass
class Issued:
    serial: str
    ca: int  # the generation that signed it
    at: float
    ends_from: float  # the same, unless it was never seen
    ends_by: float
    sha256: str = ""
    endpoint: str = ""  # as it was called then
    retired: bool = False
    after: str = ""  # the serial of what has replaced it; a host of two names had two certificates at a time


class Endpoint:
    """Its serials, oldest first, and whether the last one is current."""

    def __init__(self):
        self.serials = []
        self.current = False
        self.merged = False  # of several names just now: the model does not know the order of one run's serials

    def take_order(self, supersedes):
        former = self.serials[:-1]
        if self.merged and set(supersedes) <= set(former):
            self.serials[:-1] = [serial for serial in former if serial not in supersedes] + supersedes
        self.merged = False

    def serial(self):
        return self.serials[-1] if self.current else None


@dataclasses.dataclass
class Ca:
    """A generation of the issuing CA."""
    number: int
    subject: str
    root: str  # subject of its root
    der: bytes = dataclasses.field(repr=False)
    state: str = "next"
    revoked: bool = False


class Model:
    def __init__(self, names):
        self.endpoints = {name: Endpoint() for name in names}
        self.in_file = set()
        self.former = {}  # new name -> old names, in the fleet file
        self.lost = set()  # endpoints whose bundle was deleted
        self.issued = {}  # by serial: what was ever in a manifest
        self.revoked = set()
        self.installed = set()  # serials of receipts
        self.cas = {}  # by generation
        self.crashed = set()  # generations under which a run was killed: it may have left abandoned serials
        self.rotate_crashed = False

    # --- endpoints

    def missing(self):
        return {name for name in self.in_file if not self.endpoints[name].current}

    def current(self):
        return {name for name, endpoint in self.endpoints.items() if endpoint.current}

    def renewable(self, reinstate=False):
        return {name for name in self.in_file if self.endpoints[name].current and
                (reinstate or self.endpoints[name].serial() not in self.revoked)}

    def take_issued(self, name, line, now, at_most):
        """A new current certificate, as the manifest's line has it. Returns what is wrong with it, or nothing."""
        serial = line["serial"]
        if serial in self.issued:
            return "has no new certificate"
        endpoint = self.endpoints[name]
        replaced = endpoint.serials[-1:]
        for old in self.former.get(name, []):
            if endpoint.current or old in self.in_file:
                continue
            endpoint.merged = endpoint.merged or bool(endpoint.serials)
            replaced += self.endpoints[old].serials[-1:]
            endpoint.serials = self.endpoints[old].serials + endpoint.serials
            self.endpoints[old] = Endpoint()
            self.lost.discard(old)
        # A command that was killed at its very end and given again may have renewed twice.
        between = [s["serial"] for s in line["supersedes"] if s["serial"] not in self.issued]
        if len(between) > at_most - 1:
            return f"has {len(between)} unknown predecessors"
        ca = self.current_ca().number
        for one in between:
            self.issued[one] = Issued(one, ca, now, now + VALIDITY - JITTER - DAY, now + VALIDITY + DAY)
        self.issued[serial] = Issued(serial, ca, now, line["ends"], line["ends"], line["sha256"], name)
        for one in between + [serial]:
            for before in replaced:
                self.issued[before].after = one
            replaced = [one]
        endpoint.serials += between + [serial]
        endpoint.current = True
        self.lost.discard(name)
        return None

    def retire(self, name):
        endpoint = self.endpoints[name]
        self.issued[endpoint.serial()].retired = True
        endpoint.current = False
        self.lost.discard(name)

    def supersedes(self, name):
        """What the manifest has to name: the earlier certificates that had not ended when the current one came."""
        serials = self.endpoints[name].serials
        at = self.issued[serials[-1]].at
        return [s for s in serials[:-1] if self.issued[s].ends_from > at]

    def has_ended(self, serial, now):
        return self.issued[serial].ends_by <= now

    def ended(self, now):
        """Endpoints whose current certificate has ended."""
        return {name for name in self.current() if self.has_ended(self.endpoints[name].serial(), now)}

    def superseded(self, now, installed=False):
        """What `revoke --superseded` hits."""
        found = set()
        for endpoint in self.endpoints.values():
            for serial in endpoint.serials[:-1]:
                if self.issued[serial].retired or self.has_ended(serial, now):
                    continue
                if not installed or self.installed.intersection(self.later(serial)):
                    found.add(serial)
        return found

    def later(self, serial):
        """What has replaced it, one after the other."""
        while serial := self.issued[serial].after:
            yield serial

    def revoke(self, serials, now):
        self.revoked.update(s for s in serials if not self.has_ended(s, now))

    def time_is_clear(self, now):
        """Whether it is known of every certificate if it has ended."""
        return all(now < one.ends_from - SLACK or now > one.ends_by + SLACK for one in self.issued.values())

    # --- CAs

    def current_ca(self):
        return next(ca for ca in self.cas.values() if ca.state == "current")

    def next_ca(self):
        return next((ca for ca in self.cas.values() if ca.state == "next"), None)

    def activate(self):
        self.current_ca().state = "retired"
        self.next_ca().state = "current"

    def of_ca(self, number):
        return [one for one in self.issued.values() if one.ca == number]

    def answers(self, ca, now):
        """Whether the CA has a CRL and is in trust.pem: True, False, or None where only the program knows."""
        if ca.state != "retired" or any(one.ends_by > now for one in self.of_ca(ca.number)):
            return True
        return None if ca.number in self.crashed else False
