// A shown plan as text in Trino's layout, and as JSON.

import Columnar
import Kernels
import QueryExecution
import QueryPlanning

/// Prints plans, with what each node did where `profile` knows it.
struct PlanPrinter {
  var profile: ExecutionProfile?
  /// The time of all nodes together, for their shares.
  private var totalNanoseconds: Int64 {
    max(1, profile?.all.values.reduce(0) { $0 + $1.wallNanoseconds } ?? 1)
  }

  // MARK: Text

  /// One line a list element, each beginning with `prefix`.
  func lines(_ node: PlanNode, prefix: String = "") -> [String] {
    var result: [String] = []
    write(node, first: prefix, rest: prefix, &result)
    return result
  }

  private func write(_ node: PlanNode, first: String, rest: String, _ out: inout [String]) {
    out.append("\(first)\(node.name)[\(node.descriptor)]")
    let detail = rest + (node.children.isEmpty ? "    " : "│   ")
    out.append("\(detail)Layout: \(Self.layout(node.layout))")
    if let profile {
      out += measured(node, profile).map { detail + $0 }
    } else {
      let shown = node.estimates.map(Self.estimate).joined(separator: "/")
      out.append("\(detail)Estimates: \(shown)")
    }
    for text in node.details { out.append(detail + text) }
    for (index, child) in node.children.enumerated() {
      let isLast = index == node.children.count - 1
      write(
        child, first: rest + (isLast ? "└─ " : "├─ "), rest: rest + (isLast ? "   " : "│  "), &out)
    }
  }

  static func layout(_ fields: [Field]) -> String {
    "[" + fields.map { "\($0.name):\(TrinoType($0.type))" }.joined(separator: ", ") + "]"
  }

  static func estimate(_ estimate: PlanEstimate) -> String {
    func bytes(_ value: Double) -> String {
      value.isFinite ? size(Int(min(value.rounded(), 1e18))) : "?"
    }
    let rows = estimate.statistics.rowCount
    let shown = rows.isFinite ? "\(Int(min(rows.rounded(), 1e18)))" : "?"
    // Processor cost counts bytes without their unit.
    let processor = bytes(estimate.cost.processor)
    return "{rows: \(shown) (\(bytes(estimate.byteCount))), "
      + "cpu: \(processor.hasSuffix("B") ? String(processor.dropLast()) : processor), "
      + "memory: \(bytes(estimate.cost.memory)), network: \(bytes(estimate.cost.network))}"
  }

  private func measured(_ node: PlanNode, _ profile: ExecutionProfile) -> [String] {
    let all = node.numbers.compactMap { profile.metrics(ofNode: $0) }
    guard let top = all.first else { return ["Did not run"] }
    let spent = all.reduce(0) { $0 + $1.wallNanoseconds }
    let share = Self.percent(Double(spent) / Double(totalNanoseconds))
    var lines = [
      "CPU: \(Self.duration(spent)) (\(share)), Scheduled: \(Self.duration(spent)) (\(share)), "
        + "Blocked: 0.00ns (0.00%), Output: \(top.rowsOut) rows (\(Self.size(top.bytesOut)))"
    ]
    if let source = all.last, node.isScan {
      let filtered = source.rowsOut == 0 ? 0 : 1 - Double(top.rowsOut) / Double(source.rowsOut)
      lines.append(
        "Input: \(source.rowsOut) rows (\(Self.size(source.bytesOut))), "
          + "Filtered: \(Self.percent(max(0, filtered)))")
    }
    let peak = all.map(\.peakMemoryBytes).max() ?? 0
    if peak > 0 { lines.append("Peak Memory Usage: \(Self.size(peak))") }
    return lines
  }

