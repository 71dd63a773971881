// The Python side of `InteropTests`: it runs where TAPLINE_INTEROP_PYTHON names an interpreter with
// pyarrow (and DuckDB, where it is there).
//
// Both sides print tables as lines of cells that have one spelling: N for NULL, integers as they are
// (dates in days, timestamps in microseconds, decimals unscaled), doubles as 16 hexadecimal digits,
// text and bytes in hexadecimal.

import Columnar

enum InteropScript {
  /// `dump FILE` prints a file; `make DIRECTORY` writes files of many kinds, each with its dump.
  static let source = """
    import sys, os, struct, datetime, decimal, random
    import pyarrow as pa, pyarrow.parquet as pq, pyarrow.compute as pc

    def cells(column):
        t = column.type
        if pa.types.is_dictionary(t):
            column = column.cast(t.value_type); t = t.value_type
        if pa.types.is_timestamp(t):
            divisor = {'ms': 1000, 'us': 1, 'ns': 1}[t.unit]
            raw = column.cast(pa.int64()).to_pylist()
            if t.unit == 'ns':
                return ['N' if v is None else str(v // 1000) for v in raw]
            return ['N' if v is None else str(v * divisor) for v in raw]
        if pa.types.is_date(t):
            return ['N' if v is None else str(v) for v in column.cast(pa.int32()).to_pylist()]
        values = column.to_pylist()
        if pa.types.is_boolean(t):
            f = lambda v: '1' if v else '0'
        elif pa.types.is_floating(t):
            f = lambda v: struct.pack('>d', v).hex()
        elif pa.types.is_decimal(t):
            f = lambda v: str(int(v.scaleb(t.scale)))
        elif pa.types.is_string(t) or pa.types.is_large_string(t) or pa.types.is_string_view(t):
            f = lambda v: 'x' + v.encode().hex()
        elif pa.types.is_binary(t) or pa.types.is_fixed_size_binary(t) or pa.types.is_large_binary(t) or pa.types.is_binary_view(t):
            f = lambda v: 'x' + v.hex()
        else:
            f = str
        return ['N' if v is None else f(v) for v in values]

    def dump(table, out):
        columns = [cells(c.combine_chunks() if isinstance(c, pa.ChunkedArray) else c) for c in table.columns]
        out.write(' | '.join(f'{f.name} {f.type}' for f in table.schema) + '\\n')
        for row in zip(*columns):
            out.write(' '.join(row) + '\\n')

    def sample(n, seed=1):
        r = random.Random(seed)
        def maybe(f):
            return [None if r.random() < 0.2 else f() for _ in range(n)]
        day = datetime.date(2024, 1, 16)
        t0 = datetime.datetime(2024, 1, 16, 0, 10)
        return pa.table({
            'flag': pa.array(maybe(lambda: r.random() < 0.5), pa.bool_()),
            'i8': pa.array(maybe(lambda: r.randint(-128, 127)), pa.int8()),
            'u16': pa.array(maybe(lambda: r.randint(0, 65535)), pa.uint16()),
            'i32': pa.array(maybe(lambda: r.randint(-2**31, 2**31 - 1)), pa.int32()),
            'u32': pa.array(maybe(lambda: r.randint(0, 2**32 - 1)), pa.uint32()),
            'i64': pa.array(maybe(lambda: r.randint(-2**63, 2**63 - 1)), pa.int64()),
            'step': pa.array([1000 * i + r.randint(0, 9) for i in range(n)], pa.int64()),
            'f32': pa.array(maybe(lambda: struct.unpack('f', struct.pack('f', r.gauss(0, 5)))[0]), pa.float32()),
            'f64': pa.array(maybe(lambda: r.gauss(0, 1e9)), pa.float64()),
            'dec9': pa.array(maybe(lambda: decimal.Decimal(r.randint(-10**9 + 1, 10**9 - 1)).scaleb(-2)), pa.decimal128(9, 2)),
            'dec18': pa.array(maybe(lambda: decimal.Decimal(r.randint(-10**18 + 1, 10**18 - 1)).scaleb(-4)), pa.decimal128(18, 4)),
            'name': pa.array(maybe(lambda: 'name ' * r.randint(0, 4) + str(r.randint(0, 10**9))), pa.string()),
            'country': pa.array(maybe(lambda: r.choice(['KR', 'US', 'a longer country name', '독일'])), pa.string()),
            'blob': pa.array(maybe(lambda: r.randbytes(r.randint(0, 20))), pa.binary()),
            'uuid': pa.array(maybe(lambda: r.randbytes(16)), pa.binary(16)),
            'day': pa.array(maybe(lambda: day + datetime.timedelta(days=r.randint(-30000, 30000))), pa.date32()),
            'wall': pa.array(maybe(lambda: t0 + datetime.timedelta(microseconds=r.randint(-10**15, 10**15))), pa.timestamp('us')),
            'instant': pa.array(maybe(lambda: t0 + datetime.timedelta(milliseconds=r.randint(-10**12, 10**12))), pa.timestamp('ms', 'UTC')),
            'nothing': pa.array([None] * n, pa.string()),
            'same': pa.array(['always the same'] * n, pa.string()),
        })

    def make(directory):
        n = 3000
        table = sample(n)
        required = pa.schema([pa.field(f.name, f.type, nullable=f.name not in ('step', 'same')) for f in table.schema])
        table = table.cast(required)
        def save(name, table, expected=None, **options):
            pq.write_table(table, f'{directory}/{name}.parquet', **options)
            with open(f'{directory}/{name}.txt', 'w') as out:
                dump(expected or table, out)
        for version in ['1.0', '2.0']:
            for codec in ['snappy', 'zstd', 'gzip', 'lz4', 'none']:
                for dictionary in [True, False]:
                    save(f'plain-{version}-{codec}-{dictionary}', table, data_page_version=version,
                         compression=codec, use_dictionary=dictionary, row_group_size=1300,
                         data_page_size=4000, write_page_index=dictionary, write_page_checksum=dictionary)
            ints = {c: 'DELTA_BINARY_PACKED' for c in ['i8', 'u16', 'i32', 'u32', 'i64', 'step', 'day', 'wall', 'instant']}
            for text in ['DELTA_LENGTH_BYTE_ARRAY', 'DELTA_BYTE_ARRAY']:
                encodings = dict(ints)
                for c in ['name', 'country', 'blob', 'nothing', 'same']: encodings[c] = text
                if text == 'DELTA_BYTE_ARRAY': encodings['uuid'] = text
                encodings['flag'] = 'RLE' if version == '2.0' else 'PLAIN'
                save(f'delta-{version}-{text}', table, data_page_version=version, use_dictionary=False,
                     column_encoding=encodings, data_page_size=4000)
            save(f'split-{version}', table.select(['f32', 'f64', 'i32', 'i64', 'step', 'dec9', 'dec18']),
                 data_page_version=version, use_dictionary=False,
                 column_encoding={c: 'BYTE_STREAM_SPLIT' for c in ['f32', 'f64', 'i32', 'i64', 'step', 'dec9', 'dec18']})
        save('decimal-as-integer', table, store_decimal_as_integer=True)
        save('int96', table.select(['wall']), use_deprecated_int96_timestamps=True)
        save('nanos', pa.table({'t': pa.array([None if i % 7 == 0 else (i - 500) * 999999937 for i in range(1000)], pa.timestamp('ns'))}))
        save('small-dictionary', table, dictionary_pagesize_limit=2000, data_page_size=2000)
        nested = pa.table({
            'a': pa.array(range(10), pa.int64()),
            's': pa.array([{'x': i, 'y': str(i)} for i in range(10)]),
            'l': pa.array([[i] * (i % 3) for i in range(10)]),
            'm': pa.array([[('k', i)] for i in range(10)], pa.map_(pa.string(), pa.int64())),
            'wide': pa.array([decimal.Decimal(i) for i in range(10)], pa.decimal128(38, 2)),
            'clock': pa.array([datetime.time(1, 2, 3)] * 10, pa.time64('us')),
            'b': pa.array([None if i == 3 else str(i) for i in range(10)])})
        save('nested', nested, nested.select(['a', 'b']))
        save('empty', table.slice(0, 0))
        save('many', sample(60000, 2).select(['i64', 'name', 'country', 'wall']), row_group_size=25000)
        pq.write_table(table, f'{directory}/refused-brotli', compression='brotli')
        try:
            import duckdb
        except ImportError:
            return
        source = f'{directory}/decimal-as-integer.parquet'
        for version in ['V1', 'V2']:
            for codec in ['snappy', 'zstd', 'gzip', 'lz4_raw']:
                path = f'{directory}/duckdb-{version}-{codec}.parquet'
                duckdb.sql(f"copy (select * exclude (wall, nothing) from '{source}') to '{path}' (format parquet, compression {codec}, parquet_version {version}, row_group_size 2048)")
                # pyarrow does not read every page that DuckDB writes in V2, so DuckDB is asked.
                rows = duckdb.sql(f"from '{path}'").arrow()
                with open(path[:-8] + '.txt', 'w') as out:
                    dump(rows.read_all() if hasattr(rows, 'read_all') else rows, out)

    if sys.argv[1] == 'dump':
        file = pq.ParquetFile(sys.argv[2], page_checksum_verification=True)
        dump(file.read(), sys.stdout)
        for group in range(file.metadata.num_row_groups):
            for column in range(file.metadata.num_columns):
                chunk = file.metadata.row_group(group).column(column)
                s = chunk.statistics
                print('#', group, chunk.path_in_schema, s.null_count, s.has_min_max,
                      chunk.has_column_index, chunk.has_offset_index)
    elif sys.argv[1] == 'duckdb':
        import duckdb
        print(duckdb.sql(f"select count(*), sum(hash(columns(*))) from '{sys.argv[2]}'").fetchall()
              == duckdb.sql(f"select count(*), sum(hash(columns(*))) from '{sys.argv[3]}'").fetchall())
    else:
        make(sys.argv[2])
    """

  /// One cell in the common spelling.
  static func cell(_ scalar: Scalar) -> String {
    switch scalar {
    case .null: "N"
    case .boolean(let value): value ? "1" : "0"
    case .integer(let value): String(value)
    case .double(let value): hex(value.bitPattern)
    case .text(let value): "x" + value.utf8.map { hex($0) }.joined()
    case .binary(let value): "x" + value.map { hex($0) }.joined()
    case .wide(let value): String(value)
    case .list, .map, .row: "?"
    }
  }

  private static func hex(_ value: some FixedWidthInteger & UnsignedInteger) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: value.bitWidth / 4 - digits.count) + digits
  }
}
