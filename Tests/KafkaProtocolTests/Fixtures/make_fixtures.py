"""Writes record batches as kafka-python encodes them, and hashes and checksums of its libraries."""

import pathlib
import struct

import crc32c
from kafka.partitioner.default import murmur2
from kafka.record.default_records import DefaultRecordBatchBuilder

here = pathlib.Path(__file__).parent
KEY = b"device-0001"
VALUE = '{"event_id":"e1","event_name":"app_open","text":"\uc548\ub155"}'.encode()
TIME = 1705363800000


def batch(name, codec, records, producer=(-1, -1, -1)):
    builder = DefaultRecordBatchBuilder(
        magic=2, compression_type=codec, is_transactional=False,
        producer_id=producer[0], producer_epoch=producer[1], base_sequence=producer[2],
        batch_size=1 << 20)
    for offset, (timestamp, key, value, headers) in enumerate(records):
        assert builder.append(offset, timestamp, key, value, headers) is not None
    (here / name).write_bytes(bytes(builder.build()))


small = [
    (TIME, KEY, VALUE, []),
    (TIME + 7, None, b"", [("reason", b"bad"), ("empty", None)]),
    (TIME - 3, b"", None, []),
]
batch("batch-none.bin", 0, small)
batch("batch-producer.bin", 0, small, producer=(4711, 3, 17))
many = [(TIME + i, b"k%d" % (i % 7), b"value-%05d " % i * 8, []) for i in range(200)]
batch("batch-gzip.bin", 1, many)
batch("batch-zstd.bin", 4, many)

lines = []
for text in [b"", b"a", b"ab", b"abc", b"abcd", b"21", b"foobar", b"a-little-bit-long-string",
             b"a-little-bit-longer-string", b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8",
             b"device-0001", "\uc548\ub155".encode(), bytes(range(256))]:
    lines.append("%s %d %d" % (text.hex() or "-", murmur2(text), crc32c.crc32c(text)))
(here / "hashes.txt").write_text("\n".join(lines) + "\n")
