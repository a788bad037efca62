"""What certificates, CRLs and PFX files say, as OpenSSL reads them: by python3-cryptography within this process where
it is installed, else by the openssl tool. A verdict on a chain is always the tool's. Includes nothing of engine/."""

import base64
import calendar
import dataclasses
import hashlib
import re
import subprocess
import tempfile
import time
import warnings

try:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import pkcs12
except ImportError:
    x509 = None
warnings.filterwarnings("ignore")  # of times without a time zone, which old versions have alone


@dataclasses.dataclass(frozen=True)
class Certificate:
    serial: str  # 32 hexadecimal digits, lower case
    subject: str  # RFC 2253
    issuer: str
    not_before: int  # Unix seconds
    not_after: int
    der: bytes = dataclasses.field(repr=False)

    @property
    def sha1(self):
        return hashlib.sha1(self.der).hexdigest()

    @property
    def sha256(self):
        return hashlib.sha256(self.der).hexdigest()


@dataclasses.dataclass(frozen=True)
class Crl:
    issuer: str
    number: int
    this_update: int
    next_update: int
    serials: frozenset
    der: bytes = dataclasses.field(repr=False)


def pem(der, label="CERTIFICATE"):
    text = base64.encodebytes(der).decode().replace("\n", "")
    lines = "\n".join(text[i:i + 64] for i in range(0, len(text), 64))
    return f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n"


def blocks(text, label="CERTIFICATE"):
    """The DER of every PEM block of this kind, in their order."""
    found = re.findall(f"-----BEGIN {label}-----(.*?)-----END {label}-----", text, re.DOTALL)
    return [base64.b64decode(block) for block in found]


def openssl(*arguments, data=None, cwd=None):
    """Exit code, stdout, stderr of the tool."""
    result = subprocess.run(["openssl", *arguments], input=data, capture_output=True, cwd=cwd)
    return result.returncode, result.stdout.decode(), result.stderr.decode()


class Tool:
    """Readers that start the openssl tool."""

    def certificate(self, der):
        code, out, err = openssl("x509", "-inform", "DER", "-noout", "-serial", "-subject", "-issuer", "-startdate",
                                 "-enddate", "-nameopt", "RFC2253", data=der)
        if code != 0:
            raise ValueError(err)
        said = dict(line.split("=", 1) for line in out.splitlines())
        return Certificate(said["serial"].lower().zfill(32), said["subject"], said["issuer"],
                           self._time(said["notBefore"]), self._time(said["notAfter"]), der)

    def crl(self, der):
        code, out, err = openssl("crl", "-inform", "DER", "-noout", "-text", "-nameopt", "RFC2253", data=der)
        if code != 0:
            raise ValueError(err)
        one = lambda pattern: re.search(pattern, out).group(1).strip()
        serials = re.findall(r"Serial Number: ([0-9A-F]+)", out)
        return Crl(one(r"Issuer: (.*)"), int(one(r"X509v3 CRL Number:\s+(\S+)"), 0),
                   self._time(one("Last Update: (.*)")), self._time(one("Next Update: (.*)")),
                   frozenset(s.lower().zfill(32) for s in serials), der)

    def signed(self, der, kind, issuer_der):
        """Whether a CRL or a CA certificate is signed by the key of the issuer's certificate."""
        with tempfile.NamedTemporaryFile("w", suffix=".pem") as above:
            above.write(pem(issuer_der))
            above.flush()
            if kind == "crl":
                code, out, err = openssl("crl", "-inform", "DER", "-noout", "-CAfile", above.name, data=der)
                return code == 0 and "verify OK" in out + err
            code, out, err = openssl("verify", "-partial_chain", "-no_check_time", "-trusted", above.name,
                                     data=pem(der).encode())
            return code == 0

    def pfx(self, data, password):
        """The certificates of a bundle, its own first."""
        found = []
        for which in ("-clcerts", "-cacerts"):
            code, out, err = openssl("pkcs12", "-passin", "pass:" + password, "-nokeys", which, data=data)
            if code != 0:
                raise ValueError(err)
            found += blocks(out)
        return found

    @staticmethod
    def _time(text):
        return calendar.timegm(time.strptime(" ".join(text.split()), "%b %d %H:%M:%S %Y GMT"))


