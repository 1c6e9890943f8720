"""Certificates, signatures and driver packages to try installers with.

The keys are of nobody: made for one test, trusted by no Windows.
"""

import hashlib
import os
import re
import shutil
import subprocess

OPENVPN = "OpenVPN Inc."
INF = """[Version]
Signature = "$Windows NT$"
Class = Net
CatalogFile = tap0901.cat
[Manufacturer]
"TAP-Windows Provider V9" = tap0901, NTamd64
[tap0901.NTamd64]
"TAP-Windows Adapter V9" = tap0901.ndi, root\\tap0901
"""


def run(*words):
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True,
                          errors="replace")
    assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
    return done.stdout


class Signer:
    def __init__(self, folder, name=OPENVPN):
        os.makedirs(folder, exist_ok=True)
        self.key, self.certificate = f"{folder}/key.pem", f"{folder}/certificate.pem"
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
            "-subj", f"/O={name}/CN={name}", "-addext", "extendedKeyUsage=codeSigning",
            "-keyout", self.key, "-out", self.certificate)

    def sign(self, path):
        signed = f"{path}.signed"
        run("osslsigncode", "sign", "-h", "sha256", "-certs", self.certificate, "-key",
            self.key, "-in", path, "-out", signed)
        os.replace(signed, path)

    def command(self, path):
        """A program that signs the file named after it in place, as SIGN wants one; it
        also writes down which."""
        with open(path, "w") as script:
            script.write(f"""#!/bin/sh
set -e
echo "$1" >>'{path}.log'
osslsigncode sign -h sha256 -certs '{self.certificate}' -key '{self.key}' \\
    -in "$1" -out "$1.signed" >&2
mv "$1.signed" "$1"
""")
        os.chmod(path, 0o755)
        return path


# --- DER, as far as a catalogue needs it -------------------------------------------


def der(tag, *parts):
    content = b"".join(parts)
    size = len(content)
    if size < 128:
        return bytes((tag, size)) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(octets))) + octets + content


def oid(dotted):
    first, second, *rest = map(int, dotted.split("."))
    out = bytes((first * 40 + second,))
    for number in rest:
        groups = [number & 0x7f]
        while number := number >> 7:
            groups.append(0x80 | number & 0x7f)
        out += bytes(reversed(groups))
    return der(6, out)


def sequence(*parts):
    return der(0x30, *parts)


MICROSOFT = "1.3.6.1.4.1.311"
SHA256 = sequence(oid("2.16.840.1.101.3.4.2.1"), der(5))


def member(digest, kind):
    """What a catalogue says of one file."""
    data = sequence(sequence(oid(f"{MICROSOFT}.2.1.{kind}")),
                    sequence(SHA256, der(4, digest)))
    return sequence(der(4, digest), der(0x31, sequence(oid(f"{MICROSOFT}.2.1.4"),
                                                        der(0x31, data))))


def catalogue(path, *members):
    listed = sequence(
        sequence(oid(f"{MICROSOFT}.12.1.1")), der(4, os.urandom(16)),
        der(0x17, b"260101000000Z"), sequence(oid(f"{MICROSOFT}.12.1.3"), der(5)),
        sequence(*members))
    unsigned = sequence(oid("1.2.840.113549.1.7.2"), der(0xa0, sequence(
        der(2, b"\1"), der(0x31), sequence(oid(f"{MICROSOFT}.10.1"), der(0xa0, listed)),
        der(0x31))))
    with open(path, "wb") as file:
        file.write(unsigned)


def image_digest(path):
    """The digest of a program as signatures count it, without checksum and signature."""
    said = subprocess.run(["osslsigncode", "verify", "-in", path], capture_output=True,
                          text=True, errors="replace").stdout
    return bytes.fromhex(re.search(r"Calculated message digest *: ([0-9A-F]{64})", said)[1])


def driver_package(folder, image, signer):
    """A folder as OpenVPN's would be, with `image` as its driver."""
    os.makedirs(folder)
    inf, driver, listed = (f"{folder}/{name}"
                           for name in ("OemVista.inf", "tap0901.sys", "tap0901.cat"))
    with open(inf, "w") as file:
        file.write(INF)
    shutil.copy(image, driver)
    signer.sign(driver)
    catalogue(listed, member(image_digest(driver), 15),
              member(hashlib.sha256(INF.encode()).digest(), 15))
    signer.sign(listed)
    return folder
