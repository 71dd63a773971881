// Several programs that do the same work, in turn: a machine that others use as well is slow for all of
// them, and what is compared is the ratio within one round.
//
// 1. Each contestant does the work once, in a process of its own, and says how long it took and how
//    much memory it had.
// 2. What they answer must be the same, in every round.
// 3. The first round is left out; of the others come medians, and each ratio is the median of those of
//    the rounds, against the peer with the least median.

import EngineBenchmarks
import Foundation
import Terminal

/// One process's account of its work; Foundation has another type of that name.
typealias Timing = EngineBenchmarks.Measurement

/// One program.
struct Contestant {
  var name: String
  /// False for peers and yardsticks.
  var isOurs = true
  var run: () throws -> Timing
}

/// What they do, and how much of it in one run.
struct Contest {
  var work: String
  var amount: Double
  /// Of `amount`, such as `MB`.
  var unit: String
  var contestants: [Contestant]

  /// A line for each contestant, from `runs` rounds after one to warm up.
  func lines(runs: Int) throws -> [ContestLine] {
    var lines = contestants.map { ContestLine(work: work, name: $0.name, isOurs: $0.isOurs, unit: unit) }
    for round in 0...max(1, runs) {
      for (index, contestant) in contestants.enumerated() {
        let measured = try contestant.run()
        if let time = measured.milliseconds.last, round > 0 { lines[index].milliseconds.append(time) }
        lines[index].peakBytes = max(lines[index].peakBytes, measured.peakBytes)
        lines[index].rows = measured.rows
        if let difference = Answer.difference(measured.rows, lines[0].rows) {
          throw BenchmarkFailure(
            "\(work): \(contestant.name) answers otherwise than \(contestants[0].name): \(difference)")
        }
      }
    }
    let peer = lines.filter { !$0.isOurs }.min { $0.median < $1.median }
    for index in lines.indices {
      lines[index].amount = amount
      if lines[index].isOurs, let peer { lines[index].compare(with: peer) }
    }
    return lines
  }
}

/// What one contestant needed.
struct ContestLine {
  var work: String
  var name: String
  var isOurs: Bool
  var unit: String
  var amount = 0.0
  /// One a round, the first left out.
  var milliseconds: [Double] = []
  /// The most of any run.
  var peakBytes = 0
  var rows: AnswerRows = []
  /// The peer that it is compared with.
  private(set) var against: String?
  private(set) var ratio: Double?
  private(set) var peakRatio: Double?

  init(work: String, name: String, isOurs: Bool, unit: String) {
    self.work = work
    self.name = name
    self.isOurs = isOurs
    self.unit = unit
  }

  var median: Double { LogFigures.median(milliseconds) }
  var perSecond: Double { amount / max(median, 0.001) * 1_000 }

  mutating func compare(with peer: ContestLine) {
    against = peer.name
    ratio = LogFigures.median(zip(milliseconds, peer.milliseconds).map { $0 / max($1, 0.001) })
    if peakBytes > 0, peer.peakBytes > 0 { peakRatio = Double(peakBytes) / Double(peer.peakBytes) }
  }

  private var row: [String] {
    [work, name]
      + [milliseconds.min() ?? 0, median, milliseconds.max() ?? 0].map {
        NumberText.decimal($0, places: 1)
      }
      + [
        NumberText.decimal(perSecond, places: perSecond < 100 ? 1 : 0) + " \(unit)/s",
        ratio.map { NumberText.decimal($0, places: 2) } ?? "-",
        peakBytes > 0 ? NumberText.bytes(Int64(peakBytes)) : "-",
        peakRatio.map { NumberText.decimal($0, places: 2) } ?? "-",
      ]
  }

  private var json: String {
    var text =
      "{\"work\":\"\(work)\",\"by\":\"\(name)\",\"median_ms\":\(jsonNumber(median))"
      + ",\"per_s\":\(jsonNumber(perSecond)),\"unit\":\"\(unit)\",\"peak_bytes\":\(peakBytes)"
    if let against, let ratio {
      text += ",\"against\":\"\(against)\",\"ratio\":\(jsonNumber(ratio))"
      if let peakRatio { text += ",\"peak_ratio\":\(jsonNumber(peakRatio))" }
    }
    return text + "}"
  }

  static func table(_ lines: [ContestLine]) -> TableView {
    TableView(
      columns: [
        TableColumn("WORK"), TableColumn("BY"), .number("MIN_MS"), .number("MEDIAN_MS"),
        .number("MAX_MS"), .number("RATE"), .number("RATIO"), .number("PEAK"), .number("PEAK_RATIO"),
      ], rows: lines.map(\.row))
  }

  static func json(_ lines: [ContestLine]) -> String {
    "[" + lines.map(\.json).joined(separator: ",") + "]"
  }
}

extension Timing {
  /// One run of `body`, which is also all that the process does.
  static func once(_ body: () throws -> AnswerRows) rethrows -> Timing {
    var elapsed = 0.0
    var measured = try of(runs: 0) {
      var rows: AnswerRows = []
      elapsed = try elapsedMilliseconds { rows = try body() }
      return rows
    }
    measured.milliseconds = [elapsed]
    return measured
  }
}

/// Programs that contestants run in.
enum ContestProcess {
  /// This program with other arguments, which answers with a `Timing`.
  static func ours(_ arguments: [String], input: String = "") throws -> Timing {
    let executable = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath().path
    return try measurement(ChildProcess.run(executable, arguments, input: input))
  }

  /// A Python program that reads `request` as JSON and answers in the same way.
  static func python(
    _ python: String, _ program: String, _ request: some Encodable
  ) throws -> Timing {
    let input = String(decoding: try JSONEncoder().encode(request), as: UTF8.self)
    return try measurement(ChildProcess.run(python, ["-c", program], input: input))
  }

  private static func measurement(_ output: Data) throws -> Timing {
    do {
      return try JSONDecoder().decode(Timing.self, from: output)
    } catch {
      throw BenchmarkFailure(
        "no measurement came, but \(String(decoding: output.prefix(500), as: UTF8.self))")
    }
  }

  /// The child's side: prints what `body` measures and ends the process.
  static func answer(_ body: () throws -> Timing) -> Never {
    do {
      FileHandle.standardOutput.write(try JSONEncoder().encode(try body()))
      exit(0)
    } catch {
      FileHandle.standardError.write(Data("\(error)\n".utf8))
      exit(3)
    }
  }

  /// What a Python program begins with: its request, and how it answers.
  static let pythonPrelude = """
    import json, os, sys, time
    request = json.load(sys.stdin)

    def peak(process="self"):
        try:
            for line in open(f"/proc/{process}/status"):
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
        except OSError:
            pass
        if process != "self":
            return 0
        import resource
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    def answer(rows, seconds, peak_bytes=None):
        text = [[None if value is None else str(value) for value in row] for row in rows]
        sys.stdout.write(json.dumps({"rows": text, "milliseconds": [seconds * 1000], "peakBytes": peak_bytes or peak()}))
        sys.stdout.flush()
        os._exit(0)

    """
}
