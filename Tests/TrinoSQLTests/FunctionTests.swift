/// The functions that are there, and random calls of all of them.
import Columnar
import TestSupport
import Testing
import TrinoSQL

struct FunctionTests {
  private static let engine = QueryEngine(catalogs: [])

  /// Names and argument types by SHOW FUNCTIONS.
  private static func functions() throws -> [(name: String, arguments: String, kind: String)] {
    try engine.execute("SHOW FUNCTIONS", session: Session()).rows().compactMap { row in
      guard case .text(let name) = row[0], case .text(let arguments) = row[2],
        case .text(let kind) = row[3]
      else { return nil }
      return (name, arguments, kind)
    }
  }

  /// The functions that Trino's documentation lists by topic and that are used most.
  static let wanted = """
    abs all_match any_match any_value approx_distinct approx_percentile approx_set arbitrary array_agg
    array_distinct array_except array_intersect array_join array_max array_min array_position
    array_remove array_sort array_union arrays_overlap asin acos atan atan2 at_timezone avg bit_count
    bitwise_and bitwise_and_agg bitwise_left_shift bitwise_not bitwise_or bitwise_or_agg
    bitwise_right_shift bitwise_xor bool_and bool_or cardinality cbrt ceil ceiling checksum chr coalesce
    codepoint combinations concat concat_ws contains contains_sequence corr cos cosh count count_if
    covar_pop covar_samp crc32 cume_dist current_date current_timestamp current_timezone current_user date
    date_add date_diff date_format date_parse date_trunc day day_of_month day_of_week day_of_year degrees
    dense_rank dow doy e element_at empty_approx_set every exp filter first_value flatten floor format
    format_datetime format_number from_base from_base64 from_big_endian_64 from_hex from_iso8601_date
    from_iso8601_timestamp from_unixtime from_utf8 geometric_mean greatest hamming_distance histogram
    hmac_sha256 hour human_readable_seconds if infinity is_finite is_infinite is_json_scalar is_nan
    json_array_contains json_array_get json_array_length json_extract json_extract_scalar json_format
    json_parse json_size kurtosis lag last_day_of_month last_value lead least length levenshtein_distance
    listagg ln localtimestamp log log10 log2 lower lpad ltrim luhn_check map map_agg map_concat
    map_entries map_filter map_from_entries map_keys map_union map_values map_zip_with max max_by md5
    merge millisecond min min_by minute mod month multimap_agg multimap_from_entries nan ngrams none_match
    normal_cdf normalize now nth_value ntile nullif parse_datetime parse_duration percent_rank pi pow power
    quarter radians rand random rank reduce regexp_count regexp_extract regexp_extract_all regexp_like
    regexp_position regexp_replace regexp_split regr_intercept regr_slope repeat replace reverse round
    row_number rpad rtrim second sequence sha1 sha256 sha512 shuffle sign sin sinh skewness slice soundex
    split split_part split_to_map split_to_multimap sqrt starts_with stddev stddev_pop stddev_samp strpos
    substr substring sum tan tanh timezone_hour timezone_minute to_base to_base64 to_big_endian_64 to_hex
    to_iso8601 to_milliseconds to_unixtime to_utf8 transform transform_keys transform_values translate
    trim trim_array truncate try typeof upper url_decode url_encode url_extract_fragment url_extract_host
    url_extract_parameter url_extract_path url_extract_port url_extract_protocol url_extract_query uuid
    var_pop var_samp variance version week week_of_year width_bucket with_timezone xxhash64 year
    year_of_week yow zip zip_with
    """

  @Test func `has the functions that are used most`() throws {
    let there = Set(try Self.functions().map(\.name))
    let missing = Self.wanted.split { $0 == " " || $0 == "\n" }.map(String.init)
      .filter { !there.contains($0) }
    #expect(missing.isEmpty)
    #expect(there.count >= 250)
  }

  @Test func `gives a value or an error for any arguments of any function`() throws {
    var run = FuzzRun("functions")
    let functions = try Self.functions()
    let values = [
      "NULL", "0", "1", "-1", "9223372036854775807", "-9223372036854775808", "2147483647", "1.5",
      "DECIMAL '99999999999999999999999999999999999999'", "1e308", "-0e0", "nan()", "infinity()", "''",
      "'a'", "'한국어'", "'%Y-%m-%d'", "'(a|b)*'", "'{\"a\":[1,2]}'", "'$.a'", "'Asia/Seoul'", "'day'",
      "'2024-01-15'", "X''", "X'00FF'", "true", "DATE '2024-02-29'", "DATE '-9999-01-01'", "DATE '9999-12-31'",
      "TIMESTAMP '2024-01-15 09:10:11.123456789'", "TIMESTAMP '2024-03-10 02:30:00 America/New_York'",
      "TIME '23:59:59.999'", "INTERVAL '1' DAY", "INTERVAL '100' YEAR", "ARRAY[]", "ARRAY[1, NULL, 3]",
      "ARRAY['a', 'b']", "ARRAY[ARRAY[1], NULL]", "ARRAY[(1, 'x'), (2, 'y')]", "ARRAY[1e0, 2e0]",
      "MAP(ARRAY['k'], ARRAY[1])", "MAP()", "JSON '[1, {\"a\": null}]'", "JSON 'null'", "UUID '12151fd2-7586-11e9-8f9e-2a86e4085a59'",
      "x -> x", "(x, y) -> x", "REAL '1.5'", "SMALLINT '7'", "CAST('abc' AS char(5))", "ROW(1, 'a')", "empty_approx_set()",
    ]
    var results = 0
    while run.goesOn() {
      let function = functions[run.pick(functions.count)]
      let most = function.arguments.isEmpty ? 1 : function.arguments.split(separator: ",").count
      let count = run.pick(5) == 0 ? run.pick(5) : max(0, most)
      let arguments = (0..<count).map { _ in values[run.pick(values.count)] }
      let call = "\(function.name)(\(arguments.joined(separator: ", ")))"
      // Folded, and over a column of several rows.
      for sql in [
        "SELECT \(call)", "SELECT \(call) FROM (VALUES 1, 2) AS t (n)",
        "SELECT TRY(\(call)), typeof(\(call))",
      ] {
        do {
          let result = try Self.engine.execute(sql, session: Session())
          for row in result.rows() {
            for (column, value) in row.enumerated() { _ = result.text(value, column: column) }
          }
          results += 1
        } catch is TrinoSQLError {
          continue
        } catch {
          Issue.record("\(sql), seed \(run.seed): \(error)")
        }
      }
    }
    print("fuzz functions: \(run.rounds) calls, \(results) results")
    #expect(results > 0)
  }

  @Test func `gives a result or an error for any damaged statement`() throws {
    var run = FuzzRun("SQL")
    let session = Session()
    while run.goesOn() {
      let seed = FuzzTests.seeds[run.pick(FuzzTests.seeds.count)].replacing("FROM t", with: "FROM (VALUES (1, 'x'), (NULL, NULL)) AS t (a, s)")
      let sql = String(
        decoding: run.damaged(Array(seed.utf8), pieces: FuzzTests.pieces), as: UTF8.self)
      do {
        let result = try Self.engine.execute(sql, session: session)
        for row in result.rows() {
          for (column, value) in row.enumerated() { _ = result.text(value, column: column) }
        }
      } catch is TrinoSQLError {
        continue
      } catch {
        Issue.record("\(sql), seed \(run.seed): \(error)")
      }
    }
    print("fuzz SQL: \(run.rounds) statements")
    #expect(run.rounds >= 50)
  }
}
