"""The checksums of the S3 protocol: CRC32, CRC32C, CRC64NVME, SHA1, SHA256.

CRC32C and CRC64NVME are not in the standard library; the table-driven loop below reads about
10 MB a second, which is enough for tests.
"""

import hashlib
import zlib
from collections.abc import Callable, Iterable
from functools import cache

__all__ = ["ALGORITHMS", "COMPOSITE_ALGORITHMS", "Hasher", "combined_crc64nvme"]

COMPOSITE_ALGORITHMS = ("crc32", "crc32c", "sha1", "sha256")
"""Those that R2 makes composite over parts (CFD r2/api/s3/api.mdx, checksum types)."""
ALGORITHMS = (*COMPOSITE_ALGORITHMS, "crc64nvme")

_LENGTHS = {"crc32": 4, "crc32c": 4, "crc64nvme": 8, "sha1": 20, "sha256": 32}
# Reflected polynomials: Castagnoli (RFC 3720, appendix B.4) and NVMe (NVM Express base specification 5.2).
_POLYNOMIALS = {"crc32c": (0x82F63B78, 32), "crc64nvme": (0x9A6C9329AC4BC9B5, 64)}


class Hasher:
    """One running checksum."""

    def __init__(self, algorithm: str) -> None:
        self.algorithm = algorithm
        self._crc = 0
        self._update_crc: Callable[[bytes, int], int] | None = None
        if algorithm == "crc32":
            self._update_crc = zlib.crc32
        elif algorithm in _POLYNOMIALS:
            self._update_crc = _updater(algorithm)
        else:
            self._hash = hashlib.new(algorithm, usedforsecurity=False)

    def update(self, data: bytes) -> None:
        """Takes in the next bytes."""
        if self._update_crc is None:
            self._hash.update(data)
        else:
            self._crc = self._update_crc(data, self._crc)

    def digest(self) -> bytes:
        """The checksum so far, as its big-endian bytes."""
        if self._update_crc is None:
            return self._hash.digest()
        return self._crc.to_bytes(self.length(self.algorithm), "big")

    @staticmethod
    def length(algorithm: str) -> int:
        """Bytes of a checksum of that algorithm."""
        return _LENGTHS[algorithm]


def combined_crc64nvme(pieces: Iterable[tuple[bytes, int]]) -> bytes:
    """CRC64NVME of a whole, from the checksums and lengths of its pieces in their order.

    What zlib's `crc32_combine` does for CRC32: the checksum so far is multiplied by x to the power of the bits
    that follow it, modulo the polynomial.
    """
    crc = 0
    for digest, length in pieces:
        crc = _multiply(_power(8 * length), crc) ^ int.from_bytes(digest, "big")
    return crc.to_bytes(_LENGTHS["crc64nvme"], "big")


def _power(exponent: int) -> int:
    """The power of x, in the reflected form: the highest bit is x to the power of 0."""
    result, base = 1 << 63, 1 << 62
    while exponent:
        if exponent & 1:
            result = _multiply(result, base)
        base = _multiply(base, base)
        exponent >>= 1
    return result


def _multiply(one: int, two: int) -> int:
    polynomial, product = _POLYNOMIALS["crc64nvme"][0], 0
    for bit in range(63, -1, -1):
        if one >> bit & 1:
            product ^= two
        two = (two >> 1) ^ polynomial if two & 1 else two >> 1
    return product


def _updater(algorithm: str) -> Callable[[bytes, int], int]:
    table = _table(algorithm)
    mask = (1 << _POLYNOMIALS[algorithm][1]) - 1

    def update(data: bytes, crc: int) -> int:
        crc ^= mask
        for byte in data:
            crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
        return crc ^ mask

    return update


@cache
def _table(algorithm: str) -> tuple[int, ...]:
    polynomial = _POLYNOMIALS[algorithm][0]
    rows = []
    for byte in range(256):
        for _bit in range(8):
            byte = (byte >> 1) ^ polynomial if byte & 1 else byte >> 1
        rows.append(byte)
    return tuple(rows)
