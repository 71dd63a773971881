// `Benchmarks world [--size l] [--threads N]`: how fast a world makes its day.
//
// - `bulk`: every event of a day as the phones would record it, without phones; the bytes are counted
//   and hashed away, not written, so that the disk is not what is measured.
// - `phones`: the same for size s with a real SDK client in every phone, whose requests are taken.

import Foundation
import Simulation
import Synchronization
import Terminal
import World

enum WorldBenchmark {
  /// The figures of both measures; `runs` after one to warm up, one alone for size l.
  static func measure(root: String, size: WorldSize, threads: Int, runs: Int) throws -> [Figures] {
    let specification = try WorldSpecification(path: root + "/Datasets/shop/spec.json")
    let day = CivilDate(year: 2024, month: 1, day: 15)
    func world(_ size: WorldSize) throws -> World {
      try World(
        configuration: WorldConfiguration(
          seed: 42, size: size, start: StoryTime(day, offsetSeconds: TimeZones.seoul)),
        specification: specification)
    }
    var bulk = Figures(name: "bulk, size \(size.rawValue), \(threads) threads")
    for run in 0...runs {
      let count = Atomic(0)
      let bytes = Atomic(0)
      let time = try elapsedMilliseconds {
        try world(size).bulk(day: day, threadCount: threads) { chunk in
          count.add(chunk.eventCount, ordering: .relaxed)
          bytes.add(chunk.bytes.count, ordering: .relaxed)
        }
      }
      guard run > 0 else { continue }
      bulk.milliseconds.append(time)
      bulk.counts.append(count.load(ordering: .relaxed))
    }
    var phones = Figures(name: "phones, size s, one thread")
    for run in 0...runs {
      var count = 0
      let time = try elapsedMilliseconds {
        try world(.s).advance(to: StoryTime(day.adding(days: 1), offsetSeconds: TimeZones.seoul)) {
          count += $0.eventCount
          return PhoneResponse(status: 200)
        }
      }
      guard run > 0 else { continue }
      phones.milliseconds.append(time)
      phones.counts.append(count)
    }
    return [bulk, phones]
  }

  static func view(_ figures: [Figures]) -> TableView {
    TableView(
      columns: [
        TableColumn("MEASURE"), .number("MIN_MS"), .number("MEDIAN_MS"), .number("MAX_MS"),
        .number("EVENTS"), .number("EVENTS/S"), .number("PEAK_RSS"),
      ],
      rows: figures.map { figure in
        let events = figure.counts.last ?? 0
        let rate = Int(Double(events) / max(figure.median, 0.001) * 1_000)
        return Array(figure.row.prefix(4)) + [
          NumberText.grouped(events), NumberText.grouped(rate),
          NumberText.bytes(Int64(peakResidentBytes())),
        ]
      })
  }

  /// The most memory that this process has had, bytes.
  private static func peakResidentBytes() -> Int {
    var usage = rusage()
    #if canImport(Glibc)
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss * 1_024
    #else
    getrusage(RUSAGE_SELF, &usage)
    return usage.ru_maxrss
    #endif
  }
}
