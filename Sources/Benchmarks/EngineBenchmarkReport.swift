// The engine's benchmarks as a table for people and a line of JSON.

import EngineBenchmarks
import Terminal

/// Shows what the engine's benchmarks measured.
enum EngineBenchmarkReport {
  static func view(_ lines: [EngineBenchmarkLine]) -> TableView {
    var rows = lines.map { line in
      row(
        line.name, line.ours.median, line.ours.peakBytes, line.peers.map(\.median),
        line.peers.map(\.peakBytes), answer(line))
    }
    let peers = lines.compactMap(\.peers)
    rows.append(
      row(
        "total", lines.reduce(0) { $0 + $1.ours.median }, lines.map(\.ours.peakBytes).max() ?? 0,
        peers.isEmpty ? nil : peers.reduce(0) { $0 + $1.median }, peers.map(\.peakBytes).max(), ""))
    return TableView(
      columns: [
        TableColumn("STATEMENT"), .number("OURS_MS"), .number("PEER_MS"), .number("RATIO"),
        .number("OURS_PEAK"), .number("PEER_PEAK"), .number("ROWS"), TableColumn("ANSWER"),
      ], rows: rows)
  }

  private static func answer(_ line: EngineBenchmarkLine) -> String {
    guard line.peers != nil else { return "\(line.ours.rows.count)|-" }
    return "\(line.ours.rows.count)|" + (line.difference == nil ? "same" : "DIFFERENT")
  }

  private static func row(
    _ name: String, _ ours: Double, _ peak: Int, _ peer: Double?, _ peerPeak: Int?, _ answer: String
  ) -> [String] {
    let parts = answer.split(separator: "|").map(String.init)
    return [
      name, NumberText.decimal(ours, places: 1),
      peer.map { NumberText.decimal($0, places: 1) } ?? "-",
      peer.map { NumberText.decimal(ours / max($0, 0.001), places: 2) } ?? "-",
      NumberText.bytes(Int64(peak)), peerPeak.map { NumberText.bytes(Int64($0)) } ?? "-",
      parts.first ?? "", parts.last ?? "",
    ]
  }

  static func json(_ lines: [EngineBenchmarkLine], seed: UInt64) -> String {
    let items = lines.map { line in
      var text =
        "{\"name\":\"\(line.name)\",\"ours_ms\":\(NumberText.decimal(line.ours.median, places: 2))"
        + ",\"ours_peak_bytes\":\(line.ours.peakBytes)"
      if let peers = line.peers {
        text +=
          ",\"peer_ms\":\(NumberText.decimal(peers.median, places: 2))"
          + ",\"peer_peak_bytes\":\(peers.peakBytes),\"same\":\(line.difference == nil)"
      }
      return text + "}"
    }
    return "{\"seed\":\(seed),\"statements\":[" + items.joined(separator: ",") + "]}"
  }
}
