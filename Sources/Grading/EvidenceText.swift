// Puts evidence into words: the first difference, that row's story, the smallest counterexample, a
// slip of unit, a broken invariant. The sentences are the catalogue's; only values stand here.

/// The lines that follow a verdict's own text.
package struct EvidenceText {
  let evidence: Evidence
  let host: any LessonHost

  package init(evidence: Evidence, host: any LessonHost) {
    self.evidence = evidence
    self.host = host
  }

  /// How many rows and columns of a table are shown, and how long a value may be.
  private static let rowCountMax = 8
  private static let columnCountMax = 8
  private static let valueCharactersMax = 60

  /// The lines, tables aligned; empty where there is nothing to show.
  package var lines: [String] {
    var lines: [String] = []
    if let refusal = evidence.refusal { lines.append(say("course.refusal.\(refusal.rawValue)")) }
    if let slip = evidence.slip { lines.append(text(of: slip)) }
    if let breach = evidence.invariant { lines += text(of: breach) }
    if let world = evidence.world,
      evidence.difference != nil || evidence.engineMessage != nil
        || evidence.invariant != nil, let place = text(of: world)
    {
      lines.append(place)
    }
    if let message = evidence.engineMessage {
      lines.append(say("course.engineSaid", ["message": Self.short(message, 300)]))
    }
    if let difference = evidence.difference { lines += text(of: difference) }
    if let story = evidence.story, !story.rows.isEmpty {
      lines.append(say("course.story"))
      lines += table(columns: story.columns, rows: story.rows)
    }
    if let counterexample = evidence.counterexample { lines += text(of: counterexample) }
    if !evidence.criteria.isEmpty {
      lines += alignTables(
        evidence.criteria.map { "| \($0.points)/4 | \($0.title[host.language]) |" }
      )
    }
    return lines
  }

  private func say(_ key: String, _ values: [String: String] = [:]) -> String {
    host.text(key, values)
  }

  private func text(of world: GradedWorld) -> String? {
    switch world.kind {
    case .visible: nil
    case .killer: say("course.world.killer")
    case .hidden: say("course.world.hidden", ["number": String(world.number), "day": world.day])
    }
  }

  private func text(of slip: UnitSlip) -> String {
    say(
      "course.slip.\(slip.kind.rawValue)",
      ["wanted": slip.wanted, "written": slip.written ?? slip.wanted]
    )
  }

  private func text(of breach: InvariantBreach) -> [String] {
    var values: [String: String] = [
      "count": String(breach.count), "ids": breach.examples.joined(separator: ", "),
      "target": breach.target,
    ]
    values["column"] = breach.column ?? ""
    values["expected"] = breach.expected.map(Self.shown) ?? ""
    values["got"] = breach.got.map(Self.shown) ?? ""
    var lines = [say("course.invariant.\(breach.name.rawValue)", values)]
    if breach.name == .complete {
      // A station that a manifest named itself has no name in the catalogue.
      let usual = Invariant.usualStages.map(\.name)
      let stage = breach.lastStage.map { usual.contains($0) ? say("course.stage.\($0)") : $0 }
      lines.append(
        stage.map { say("course.invariant.lastSeen", ["stage": $0]) }
          ?? say("course.invariant.neverSeen")
      )
    }
    return lines
  }

  // MARK: Differences

  private func text(of difference: ResultDifference) -> [String] {
    switch difference {
    case .columns(let expected, let got):
      var lines = [say("course.difference.columns")]
      func list(_ columns: [GradingTable.Column]) -> String {
        columns.map { "\($0.name) \($0.type)" }.joined(separator: ", ")
      }
      lines += alignTables([
        "| \(say("course.difference.expected")) | \(list(expected)) |",
        "| \(say("course.difference.got")) | \(list(got)) |",
      ])
      return lines
    case .missing(let row, let columns, let count):
      return [say("course.difference.missing", ["count": String(count)])]
        + table(columns: columns, rows: [columns.map { row[$0] ?? .null }])
    case .extra(let row, let columns, let count):
      return [say("course.difference.extra", ["count": String(count)])]
        + table(columns: columns, rows: [columns.map { row[$0] ?? .null }])
    case .cell(let key, let keyColumns, let column, let expected, let got):
      let names = keyColumns.map { "\($0)=\(Self.shown(key[$0] ?? .null))" }
        .joined(separator: " ")
      return [say("course.difference.cell", ["column": column, "key": names])]
        + alignTables([
          "| \(say("course.difference.expected")) | \(Self.shown(expected)) |",
          "| \(say("course.difference.got")) | \(Self.shown(got)) |",
        ])
    case .order(let position, let row, let columns):
      return [say("course.difference.order", ["position": String(position)])]
        + table(columns: columns, rows: [columns.map { row[$0] ?? .null }])
    }
  }

  private func text(of counterexample: Counterexample) -> [String] {
    let count = String(counterexample.rowCount)
    var lines = [
      say(
        counterexample.isMinimal ? "course.counterexample" : "course.counterexample.notSmallest",
        ["count": count]
      )
    ]
    for table in counterexample.tables where !table.rows.isEmpty {
      lines.append("  " + table.name)
      // Columns that are null in every row say nothing here.
      let kept = table.columns.indices.filter { index in
        table.rows.contains { $0[index] != .null }
      }
      lines += self.table(
        columns: kept.map { table.columns[$0].name },
        rows: table.rows.map { row in kept.map { row[$0] } }
      )
    }
    lines.append(say("course.difference.expected"))
    lines += result(counterexample.expected)
    lines.append(say("course.difference.got"))
    lines += counterexample.got.map(result) ?? ["  " + say("course.counterexample.failed")]
    return lines
  }

  private func result(_ result: TypedResult) -> [String] {
    guard !result.rows.isEmpty else { return ["  " + say("course.counterexample.noRows")] }
    return table(columns: result.columns.map(\.name), rows: result.rows)
  }

  private func table(columns: [String], rows: [[HostValue]]) -> [String] {
    let width = min(columns.count, Self.columnCountMax)
    func line(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }
    var lines = [line(columns.prefix(width).map { Self.short($0, Self.valueCharactersMax) })]
    lines += rows.prefix(Self.rowCountMax).map { line($0.prefix(width).map(Self.shown)) }
    var aligned = alignTables(lines)
    if rows.count > Self.rowCountMax {
      aligned.append(
        "  " + say("course.moreRows", ["count": String(rows.count - Self.rowCountMax)])
      )
    }
    return aligned
  }

  private static func shown(_ value: HostValue) -> String {
    short(value.idText ?? "NULL", valueCharactersMax)
  }

  /// One line of at most so many characters, without bars that would end a cell.
  private static func short(_ text: String, _ limit: Int) -> String {
    let line = String(text.map { $0.isNewline || $0 == "\t" ? " " : $0 == "|" ? "/" : $0 })
    return line.count <= limit ? line : String(line.prefix(limit - 3)) + "..."
  }
}