  /// A fragment with its heading.
  func lines(fragment id: Int, _ kind: String, _ output: String, _ root: PlanNode) -> [String] {
    var lines = ["Fragment \(id) [\(kind)]"]
    if let profile {
      let numbers = Self.numbers(root)
      let all = numbers.compactMap { profile.metrics(ofNode: $0) }
      let spent = Self.duration(all.reduce(0) { $0 + $1.wallNanoseconds })
      let top = root.numbers.compactMap { profile.metrics(ofNode: $0) }.first
      lines.append(
        "    CPU: \(spent), Scheduled: \(spent), Blocked 0.00ns (Input: 0.00ns, Output: 0.00ns), "
          + "Output: \(top?.rowsOut ?? 0) rows (\(Self.size(top?.bytesOut ?? 0)))")
    }
    lines.append("    Output layout: [\(root.layout.map(\.name).joined(separator: ", "))]")
    lines.append("    Output partitioning: \(output)")
    return lines + self.lines(root, prefix: "    ")
  }

  private static func numbers(_ node: PlanNode) -> [Int] {
    node.numbers + node.children.flatMap(numbers)
  }

  // MARK: Numbers

  /// `12.35ms`
  static func duration(_ nanoseconds: Int64) -> String {
    let units: [(Double, String)] = [
      (1, "ns"), (1e3, "us"), (1e6, "ms"), (1e9, "s"), (60e9, "m"), (3_600e9, "h"),
    ]
    let value = Double(nanoseconds)
    let unit = units.last { value >= $0.0 } ?? units[0]
    return hundredths(value / unit.0) + unit.1
  }

  /// `37.11kB`
  static func size(_ bytes: Int) -> String {
    let units = ["B", "kB", "MB", "GB", "TB", "PB"]
    var value = Double(bytes)
    var unit = 0
    while value >= 1_024, unit < units.count - 1 {
      value /= 1_024
      unit += 1
    }
    return (unit == 0 ? String(bytes) : hundredths(value)) + units[unit]
  }

  static func percent(_ share: Double) -> String { hundredths(share * 100) + "%" }

  private static func hundredths(_ value: Double) -> String {
    let whole = Int((value * 100).rounded())
    let fraction = whole % 100
    return "\(whole / 100).\(fraction < 10 ? "0" : "")\(fraction)"
  }
}

/// Text of JSON with Trino's spaces: `"name" : value`.
indirect enum ShownJSON {
  case text(String)
  case number(String)
  case flag(Bool)
  case list([ShownJSON])
  case object([(String, ShownJSON)])

  func text(indent: String = "") -> String {
    switch self {
    case .text(let value): return JSONValue.quoted(value)
    case .number(let value): return value
    case .flag(let value): return value ? "true" : "false"
    case .list(let items):
      if items.isEmpty { return "[ ]" }
      return "[ " + items.map { $0.text(indent: indent) }.joined(separator: ", ") + " ]"
    case .object(let members):
      if members.isEmpty { return "{ }" }
      let inner = indent + "  "
      let shown = members.map { "\(inner)\(JSONValue.quoted($0.0)) : \($0.1.text(indent: inner))" }
      return "{\n" + shown.joined(separator: ",\n") + "\n\(indent)}"
    }
  }
}

extension PlanNode {
  /// As `EXPLAIN (FORMAT JSON)` gives it.
  var json: ShownJSON {
    let outputs = layout.map {
      ShownJSON.object([("symbol", .text($0.name)), ("type", .text("\(TrinoType($0.type))"))])
    }
    return .object([
      ("id", .text(String(numbers.first ?? 0))), ("name", .text(name)),
      ("descriptor", .text(descriptor)), ("outputs", .list(outputs)),
      ("details", .list(details.map { .text($0) })),
      ("estimates", .list(estimates.map(\.json))),
      ("children", .list(children.map(\.json))),
    ])
  }
}

extension PlanEstimate {
  /// What is not known is the text `NaN`, as Trino writes it.
  var json: ShownJSON {
    func number(_ value: Double) -> ShownJSON {
      value.isFinite ? .number(scalarText(.double(value), .double)) : .text("NaN")
    }
    return .object([
      ("outputRowCount", number(statistics.rowCount)), ("outputSizeInBytes", number(byteCount)),
      ("cpuCost", number(cost.processor)), ("memoryCost", number(cost.memory)),
      ("networkCost", number(cost.network)),
    ])
  }
}
