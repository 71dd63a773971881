// What a process that ran one statement tells of it, as one JSON object on its output.

import Foundation

/// One statement's runs in one process.
package struct Measurement: Codable, Sendable {
  /// The answer of the last run.
  package var rows: AnswerRows
  /// One a run, the warm-up left out.
  package var milliseconds: [Double]
  /// The most memory that the process ever had resident.
  package var peakBytes: Int

  package init(rows: AnswerRows, milliseconds: [Double], peakBytes: Int) {
    self.rows = rows
    self.milliseconds = milliseconds
    self.peakBytes = peakBytes
  }

  package var median: Double {
    milliseconds.isEmpty ? 0 : milliseconds.sorted()[milliseconds.count / 2]
  }

  /// Runs `body` once to warm up and `runs` times more.
  package static func of(runs: Int, _ body: () throws -> AnswerRows) rethrows -> Measurement {
    var rows = try body()
    var times: [Double] = []
    for _ in 0..<runs {
      let began = DispatchTime.now().uptimeNanoseconds
      rows = try body()
      times.append(Double(DispatchTime.now().uptimeNanoseconds - began) / 1_000_000)
    }
    return Measurement(rows: rows, milliseconds: times, peakBytes: peakResidentBytes())
  }

  /// The peak resident size of this process. Linux's `getrusage` would count the parent's too, whose
  /// memory a child has until it starts its own program.
  static func peakResidentBytes() -> Int {
    #if os(Linux)
      let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
      for line in status.split(separator: "\n") where line.hasPrefix("VmHWM:") {
        let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
        return words.count > 1 ? (Int(words[1]) ?? 0) * 1_024 : 0
      }
      return 0
    #else
      var usage = rusage()
      getrusage(RUSAGE_SELF, &usage)
      return usage.ru_maxrss
    #endif
  }
}
