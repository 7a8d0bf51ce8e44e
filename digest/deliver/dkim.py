"""DKIM signatures (RFC 6376, RFC 8463); what the messages of an issue have in common is hashed once.

A signature covers the hash of the body and the headers named in its `h=`, all in the relaxed form. `Signing`
keeps the state of the hash after the headers that never change; for each message only the other headers and
the signature's own header are hashed, and the key is used once.
"""

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from digest.errors import MissingError
from digest.system.files import read_regular

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

Header = tuple[str, str]

# Named once more than they occur: a second one that is added on the way breaks the signature.
_ONLY_ONCE = ("From", "To", "Subject", "Date")
_BLANKS = re.compile(rb"[ \t]+")
_LINE = 72


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key with its selector and domain; it was checked when it was loaded."""

    domain: str
    selector: str
    key: "RSAPrivateKey | Ed25519PrivateKey"

    @property
    def algorithm(self) -> str:
        return "ed25519" if type(self.key).__name__.startswith("Ed25519") else "rsa"

    @property
    def bits(self) -> int:
        return int(getattr(self.key, "key_size", 256))

    def sign(self, digest: bytes) -> bytes:
        """Return the signature of a SHA-256 digest."""
        from cryptography.hazmat.primitives.asymmetric import padding, rsa
        from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
        from cryptography.hazmat.primitives.hashes import SHA256

        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(digest, padding.PKCS1v15(), Prehashed(SHA256()))
        return self.key.sign(digest)

    @property
    def name(self) -> str:
        """Return the DNS name of the public key."""
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def record(self) -> str:
        """Return the TXT record to publish under `name`."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        if self.algorithm == "ed25519":
            public = self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        else:
            public = self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return f"v=DKIM1; k={self.algorithm}; p={base64.b64encode(public).decode('ascii')}"


def load_signer(path: Path, *, domain: str, selector: str) -> Signer:
    """Read a private key from a PEM file. Raises MissingError if it cannot be used for DKIM."""
    from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    remedy = "create a key with: openssl genrsa -out FILE 2048"
    try:
        key = load_pem_private_key(read_regular(path), password=None)
    except OSError as error:
        raise MissingError(f"{path}: the DKIM key cannot be read ({error.strerror}); {remedy}") from error
    except (ValueError, TypeError) as error:  # not PEM, or protected by a password
        raise MissingError(
            f"{path}: is not a private key in PEM format without a password; {remedy}"
        ) from error
    if not isinstance(key, rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey):
        raise MissingError(f"{path}: is neither an RSA nor an Ed25519 key; {remedy}")
    return Signer(domain, selector, key)


class Signing:
    """The signature of one signer over all messages with the same body and the same `fixed` headers.

    `varying` names the headers that differ between messages; each must occur exactly once.
    """

    def __init__(
        self, signer: Signer, body_hash: str, fixed: Sequence[Header], varying: Sequence[str]
    ) -> None:
        self._signer = signer
        names = [*(name for name, _ in fixed), *varying, *_ONLY_ONCE]
        tags = (
            "v=1",
            f"a={signer.algorithm}-sha256",
            "c=relaxed/relaxed",
            f"d={signer.domain}",
            f"s={signer.selector}",
            f"bh={body_hash}",
            "h=" + _folded(names),
            "b=",
        )
        self._value = ";\r\n ".join(tags)
        self._own = relaxed_header("DKIM-Signature", self._value).removesuffix(b"\r\n")
        self._state = hashlib.sha256(b"".join(relaxed_header(*header) for header in fixed))

    def header(self, varying: bytes) -> bytes:
        """Return the signature header of a message; `varying` are its other headers, relaxed and in order."""
        state = self._state.copy()
        state.update(varying)
        state.update(self._own)
        signature = base64.b64encode(self._signer.sign(state.digest())).decode("ascii")
        folded = "\r\n ".join(signature[start : start + _LINE] for start in range(0, len(signature), _LINE))
        return f"DKIM-Signature: {self._value}{folded}\r\n".encode("ascii")


def _folded(names: Sequence[str]) -> str:
    lines = [""]
    for name in names:
        if len(lines[-1]) + len(name) > _LINE:
            lines.append("")
        lines[-1] += name + ":"
    return "\r\n ".join(lines).removesuffix(":")


def relaxed_header(name: str, value: str) -> bytes:
    """Return a header in the relaxed form (RFC 6376, 3.4.2)."""
    unfolded = value.replace("\r\n", "").encode()
    return name.lower().encode("ascii") + b":" + _BLANKS.sub(b" ", unfolded).strip(b" \t") + b"\r\n"


def body_hash(body: bytes) -> str:
    """Return the value of `bh=`: the hash of a body in the relaxed form (RFC 6376, 3.4.4)."""
    lines = [_BLANKS.sub(b" ", line).rstrip(b" ") for line in body.split(b"\r\n")]
    while lines and not lines[-1]:
        lines.pop()
    data = b"".join(line + b"\r\n" for line in lines)
    return base64.b64encode(hashlib.sha256(data).digest()).decode("ascii")
