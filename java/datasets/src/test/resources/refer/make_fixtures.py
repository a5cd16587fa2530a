"""Writes the pickles beside it, as the REFER toolkit's files are: by Python's pickle module, and, for those of
Python 2, opcode by opcode, as Python 3 has no way to write a byte string as `str`."""

import copy
import io
import pickle
import struct

REFS = [
    {
        "ref_id": 7,
        "ann_id": 16,
        "category_id": 1,
        "image_id": 581857,
        "file_name": "COCO_train2014_000000581857_16.jpg",
        "split": "train",
        "sent_ids": [0, 1],
        "sentences": [
            {"tokens": ["the", "dog"], "raw": "THE dog", "sent_id": 0, "sent": "the dog"},
            {"tokens": ["café"], "raw": "Café dog", "sent_id": 1, "sent": "café dog"},
        ],
    },
    {
        "ref_id": 8,
        "ann_id": 17,
        "category_id": 2,
        "image_id": 581857,
        "file_name": "COCO_train2014_000000581857_17.jpg",
        "split": "testA",
        "sent_ids": [2],
        "sentences": [{"tokens": ["cat"], "raw": "cat", "sent_id": 2, "sent": "cat"}],
    },
]


def python2(value):
    """Protocol 2 as cPickle of Python 2 writes it: text is a byte string."""
    if isinstance(value, bool):
        return b"\x88" if value else b"\x89"
    if isinstance(value, int):
        return b"J" + struct.pack("<i", value)
    if isinstance(value, str):
        data = value.encode()
        return b"U" + bytes([len(data)]) + data
    if isinstance(value, list):
        return b"](" + b"".join(map(python2, value)) + b"e"
    if isinstance(value, dict):
        return b"}(" + b"".join(python2(k) + python2(v) for k, v in value.items()) + b"u"
    raise TypeError(value)


class Python2Pickler(pickle._Pickler):
    """Protocol 0 as Python 2 writes it: text is a byte string in repr's escapes, bytes stand for it here."""

    dispatch = dict(pickle._Pickler.dispatch)

    def save_str(self, data):
        self.write(b"S" + repr(data)[1:].encode("ascii") + b"\n")
        self.memoize(data)

    dispatch[bytes] = save_str


def encoded(value):
    """Text as bytes, keys too, as pickle.load(…, encoding="bytes") gives it."""
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, list):
        return [encoded(v) for v in value]
    if isinstance(value, dict):
        return {encoded(k): encoded(v) for k, v in value.items()}
    return value


def python2_protocol0(value):
    out = io.BytesIO()
    Python2Pickler(out, 0).dump(encoded(value))
    return out.getvalue()


def shared(refs):
    """All sentences share a list, as pickles do whose objects were the same."""
    refs = copy.deepcopy(refs)
    tokens = refs[0]["sentences"][1]["tokens"]
    for ref in refs:
        for sentence in ref["sentences"]:
            sentence["tokens"] = tokens
    return refs


def write(name, data):
    with open(name, "wb") as file:
        file.write(data)


class Call:
    def __reduce__(self):
        import os

        return os.system, ("touch /tmp/pickle-was-run",)


for protocol in (0, 2, 4):
    write(f"refs-protocol{protocol}.p", pickle.dumps(REFS, protocol=protocol))
    write(f"hostile-call{protocol}.p", pickle.dumps([Call()], protocol=protocol))
write("refs-python2.p", b"\x80\x02" + python2(REFS) + b".")
write("hostile-depth.p", b"\x80\x02" + b"]" * 20000 + b"a" * 19999 + b".")
circle = []
circle.append(circle)
write("hostile-circle.p", pickle.dumps(circle, protocol=2))
write("hostile-length.p", b"\x80\x04\x8d" + struct.pack("<Q", 1 << 40) + b"x.")
write("hostile-length4.p", b"\x80\x02X" + struct.pack("<I", 0xFFFFFFF0) + b"x.")
write("hostile-number.p", b"\x80\x02\x8b" + struct.pack("<I", 1 << 10) + b"\x01" * (1 << 10) + b".")
write("hostile-persistent.p", b"\x80\x02Vid\nQ.")
write("hostile-extension.p", b"\x80\x02\x82\x01.")
write("hostile-key.p", b"\x80\x02}" + b"]" * 20000 + b"a" * 19999 + b"Ns.")
write("truncated.p", pickle.dumps(REFS, protocol=2)[:-40])
write("no-list.p", pickle.dumps({"a": 1}, protocol=2))
write("refs-python2-protocol0.p", python2_protocol0(REFS))
write("refs-bytes.p", pickle.dumps(encoded(REFS), 4))
for protocol in (0, 2):
    write(f"refs-bytes-protocol{protocol}.p", pickle.dumps([dict(r, note=b"") for r in encoded(REFS)], protocol))
write("hostile-codec.p", b"\x80\x02c_codecs\nencode\nX\x01\0\0\0xX\x03\0\0\0hex\x86R.")
write("hostile-bytes.p", b"\x80\x02c__builtin__\nbytes\nJ\xff\xff\xff\x7f\x85R.")
write("refs-shared.p", pickle.dumps(shared(REFS), 2))
write("hostile-shared-key.p", b"\x80\x02}]q\x00" + b"".join(b"](h%ch%ceq%c" % (i, i, i + 1) for i in range(40)) + b"Ns.")
