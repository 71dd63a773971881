package import Grading

/// Something that an incident's evidence can show, recognised by what was read.
///
/// It was read where one answer came from one of `from` and held all values of one row of `shows`; by
/// our command, by SQL or by a real tool makes no difference, because each says from where it reads.
package struct IncidentFact: Sendable {
  /// One way in which it shows.
  package struct Shown: Sendable {
    /// Each row is an alternative: all its values were seen in one answer.
    package var sql: String
    /// An answer with more rows does not count; nil for any number.
    package var rowsMax: Int?
  }

  package var id: String
  /// What it says, filled with `values` as they were when it was read.
  package var says: LocalizedText
  /// Tables by their full names, or `trace`: what an answer must have come from.
  package var from: [String]
  /// Empty where reading it at all shows it.
  package var shows: [Shown]
  /// A query without which rows the fact is none now; nil where it always is one.
  package var holds: String?
  package var values: [String]
  /// Stages that it clears of suspicion.
  package var excludes: [String]
  /// True where it tells the cause from its rivals.
  package var isDecisive: Bool
  /// The feedback for a diagnosis that rests on it; nil for a fact that proves.
  package var misleads: String?
}

/// What one command that was run read, without how it was spelled.
package struct IncidentReading: Sendable {
  /// The line, for the learner's own log.
  package var line: String
  /// Tables by their full names in lower case, or `trace`.
  package var sources: Set<String>
  /// Every value that was shown, normalised by `cell`.
  package var cells: Set<String>
  package var rowCount: Int
  /// What repair it begins with, such as `dag run` or `delete`; nil for a command that only reads or
  /// that uses the app.
  package var repair: String?

  package init(
    line: String, sources: Set<String>, values: [String], rowCount: Int, repair: String? = nil
  ) {
    self.line = line
    self.sources = sources
    self.rowCount = rowCount
    self.repair = repair
    var cells: Set<String> = []
    for value in values {
      cells.insert(Self.cell(value))
      // `app-events 1:40026` shows each of its words as well.
      for word in value.split(whereSeparator: { $0.isWhitespace || "|;()[]{}\"'".contains($0) }) {
        cells.insert(Self.cell(String(word)))
        for part in word.split(whereSeparator: { ":=/".contains($0) }) {
          cells.insert(Self.cell(String(part)))
        }
      }
    }
    self.cells = cells
  }

  /// One spelling of a value: numbers without grouping and trailing zeros, texts in lower case.
  package static func cell(_ text: String) -> String {
    let folded = normalizedAnswer(text)
    let digits = folded.replacing(",", with: "")
    guard digits.contains(where: \.isNumber),
      digits.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == "." || $0 == "-") })
    else { return folded }
    guard let number = Double(digits), abs(number) < 9e15 else { return digits }
    return number == number.rounded() ? String(Int64(number)) : String(number)
  }

  static func cell(_ value: HostValue) -> String? {
    switch value {
    case .null: nil
    case .integer(let number): String(number)
    case .double(let number): cell(String(number))
    case .text(let text): cell(text)
    case .boolean(let flag): String(flag)
    }
  }
}

extension IncidentFact {
  /// The values for `says` where that reading shows the fact; nil where it does not.
  ///
  /// `ask` runs a query of the incident in the learner's world; what it throws is passed on.
  func shown(
    by reading: IncidentReading, ask: (String) throws -> HostTable
  ) throws -> [String: HostValue]? {
    guard from.contains(where: { reading.sources.contains($0.lowercased()) }) else { return nil }
    if let holds, try ask(holds).rows.isEmpty { return nil }
    if !shows.isEmpty {
      guard try shows.contains(where: { try $0.isSeen(in: reading, ask: ask) }) else { return nil }
    }
    var values: [String: HostValue] = [:]
    for query in self.values {
      for (name, value) in try ask(query).firstRowByName where values[name] == nil {
        values[name] = value
      }
    }
    return values
  }
}

extension IncidentFact.Shown {
  fileprivate func isSeen(
    in reading: IncidentReading, ask: (String) throws -> HostTable
  ) throws -> Bool {
    if let rowsMax, reading.rowCount > rowsMax { return false }
    return try ask(sql).rows.contains { row in
      let wanted = row.map(IncidentReading.cell)
      return !wanted.isEmpty && wanted.allSatisfy { $0.map(reading.cells.contains) ?? false }
    }
  }
}
