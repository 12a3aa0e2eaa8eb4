"""Makes an assembly of mcs depend only on its sources: mcs has no -deterministic option.

Two values of an assembly differ between two compilations: the time in the PE header, and the module version ID
(MVID), a random GUID. This script replaces the time with 0, and the MVID with the hash of the rest.

    python3 reproducible.py ASSEMBLY
"""

import hashlib
import struct
import sys


def number(data, at, size=4):
    return int.from_bytes(data[at : at + size], "little")


def offset_of(data, pe, address):
    """Returns the file offset of an address in memory."""
    sections = pe + 24 + number(data, pe + 20, 2)
    for section in range(sections, sections + 40 * number(data, pe + 6, 2), 40):
        start, size = number(data, section + 12), number(data, section + 16)
        if start <= address < start + size:
            return address - start + number(data, section + 20)
    raise SystemExit("the assembly is damaged: an address lies in no section")


def guids(data, pe):
    """Returns the offset of the GUID heap and its length (ECMA-335, II.24 and II.25)."""
    wide = number(data, pe + 24, 2) == 0x20B
    directory = pe + 24 + (112 if wide else 96) + 14 * 8
    header = offset_of(data, pe, number(data, directory))
    metadata = offset_of(data, pe, number(data, header + 8))
    if data[metadata : metadata + 4] != b"BSJB":
        raise SystemExit("the assembly is damaged: it has no metadata")
    streams = metadata + 16 + number(data, metadata + 12)
    at = streams + 4
    for _ in range(number(data, streams + 2, 2)):
        start, size = number(data, at), number(data, at + 4)
        end = data.index(b"\0", at + 8)
        if data[at + 8 : end] == b"#GUID":
            return metadata + start, size
        at += 8 + (end - at - 8) // 4 * 4 + 4
    raise SystemExit("the assembly is damaged: it has no GUIDs")


def main(path):
    with open(path, "rb") as file:
        data = bytearray(file.read())
    pe = number(data, 0x3C)
    struct.pack_into("<I", data, pe + 8, 0)
    start, size = guids(data, pe)
    if size != 16:
        raise SystemExit("the assembly has more GUIDs than its MVID")
    data[start : start + 16] = bytes(16)
    data[start : start + 16] = hashlib.sha256(data).digest()[:16]
    with open(path, "wb") as file:
        file.write(data)


main(sys.argv[1])
