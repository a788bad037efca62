"""fleetmint as these tests run it: its commands, killed ones, a clock that can be set forward, and the profiles."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROFILES = {
    "authority.yaml": """authority: fast
summary: "ECDSA root and issuing CA"
tiers:
  - {name: root, subject: "CN=Fast Root", key: {algorithm: ecdsa, curve: p256}, validity: 10y}
  - {name: issuing, subject: "CN=Fast Issuing", key: {algorithm: ecdsa, curve: p256}, validity: 5y, path_length: 0}
crl_validity: 1y
""",
    "agent.yaml": """profile: fast-agent
extends: mtls-client
key: {algorithm: ecdsa, curve: p256}
key_usage: [digital_signature]
bundle: {csp: "Microsoft Software Key Storage Provider", key_spec: none}
""",
}


class Failure(Exception):
    pass


def working_directory():
    """A directory to work in, in memory where there is room."""
    memory = "/dev/shm"
    room = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > (256 << 20)
    return tempfile.TemporaryDirectory(prefix="fleetmint-", dir=memory if room else None)


class Program:
    def __init__(self, binary, shim, work, random):
        self.binary, self.work, self.random = binary, pathlib.Path(work), random
        # tests/crash/shim.cc; without it time does not pass.
        self.shim = shim if shim and os.path.exists(shim) else None
        self.later = 0  # seconds
        self.log = []
        self.launches = 0
        self.crashed = False  # since somebody has set it so
        self.took = {}  # seconds, by command
        self.err = ""
        (self.work / "profiles.d").mkdir()
        for name, text in PROFILES.items():
            (self.work / "profiles.d" / name).write_text(text)

    def make_ca(self):
        self.call(0, "ca", "init", "--profile", "fast", "--profiles", "profiles.d", "--no-passphrase", "--ca", "ca")

    def now(self):
        return time.time() + self.later

    def pass_time(self, seconds):
        self.log.append(f"{seconds / 86400:.1f} days pass")
        self.later += seconds

    def _start(self, arguments):
        self.launches += 1
        environment = dict(os.environ)
        if self.later:
            environment |= {"LD_PRELOAD": self.shim, "SHIM_CLOCK": str(int(self.later))}
        return subprocess.Popen([self.binary, *arguments], cwd=self.work, stdin=subprocess.DEVNULL, env=environment,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def call(self, codes, *arguments):
        """Its stdout; stderr is in err, the exit code in code."""
        wanted = (codes,) if isinstance(codes, int) else codes
        began = time.monotonic()
        process = self._start(arguments)
        out, self.err = process.communicate()
        self.code = process.returncode
        self.took[arguments[:1]] = time.monotonic() - began
        self.log.append(f"{' '.join(arguments)}  # {self.code}")
        if self.code not in wanted:
            raise Failure(f"exit code {self.code} instead of {codes}: {' '.join(arguments)}\n{self.err}")
        return out

    def json(self, codes, *arguments):
        return json.loads(self.call(codes, *arguments, "--json"))

    def killed(self, *arguments):
        """The command, killed at a random moment of its life."""
        self.log.append("KILLED " + " ".join(arguments))
        self.crashed = True
        process = self._start(arguments)
        time.sleep(self.random.random() * 1.1 * self.took.get(arguments[:1], 0.1))
        process.send_signal(signal.SIGKILL)
        process.communicate()
