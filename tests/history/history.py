"""A random history: steps of a fleet's life, each followed by the checks."""

import calendar
import json
import os
import pathlib
import random
import shutil
import time

import judge
from ca_steps import CaSteps
from checks import Checks
from model import DAY, Ca, Model
from program import Failure, Program

NAMES = [f"h-{i}" for i in range(1, 7)]
STEPS = {"file": 1, "issue": 2, "renew": 2, "renew_all": 1, "renew_within": 1, "renew_retired": 1, "revoke": 2,
         "revoke_superseded": 1, "installed": 1, "retire": 1, "rename": 1, "lose": 1, "replace": 1, "restore": 1,
         "crl": 2, "time": 2, "rotate": 2, "rotate_root": 1, "activate": 3, "ca_revoke": 1, "root_crl": 1}  # how often
UNPUBLISHED = {"revoke", "revoke_superseded", "lose", "rotate", "rotate_root", "activate", "ca_revoke", "root_crl",
               "time"}
LONGEST = 1200 * DAY  # of a history: every CA goes on


class History(CaSteps, Checks):
    def __init__(self, binary, shim, seed, steps, work, force_tool=False):
        self.random = random.Random(seed)
        self.steps = self.random.randint(1, steps)
        self.work, self.judge = pathlib.Path(work), judge
        self.program = Program(binary, shim, work, self.random)
        self.reader = judge.Reader(sample=20, force_tool=force_tool)
        self.model = Model(NAMES)
        self.ders = {}  # by serial, from the bundles
        self.on_crls = set()  # what was revoked when `crl` was last run
        self.former_crls = {}  # by issuer
        self.key_files = {}  # by the subject of a CA
        self.offline = self.random.random() < 0.3  # the roots' keys are kept elsewhere
        self.program.make_ca()
        self.read_cas()
        self.model.cas[1] = self.new_ca(1, self.ca_certificates["CN=Fast Issuing"], "current")
        self.take_root_keys_away()
        self.write_file(set(self.random.sample(NAMES, 3)))

    def new_ca(self, number, certificate, state="next"):
        return Ca(number, certificate.subject, certificate.issuer, certificate.der, state)

    @staticmethod
    def unix(text):
        return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))

    def write_file(self, hosts):
        self.model.in_file = hosts
        lines = ["fleet: test", "profile: fast-agent", "defaults: {domain: example.com, os: windows-11}", "endpoints:"]
        for name in sorted(hosts):
            former = [old for old in self.model.former.get(name, []) if old not in hosts]
            lines.append(f"  - {{name: {name}, formerly: [{', '.join(former)}]}}" if former else
                         f"  - {{name: {name}}}")
        (self.work / "fleet.yaml").write_text("\n".join(lines) + "\n")

    # --- what most steps do

    def mint(self, names, command, *more, crash=False, at_most=1, still_lost=None):
        """Runs `issue` or `renew`; these endpoints, and no others, have new current certificates."""
        # The portable kernel, as it is the one that starts soonest: there is no RSA key to make.
        arguments = [command, "fleet.yaml", "--ca", "ca", "--out", "out", "--profiles", "profiles.d", "--kernel",
                     "portable", *more]
        if crash:
            self.model.crashed.add(self.model.current_ca().number)
            self.program.killed(*arguments)
        lost = self.model.lost if still_lost is None else still_lost
        ended = self.model.ended(self.program.now())  # `issue` says that they want to be renewed
        self.program.call((0, 1) if lost or (ended and command == "issue") else 0, *arguments)
        manifest = self.manifest()
        for name in sorted(names):
            line = manifest.get(name)
            fault = "is not in the manifest"
            if line:
                fault = self.model.take_issued(name, line, self.program.now(), at_most)
            if fault:
                raise Failure(f"{name} {fault}")

    def renew(self, names, *which, crash=False, at_most=None):
        if names:
            self.mint(names, "renew", *which, crash=crash, at_most=at_most or (2 if crash else 1))

    def chance(self, of):
        return self.random.random() < of

    def some(self, names, most=3):
        names = sorted(names)
        return self.random.sample(names, min(len(names), self.random.randint(1, most))) if names else []

    def call_maybe_killed(self, of, codes, *arguments):
        if self.chance(of):
            self.program.killed(*arguments)
        return self.program.call(codes, *arguments)

    # --- steps

    def step_file(self):
        self.write_file(set(self.random.sample(NAMES, self.random.randint(2, len(NAMES)))))

    def step_issue(self):
        self.mint(self.model.missing(), "issue", crash=self.chance(0.4))

    def step_renew(self):
        reinstate = self.chance(0.3)
        names = self.some(self.model.renewable(reinstate))
        self.renew(names, *(["--reinstate"] if reinstate else []), "--yes", "--only", *names, crash=self.chance(0.4))

    def step_renew_all(self):
        self.renew(self.model.renewable(), "--all", "--yes", crash=self.chance(0.2))

    def step_renew_within(self):
        """What ends soon; where time has passed, that are some and not others."""
        model = self.model
        days = self.random.randint(1, 300)
        by = self.program.now() + days * DAY
        ends = {name: model.issued[model.endpoints[name].serial()].ends_by for name in model.renewable()}
        if any(abs(end - by) < 600 for end in ends.values()):
            return
        self.renew({name for name, end in ends.items() if end < by}, "--within", f"{days}d", crash=self.chance(0.4),
                   at_most=1)

    def step_revoke(self):
        model, now = self.model, self.program.now()
        alive = {name: [s for s in endpoint.serials if not model.has_ended(s, now)]
                 for name, endpoint in model.endpoints.items()}
        names = self.some([name for name, serials in alive.items() if serials], 2)
        if not names:
            return
        if self.chance(0.5):
            self.call_maybe_killed(0.2, 0, "revoke", *names, "--ca", "ca", "--yes", "--reason",
                                   self.random.choice(["key-compromise", "superseded", "cessation-of-operation"]))
            for name in names:
                model.revoke(alive[name], now)
        else:
            serial = self.random.choice(alive[names[0]])
            self.call_maybe_killed(0.2, 0, "revoke", "--serial", serial.upper(), "--ca", "ca")
            model.revoke([serial], now)

    def step_revoke_superseded(self):
        now = self.program.now()
        which = ["--superseded"] + (["--installed"] if self.chance(0.5) else [])
        hit = self.model.superseded(now, installed=len(which) == 2)
        would = self.program.json(0, "revoke", *which, "--ca", "ca", "--yes", "--dry-run")["would_revoke"]
        if {entry["serial"] for entry in would} != hit - self.model.revoked:
            raise Failure(f"{which} would revoke {would}, in the model {hit - self.model.revoked}")
        self.call_maybe_killed(0.2, 0, "revoke", *which, "--ca", "ca", "--yes")
        self.model.revoke(hit, now)

    def step_installed(self):
        """Receipts: of current certificates and of older ones, twice."""
        model = self.model
        seen = sorted(s for s, one in model.issued.items() if one.sha256)
        serials = self.random.sample(seen, min(len(seen), 4))
        lines = [json.dumps({"endpoint": model.issued[s].endpoint, "sha256": model.issued[s].sha256}) for s in serials]
        (self.work / "receipts.jsonl").write_text("\n".join(lines + lines[:1]) + "\n")
        self.call_maybe_killed(0.2, 0, "installed", "receipts.jsonl", "--ca", "ca")
        model.installed.update(serials)

    def step_retire(self):
        names = self.some(self.model.current(), 2)
        if not names:
            return
        revoke = self.chance(0.5)
        self.call_maybe_killed(0.4, (0, 1) if self.model.lost else 0, "retire", *names, "--ca", "ca", "--out", "out",
                               *(["--revoke"] if revoke else []))
        for name in names:
            serials = self.model.endpoints[name].serials
            self.model.retire(name)
            if revoke:
                self.model.revoke(serials, self.program.now())

    def step_rename(self):
        model = self.model
        # Retired hosts, too: what they were called is known, and they may come back under another name.
        olds = sorted(name for name in NAMES if model.endpoints[name].serials and
                      (name in model.in_file or not model.endpoints[name].current))
        news = [name for name in NAMES if not model.endpoints[name].serials and name not in model.in_file]
        if not olds or not news:
            return
        old, new = self.some(olds), self.random.choice(news)
        model.former = {new: old}
        self.write_file((model.in_file - set(old)) | {new})
        names = model.missing()
        if any(model.endpoints[name].current and model.endpoints[name].serial() in model.revoked for name in old):
            names.discard(new)  # a new name gives no access back
        self.mint(names, "issue")
        model.former = {}
        self.write_file(model.in_file)

    def step_lose(self):
        for name in self.some(self.model.current(), 1):
            path = self.work / "out" / "bundles" / f"{name}.pfx"
            if path.exists():
                path.unlink()
                self.model.lost.add(name)

    def step_replace(self):
        model = self.model
        names = {name for name in model.lost if name in model.in_file and
                 model.endpoints[name].serial() not in model.revoked} | model.missing()
        self.mint(names, "issue", "--replace-damaged", crash=self.chance(0.3), still_lost=model.lost - names)

    def step_restore(self):
        """A backup is restored: what it does not know is noticed, and the newest one goes on."""
        names = self.model.renewable()
        if not names:
            return
        shutil.rmtree(self.work / "saved", ignore_errors=True)
        self.program.call(0, "ca", "backup", "--ca", "ca", "--to", "saved")
        self.renew(names, "--all", "--yes")
        os.rename(self.work / "ca", self.work / "newest")
        os.rename(self.work / "saved", self.work / "ca")
        self.program.call(2, "issue", "fleet.yaml", "--ca", "ca", "--out", "out", "--profiles", "profiles.d")
        shutil.rmtree(self.work / "ca")
        os.rename(self.work / "newest", self.work / "ca")

    def step_crl(self):
        self.call_maybe_killed(0.3, (0, 1) if self.model.lost else 0, "crl", "--ca", "ca", "--out", "out")
        self.check_crls()

    def step_time(self):
        """Certificates end; CRLs, too, and are signed anew."""
        if self.program.shim is None or self.program.later > LONGEST:
            return
        days = self.random.randint(10, 200)
        while not self.model.time_is_clear(self.program.now() + days * DAY):
            days += 1
        self.program.pass_time(days * DAY)
        if self.offline:
            self.step_root_crl()
        if (self.work / "out" / "crl.pem").exists():
            self.step_crl()

    def run(self):
        self.step_issue()
        for _ in range(self.steps):
            step, = self.random.choices(list(STEPS), list(STEPS.values()))
            getattr(self, "step_" + step)()
            self.check(step not in UNPUBLISHED)
        self.step_crl()
        self.check(True, last=True)
