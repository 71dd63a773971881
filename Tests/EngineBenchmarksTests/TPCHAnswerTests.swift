import EngineBenchmarks
import Foundation
import TestSupport
import Testing

/// DuckDB and the public generator; nil where they are missing.
private let interopPeer: Peer? = InteropPython.interpreter.map { Peer(python: $0) }.flatMap {
  FileManager.default.isExecutableFile(atPath: $0.generator) ? $0 : nil
}

/// All 22 queries of TPC-H over the public generator's Parquet files: our answers are DuckDB's.
@Suite(
  .enabled(
    if: interopPeer != nil,
    "TAPLINE_INTEROP_PYTHON names no environment with tpchgen-cli"))
struct TPCHAnswerTests {
  private func compare(scale: String) throws {
    let seed = UInt64.random(in: 1...999_999)
    print("TPC-H at scale factor \(scale): seed \(seed)")
    let peer = try #require(interopPeer)
    let scratch = try ScratchDirectory("tpch-answers")
    let directory = scratch.path + "/files"
    try peer.generate(scale: scale, into: directory)
    let queries = TPCHQuery.drawn(seed: seed, scale: Double(scale) ?? 1)
    #expect(queries.map(\.number) == Array(1...22))
    let expected = try peer.measure(
      queries.map(\.peerSQL), directory: directory, runs: 0, threads: 2)
    #expect(expected.filter { $0.rows.count > 0 }.count > 15, "seed \(seed): most answers are empty")
    let engine = OwnEngine(directory: directory, threads: nil)
    for (query, answer) in zip(queries, expected) {
      let rows = try engine.rows(query.sql)
      let difference = Answer.difference(rows, answer.rows)
      #expect(
        difference == nil, "seed \(seed), Q\(query.number): \(difference ?? "")\n\(query.sql)")
    }
  }

  @Test func `answers of all queries at scale factor 0.01 are DuckDB's`() throws {
    try compare(scale: "0.01")
  }

  @Test func `answers of all queries at scale factor 0.1 are DuckDB's`() throws {
    try compare(scale: "0.1")
  }
}

/// What counts as the same answer.
struct AnswerTests {
  @Test func `numbers are compared with the decimals that both have`() {
    #expect(Answer.difference([["1.50"]], [["1.5"]]) == nil)
    #expect(Answer.difference([["25.52"]], [["25.522005853257337"]]) == nil)
    #expect(Answer.difference([["25.51"]], [["25.522005853257337"]]) != nil)
    #expect(Answer.difference([["100"]], [["101"]]) != nil)
    #expect(Answer.difference([["100.01"]], [["100.02"]]) != nil)
  }

  @Test func `text, NULL and counts of rows must be the same`() {
    #expect(Answer.difference([["a", nil]], [["a", nil]]) == nil)
    #expect(Answer.difference([["a"]], [["b"]]) != nil)
    #expect(Answer.difference([[nil]], [["0"]]) != nil)
    #expect(Answer.difference([["a"]], []) != nil)
    #expect(Answer.difference([["1995-01-01"]], [["1995-01-02"]]) != nil)
  }

  @Test func `parameters are drawn from the seed`() {
    let first = TPCHQuery.drawn(seed: 1, scale: 1).map(\.sql)
    #expect(first == TPCHQuery.drawn(seed: 1, scale: 1).map(\.sql))
    let second = TPCHQuery.drawn(seed: 2, scale: 1).map(\.sql)
    #expect(zip(first, second).filter { $0 != $1 }.count > 18)
  }
}