class InProcess:
    """The same by python3-cryptography, OpenSSL's bindings; Debian 12 has version 38."""

    def certificate(self, der):
        read = x509.load_der_x509_certificate(der)
        return Certificate(format(read.serial_number, "032x"), read.subject.rfc4514_string(),
                           read.issuer.rfc4514_string(), self._unix(read, "not_valid_before"),
                           self._unix(read, "not_valid_after"), der)

    def crl(self, der):
        read = x509.load_der_x509_crl(der)
        number = read.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
        return Crl(read.issuer.rfc4514_string(), number, self._unix(read, "last_update"),
                   self._unix(read, "next_update"),
                   frozenset(format(entry.serial_number, "032x") for entry in read), der)

    def signed(self, der, kind, issuer_der):
        key = x509.load_der_x509_certificate(issuer_der).public_key()
        if kind == "crl":
            return x509.load_der_x509_crl(der).is_signature_valid(key)
        if not isinstance(key, ec.EllipticCurvePublicKey):
            return Tool().signed(der, kind, issuer_der)
        read = x509.load_der_x509_certificate(der)
        try:
            key.verify(read.signature, read.tbs_certificate_bytes, ec.ECDSA(read.signature_hash_algorithm))
        except InvalidSignature:
            return False
        return True

    def pfx(self, data, password):
        _, own, others = pkcs12.load_key_and_certificates(data, password.encode())
        return [one.public_bytes(serialization.Encoding.DER) for one in [own, *others]]

    @staticmethod
    def _unix(read, name):
        new = name + "_utc"  # since version 42
        return calendar.timegm(getattr(read, new if hasattr(read, new) else name).timetuple())


class Reader:
    """Reads each thing once. One of `sample` is read by the tool, too, which has to find the same."""

    def __init__(self, sample=0, force_tool=False):
        self._tool = Tool()
        self._reader = self._tool if x509 is None or force_tool else InProcess()
        self._sample, self._count, self._known = sample, 0, {}

    def certificate(self, der):
        return self._read("certificate", der)

    def crl(self, der):
        return self._read("crl", der)

    def signed(self, der, kind, issuer_der):
        return self._read("signed", der, kind, issuer_der)

    def pfx(self, data, password):
        return self._read("pfx", data, password)

    def _read(self, what, *arguments):
        key = (what, *arguments)
        if key not in self._known:
            found = getattr(self._reader, what)(*arguments)
            self._count += 1
            if self._sample and self._count % self._sample == 0 and self._reader is not self._tool:
                other = getattr(self._tool, what)(*arguments)
                if other != found:
                    raise AssertionError(f"two readers differ: {found}, {other}")
            self._known[key] = found
        return self._known[key]


def verdicts(work, certificates, trust, crls, now, untrusted=None):
    """What openssl, as a server with these files, makes of each certificate (name -> DER): "" if it accepts it."""
    if not certificates:
        return {}
    names = {}
    for number, (name, der) in enumerate(certificates.items()):
        file = f"judged-{number}.pem"
        (work / file).write_text(pem(der))
        names[file] = name
    arguments = ["verify", "-attime", str(int(now)), "-CAfile", trust]
    arguments += ["-crl_check_all", "-CRLfile", crls] if crls else []
    arguments += ["-untrusted", untrusted] if untrusted else []
    _, out, err = openssl(*arguments, *names, cwd=work)
    found = {names[line[:-4]]: "" for line in out.splitlines() if line.endswith(": OK") and line[:-4] in names}
    said = []
    for line in err.splitlines():
        end = re.fullmatch(r"error (\S+): verification failed", line)
        if end is None:
            said.append(line)
        else:
            found[names[end.group(1)]] = "; ".join(said)
            said = []
    if set(found) != set(certificates):
        raise ValueError(f"openssl said nothing of some: {out}{err}")
    return found
