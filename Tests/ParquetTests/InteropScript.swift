// The Python side of `InteropTests`: it runs where TAPLINE_INTEROP_PYTHON names an interpreter with
// pyarrow (and DuckDB, where it is there).
//
// Both sides print tables as lines of cells that have one spelling: N for NULL, integers as they are
// (dates in days, timestamps in microseconds, decimals unscaled), doubles as 16 hexadecimal digits,
// text and bytes in hexadecimal, lists in [], maps in {}, rows in ().

import Columnar

enum InteropScript {
  /// `dump FILE` prints a file; `make DIRECTORY` writes files of many kinds, each with its dump.
  static let source = """
    import sys, os, struct, datetime, decimal, random, uuid
    import pyarrow as pa, pyarrow.parquet as pq, pyarrow.compute as pc

    decimal.getcontext().prec = 60

    def cells(column):
        t = column.type
        if isinstance(column, pa.ChunkedArray):
            column = column.combine_chunks()
            if isinstance(column, pa.ChunkedArray):
                column = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], t)
        if isinstance(t, pa.BaseExtensionType):
            column = column.storage
            if 'uuid' in str(t):
                return ['N' if v is None else str(int.from_bytes(v, 'big', signed=True)) for v in column.to_pylist()]
            t = column.type
        if pa.types.is_dictionary(t):
            column = column.cast(t.value_type); t = t.value_type
        if pa.types.is_list(t) or pa.types.is_large_list(t):
            child, o = cells(column.values), column.offsets.to_pylist()
            return ['[' + ','.join(child[o[i]:o[i + 1]]) + ']' if ok else 'N'
                    for i, ok in enumerate(column.is_valid().to_pylist())]
        if pa.types.is_map(t):
            k, v, o = cells(column.keys), cells(column.items), column.offsets.to_pylist()
            return ['{' + ','.join(f'{k[j]}:{v[j]}' for j in range(o[i], o[i + 1])) + '}' if ok else 'N'
                    for i, ok in enumerate(column.is_valid().to_pylist())]
        if pa.types.is_struct(t):
            fields = [cells(column.field(i)) for i in range(t.num_fields)]
            return ['(' + ','.join(f[i] for f in fields) + ')' if ok else 'N'
                    for i, ok in enumerate(column.is_valid().to_pylist())]
        # Times of day in picoseconds; moments in micro-, or from nanoseconds in picoseconds.
        if pa.types.is_time(t):
            f = {'ms': 10**9, 'us': 10**6, 'ns': 1000}[t.unit]
            raw = column.cast(pa.int32() if t.unit == 'ms' else pa.int64()).to_pylist()
            return ['N' if v is None else str(v * f) for v in raw]
        if pa.types.is_timestamp(t):
            f = {'s': 10**6, 'ms': 1000, 'us': 1, 'ns': 1000}[t.unit]
            return ['N' if v is None else str(v * f) for v in column.cast(pa.int64()).to_pylist()]
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
        columns = [cells(c) for c in table.columns]
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
            'i16': pa.array(maybe(lambda: r.randint(-2**15, 2**15 - 1)), pa.int16()),
            'u8': pa.array(maybe(lambda: r.randint(0, 255)), pa.uint8()),
            'u64': pa.array(maybe(lambda: r.randint(0, 2**64 - 1)), pa.uint64()),
            'dec38': pa.array(maybe(lambda: decimal.Decimal(r.randint(-10**38 + 1, 10**38 - 1)).scaleb(-6)), pa.decimal128(38, 6)),
            'dec24': pa.array(maybe(lambda: decimal.Decimal(r.randint(-10**24 + 1, 10**24 - 1)).scaleb(-2)), pa.decimal128(24, 2)),
            'clock3': pa.array(maybe(lambda: r.randint(0, 86399999)), pa.int32()).cast(pa.time32('ms')),
            'clock6': pa.array(maybe(lambda: r.randint(0, 86399999999)), pa.int64()).cast(pa.time64('us')),
            'clock9': pa.array(maybe(lambda: r.randint(0, 86399999999999)), pa.int64()).cast(pa.time64('ns')),
            'fine': pa.array(maybe(lambda: r.randint(-2**62, 2**62)), pa.int64()).cast(pa.timestamp('ns')),
            'moment': pa.array(maybe(lambda: r.randint(-2**62, 2**62)), pa.int64()).cast(pa.timestamp('ns', 'UTC')),
            'uid': pa.ExtensionArray.from_storage(pa.uuid(), pa.array(maybe(lambda: r.randbytes(16)), pa.binary(16))),
            'uuid': pa.array(maybe(lambda: r.randbytes(16)), pa.binary(16)),
            'day': pa.array(maybe(lambda: day + datetime.timedelta(days=r.randint(-30000, 30000))), pa.date32()),
            'wall': pa.array(maybe(lambda: t0 + datetime.timedelta(microseconds=r.randint(-10**15, 10**15))), pa.timestamp('us')),
            'instant': pa.array(maybe(lambda: t0 + datetime.timedelta(milliseconds=r.randint(-10**12, 10**12))), pa.timestamp('ms', 'UTC')),
            'nothing': pa.array([None] * n, pa.string()),
            'same': pa.array(['always the same'] * n, pa.string()),
        })

    def nested(n, seed=5):
        r = random.Random(seed)
        def maybe(f, p=0.2):
            return None if r.random() < p else f()
        word = lambda: r.choice(['KR', 'US', 'a longer country name', '독일']) if r.random() < 0.7 else 'w' * r.randint(0, 30) + str(r.randint(0, 9))
        number = lambda: r.randint(-2**40, 2**40)
        many = lambda f, most=5: [f() for _ in range(r.choice([0, 0, 1, 2, r.randint(0, most)]))]
        def pairs(f):
            return [(k, f()) for k in sorted({word() for _ in range(r.randint(0, 4))})]
        point = pa.struct([pa.field('x', pa.int64(), nullable=False), pa.field('y', pa.string())])
        deep = pa.struct([('n', pa.int32()), ('tags', pa.list_(pa.string())), ('p', point), ('m', pa.map_(pa.string(), pa.list_(pa.int64())))])
        a_point = lambda: {'x': number(), 'y': maybe(word)}
        a_deep = lambda: {'n': maybe(lambda: r.randint(-9, 9)), 'tags': maybe(lambda: many(lambda: maybe(word))), 'p': maybe(a_point),
                          'm': maybe(lambda: pairs(lambda: maybe(lambda: many(lambda: maybe(number)))))}
        columns = {
            'id': (pa.int64(), lambda i: i),
            'list': (pa.list_(pa.int64()), lambda i: maybe(lambda: many(lambda: maybe(number)))),
            'long': (pa.list_(pa.int32()), lambda i: maybe(lambda: many(lambda: maybe(lambda: r.randint(0, 9)), 300), 0.9)),
            'lists': (pa.list_(pa.list_(pa.string())), lambda i: maybe(lambda: many(lambda: maybe(lambda: many(lambda: maybe(word)))))),
            'map': (pa.map_(pa.string(), pa.int64()), lambda i: maybe(lambda: pairs(lambda: maybe(number)))),
            'maps': (pa.map_(pa.string(), pa.map_(pa.string(), point)), lambda i: maybe(lambda: pairs(lambda: maybe(lambda: pairs(lambda: maybe(a_point)))))),
            'point': (point, lambda i: maybe(a_point)),
            'points': (pa.list_(point), lambda i: maybe(lambda: many(lambda: maybe(a_point)))),
            'deep': (deep, lambda i: maybe(a_deep)),
            'deeps': (pa.list_(deep), lambda i: maybe(lambda: many(lambda: maybe(a_deep)))),
            'flags': (pa.list_(pa.bool_()), lambda i: maybe(lambda: many(lambda: maybe(lambda: r.random() < 0.5)))),
            'money': (pa.list_(pa.decimal128(30, 3)), lambda i: maybe(lambda: many(lambda: maybe(lambda: decimal.Decimal(number()).scaleb(-3))))),
            'never': (pa.list_(pa.int64()), lambda i: None),
            'hollow': (pa.list_(pa.int64()), lambda i: []),
        }
        return pa.table({name: pa.array([make(i) for i in range(n)], t) for name, (t, make) in columns.items()})

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
            ints = {c: 'DELTA_BINARY_PACKED' for c in ['i8', 'i16', 'u8', 'u16', 'i32', 'u32', 'i64', 'u64', 'step', 'day', 'wall', 'instant', 'clock3', 'clock6', 'clock9', 'fine', 'moment']}
            for text in ['DELTA_LENGTH_BYTE_ARRAY', 'DELTA_BYTE_ARRAY']:
                encodings = dict(ints)
                for c in ['name', 'country', 'blob', 'nothing', 'same']: encodings[c] = text
                if text == 'DELTA_BYTE_ARRAY': encodings['uuid'] = text
                encodings['flag'] = 'RLE' if version == '2.0' else 'PLAIN'
                save(f'delta-{version}-{text}', table, data_page_version=version, use_dictionary=False,
                     column_encoding=encodings, data_page_size=4000)
            save(f'split-{version}', table.select(['f32', 'f64', 'i32', 'i64', 'step', 'dec9', 'dec18', 'dec38', 'uuid']),
                 data_page_version=version, use_dictionary=False,
                 column_encoding={c: 'BYTE_STREAM_SPLIT' for c in ['f32', 'f64', 'i32', 'i64', 'step', 'dec9', 'dec18', 'dec38', 'uuid']})
        save('decimal-as-integer', table, store_decimal_as_integer=True)
        save('int96', table.select(['wall']), use_deprecated_int96_timestamps=True)
        save('nanos', pa.table({'t': pa.array([None if i % 7 == 0 else (i - 500) * 999999937 for i in range(1000)], pa.timestamp('ns'))}))
        save('small-dictionary', table, dictionary_pagesize_limit=2000, data_page_size=2000)
        foreign = pa.table({
            'a': pa.array(range(10), pa.int64()),
            'huge': pa.array([decimal.Decimal(i) for i in range(10)], pa.decimal256(60, 2)),
            'half': pa.array([float(i) for i in range(10)], pa.float16()),
            'in': pa.array([[decimal.Decimal(1)]] * 10, pa.list_(pa.decimal256(50, 0))),
            'b': pa.array([None if i == 3 else str(i) for i in range(10)])})
        save('foreign', foreign, foreign.select(['a', 'b']))
        many = nested(6000)
        for version in ['1.0', '2.0']:
            for dictionary in [True, False]:
                save(f'nested-{version}-{dictionary}', many, data_page_version=version, use_dictionary=dictionary,
                     data_page_size=700, row_group_size=2500, write_page_index=not dictionary, write_page_checksum=True)
        save('nested-names', many.slice(0, 500), use_compliant_nested_type=False)
        save('nested-whole', many, data_page_size=1 << 20, compression='zstd')
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
                duckdb.sql(f"copy (select * exclude (wall, nothing, clock3, clock9, fine, moment) from '{source}') to '{path}' (format parquet, compression {codec}, parquet_version {version}, row_group_size 2048)")
                # pyarrow does not read every page that DuckDB writes in V2, so DuckDB is asked.
                rows = duckdb.sql(f"from '{path}'").arrow()
                with open(path[:-8] + '.txt', 'w') as out:
                    rows = rows.read_all() if hasattr(rows, 'read_all') else rows
                    # Its uuids come as text.
                    uid = pa.array([None if v is None else uuid.UUID(str(v)).bytes for v in rows['uid'].to_pylist()], pa.binary(16))
                    uid = pa.ExtensionArray.from_storage(pa.uuid(), uid)
                    dump(rows.set_column(rows.schema.get_field_index('uid'), 'uid', uid), out)

        path = f'{directory}/duckdb-nested.parquet'
        duckdb.sql(f"copy (select * from '{directory}/nested-whole.parquet') to '{path}' (format parquet, row_group_size 2048)")
        with open(path[:-8] + '.txt', 'w') as out:
            dump(pq.read_table(path), out)

    if sys.argv[1] == 'rewrite':
        pq.write_table(pq.read_table(sys.argv[2]), sys.argv[3])
    elif sys.argv[1] == 'dump':
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
    case .list(let elements): "[" + elements.map(cell).joined(separator: ",") + "]"
    case .map(let keys, let values):
      "{" + zip(keys, values).map { cell($0) + ":" + cell($1) }.joined(separator: ",") + "}"
    case .row(let fields): "(" + fields.map(cell).joined(separator: ",") + ")"
    }
  }

  private static func hex(_ value: some FixedWidthInteger & UnsignedInteger) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: value.bitWidth / 4 - digits.count) + digits
  }
}
