// Small changes of a query that make it another one: what a grader worth its name tells apart.
//
// 1. The real lexer cuts the query into tokens; comments and strings are safe from change.
// 2. `MutantSearch` walks over them and proposes edits, each of one kind and with its change in words.
// 3. Every edited text is parsed and analysed; what does not stand is dropped.
// 4. At most `countMax` are kept, taken from each kind in turn, so that none crowds out the others.
//
// A change may be without effect on all data (another order of what is unordered): whoever uses the
// mutants lists those that are equivalent.

/// One changed query.
public struct StatementMutant: Sendable, Hashable {
  /// What was changed.
  public enum Kind: String, Sendable, CaseIterable {
    /// `LEFT JOIN` for `JOIN`, and back.
    case join
    /// `<` for `<=`, an end of BETWEEN left out.
    case bound
    /// DISTINCT dropped or added.
    case distinct
    /// Columns of a window's PARTITION BY and ORDER BY dropped or turned round.
    case dedupe
    /// `'UTC'` for `'Asia/Seoul'`, AT TIME ZONE dropped.
    case zone
    /// IS NULL, COALESCE, NOT IN and NOT EXISTS.
    case nulls
    /// The direction of ORDER BY.
    case order
    /// AND for OR, NOT dropped.
    case logic
    /// Another aggregate function, or one over other rows.
    case aggregate
    /// A number one more or less, a date one day earlier or later.
    case constant
    /// UNION for UNION ALL, and back.
    case union
  }

  public var kind: Kind
  /// 1-based, in the original text.
  public var line: Int
  /// Such as `LEFT JOIN -> JOIN`.
  public var change: String
  public var sql: String
}

/// Makes the mutants of a query.
public enum StatementMutants {
  /// The most that are made of one query.
  public static let countMax = 60

  /// Changed queries that still parse and analyse, in the order of their places in the text.
  ///
  /// Empty where the text is no query or cannot be read. Costs one analysis a candidate.
  public static func of(
    _ sql: String, engine: QueryEngine, session: Session
  ) -> [StatementMutant] {
    let source = SourceText(sql)
    guard let tokens = try? Lexer.tokens(source),
      case .query? = try? Parser.statement(source)
    else { return [] }
    var search = MutantSearch(source, tokens)
    search.run()
    var waiting: [StatementMutant.Kind: ArraySlice<MutantSearch.Candidate>] = [:]
    for candidate in search.candidates { waiting[candidate.kind, default: []].append(candidate) }
    var seen: Set<String> = [sql]
    var kept: [(at: Int, mutant: StatementMutant)] = []
    while kept.count < countMax, !waiting.isEmpty {
      for kind in StatementMutant.Kind.allCases where kept.count < countMax {
        while let candidate = waiting[kind]?.popFirst() {
          let changed = search.apply(candidate)
          guard seen.insert(changed).inserted,
            (try? engine.schema(of: changed, session: session)) != nil
          else { continue }
          kept.append(
            (
              candidate.at,
              StatementMutant(
                kind: kind, line: source.place(candidate.at).line, change: candidate.change,
                sql: changed)
            ))
          break
        }
        if waiting[kind]?.isEmpty != false { waiting[kind] = nil }
      }
    }
    return kept.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }
      .map(\.element.mutant)
  }
}

/// One walk over a query's tokens.
struct MutantSearch {
  struct Candidate {
    var kind: StatementMutant.Kind
    /// The byte at which the change stands.
    var at: Int
    var change: String
    /// Byte ranges with their new texts; they do not overlap.
    var edits: [(range: Range<Int>, text: String)]
  }

  private(set) var candidates: [Candidate] = []
  let source: SourceText
  let tokens: [Token]
  /// The AND of each BETWEEN: it joins no conditions.
  private var betweenAnds: Set<Int> = []

  init(_ source: SourceText, _ tokens: [Token]) {
    self.source = source
    self.tokens = tokens
  }

  mutating func run() {
    for index in tokens.indices { between(index) }
    for index in tokens.indices {
      join(index)
      comparison(index)
      distinct(index)
      window(index)
      zone(index)
      nulls(index)
      ordering(index)
      logic(index)
      aggregate(index)
      constant(index)
      union(index)
    }
  }

  /// The query with a candidate's edits.
  func apply(_ candidate: Candidate) -> String {
    var text = ""
    var end = 0
    for edit in candidate.edits.sorted(by: { $0.range.lowerBound < $1.range.lowerBound }) {
      text += source.slice(end, edit.range.lowerBound) + edit.text
      end = edit.range.upperBound
    }
    return text + source.slice(end, source.bytes.count)
  }

  // MARK: Tokens

  private func word(_ index: Int) -> String {
    tokens.indices.contains(index) ? tokens[index].keyword : ""
  }

  private func isSymbol(_ index: Int, _ symbol: String) -> Bool {
    tokens.indices.contains(index) && tokens[index].isSymbol(symbol)
  }

  /// The text of tokens, as written.
  private func text(_ range: Range<Int>) -> String {
    range.isEmpty ? "" : source.slice(tokens[range.lowerBound].start, tokens[range.upperBound - 1].end)
  }

  /// The same on one line, for a change in words.
  private func words(_ range: Range<Int>) -> String {
    range.map { source.slice(tokens[$0].start, tokens[$0].end) }.joined(separator: " ")
      .replacing(" . ", with: ".").replacing("( ", with: "(").replacing(" )", with: ")")
      .replacing(" (", with: "(").replacing(" ,", with: ",")
  }

  /// The index of the parenthesis that closes the one at `index`.
  private func closing(_ index: Int) -> Int? {
    var depth = 0
    for next in index..<tokens.count {
      if isSymbol(next, "(") { depth += 1 }
      if isSymbol(next, ")") {
        depth -= 1
        if depth == 0 { return next }
      }
    }
    return nil
  }

  /// The index of the parenthesis that opens the one at `index`.
  private func opening(_ index: Int) -> Int? {
    var depth = 0
    for next in stride(from: index, through: 0, by: -1) {
      if isSymbol(next, ")") { depth += 1 }
      if isSymbol(next, "(") {
        depth -= 1
        if depth == 0 { return next }
      }
    }
    return nil
  }

  /// The first index from `start` on, at the same depth, for which `ends` holds; never past the
  /// parenthesis around, a semicolon or the end.
  private func end(from start: Int, where ends: (Int) -> Bool) -> Int {
    var index = start
    while index < tokens.count - 1 {
      if isSymbol(index, ")") || isSymbol(index, ";") || ends(index) { return index }
      index = isSymbol(index, "(") ? (closing(index) ?? tokens.count - 2) + 1 : index + 1
    }
    return min(index, tokens.count - 1)
  }

  /// Ranges between commas at the same depth.
  private func items(_ range: Range<Int>) -> [Range<Int>] {
    var items: [Range<Int>] = []
    var start = range.lowerBound
    while start < range.upperBound {
      let stop = min(end(from: start) { isSymbol($0, ",") }, range.upperBound)
      items.append(start..<stop)
      start = stop + 1
    }
    return items
  }

  private mutating func propose(
    _ kind: StatementMutant.Kind, _ range: Range<Int>, _ replacement: String, _ change: String
  ) {
    let bytes = tokens[range.lowerBound].start..<tokens[range.upperBound - 1].end
    candidates.append(
      Candidate(kind: kind, at: bytes.lowerBound, change: change, edits: [(bytes, replacement)]))
  }

  /// The same, with the change said as "old -> new".
  private mutating func replace(
    _ kind: StatementMutant.Kind, _ range: Range<Int>, _ replacement: String
  ) {
    propose(kind, range, replacement, words(range) + " -> " + replacement)
  }

  private mutating func drop(_ kind: StatementMutant.Kind, _ range: Range<Int>) {
    propose(kind, range, "", words(range) + " dropped")
  }

  // MARK: Joins and sets

  private mutating func join(_ index: Int) {
    guard word(index) == "JOIN" else { return }
    let outer = word(index - 1) == "OUTER" ? 1 : 0
    let side = word(index - 1 - outer)
    switch side {
    case "LEFT", "RIGHT", "FULL": replace(.join, (index - 1 - outer)..<(index + 1), "JOIN")
    case "INNER": replace(.join, (index - 1)..<(index + 1), "LEFT JOIN")
    case "CROSS", "NATURAL": break
    default: replace(.join, index..<(index + 1), "LEFT JOIN")
    }
  }

  private mutating func union(_ index: Int) {
    guard word(index) == "UNION" else { return }
    switch word(index + 1) {
    case "ALL": replace(.union, index..<(index + 2), "UNION")
    case "DISTINCT": replace(.union, index..<(index + 2), "UNION ALL")
    default: replace(.union, index..<(index + 1), "UNION ALL")
    }
  }

  // MARK: Bounds

  private mutating func comparison(_ index: Int) {
    guard case .symbol(let symbol) = tokens[index].kind,
      let other = ["<": "<=", "<=": "<", ">": ">=", ">=": ">"][symbol]
    else { return }
    replace(.bound, index..<(index + 1), other)
  }

  /// `x BETWEEN a AND b` without one of its ends.
  private mutating func between(_ index: Int) {
    guard word(index) == "BETWEEN", !isSymbol(index + 1, ")") else { return }
    // A window's frame has a BETWEEN too, of rows.
    guard !["ROWS", "RANGE", "GROUPS"].contains(word(index - 1)) else {
      betweenAnds.insert(end(from: index + 1) { word($0) == "AND" })
      return
    }
    let and = end(from: index + 1) { word($0) == "AND" }
    guard word(and) == "AND" else { return }
    betweenAnds.insert(and)
    let stops: Set<String> = [
      "AND", "OR", "GROUP", "ORDER", "HAVING", "LIMIT", "OFFSET", "FETCH", "WHEN", "THEN", "ELSE",
      "END", "UNION", "EXCEPT", "INTERSECT", "WINDOW", "JOIN", "LEFT", "RIGHT", "FULL", "INNER",
      "CROSS", "AS",
    ]
    let stop = end(from: and + 1) { stops.contains(word($0)) || isSymbol($0, ",") }
    guard let start = operandStart(before: index), word(index - 1) != "NOT", stop > and + 1 else {
      return
    }
    let value = text(start..<index)
    let low = text((index + 1)..<and)
    let high = text((and + 1)..<stop)
    let whole = start..<stop
    propose(
      .bound, whole, "(\(value) >= \(low) AND \(value) < \(high))",
      "BETWEEN without its upper end \(words((and + 1)..<stop))")
    propose(
      .bound, whole, "(\(value) > \(low) AND \(value) <= \(high))",
      "BETWEEN without its lower end \(words((index + 1)..<and))")
  }

  /// Where a simple operand that ends before `index` begins: a name, a literal or a call.
  private func operandStart(before index: Int) -> Int? {
    var start = index - 1
    if isSymbol(start, ")") {
      guard let open = opening(start) else { return nil }
      start = open
      if isName(start - 1) { start -= 1 }
    } else if !isName(start) {
      return nil
    }
    while isSymbol(start - 1, "."), isName(start - 2) { start -= 2 }
    return start
  }

  private func isName(_ index: Int) -> Bool {
    guard tokens.indices.contains(index) else { return false }
    switch tokens[index].kind {
    case .quotedWord: return true
    case .word(let text):
      return !Parser.reserved.contains(text.uppercased()) || ["CAST", "EXTRACT"].contains(text.uppercased())
    default: return false
    }
  }

  // MARK: Duplicates

  private mutating func distinct(_ index: Int) {
    switch word(index) {
    case "DISTINCT" where word(index - 1) == "SELECT": drop(.distinct, index..<(index + 1))
    case "DISTINCT" where isSymbol(index - 1, "("):
      let function = words((index - 2)..<(index - 1))
      propose(
        .aggregate, index..<(index + 1), "", "\(function)(DISTINCT …) -> \(function)(…)")
    case "SELECT" where !["DISTINCT", "ALL"].contains(word(index + 1)):
      propose(.distinct, index..<(index + 1), "SELECT DISTINCT", "SELECT -> SELECT DISTINCT")
    default: break
    }
  }

  /// A window's key and order: what decides which of several rows is kept.
  private mutating func window(_ index: Int) {
    guard word(index) == "OVER", isSymbol(index + 1, "("), let close = closing(index + 1) else {
      return
    }
    func stop(_ at: Int) -> Bool { ["ORDER", "ROWS", "RANGE", "GROUPS"].contains(word(at)) }
    if word(index + 2) == "PARTITION", word(index + 3) == "BY" {
      let keys = items((index + 4)..<min(end(from: index + 4, where: stop), close))
      if keys.count == 1, let last = keys.last { drop(.dedupe, (index + 2)..<last.upperBound) }
      if keys.count > 1 { for key in keys { dropItem(.dedupe, key, of: keys, "PARTITION BY") } }
    }
    let order = end(from: index + 2) { word($0) == "ORDER" }
    guard word(order) == "ORDER", word(order + 1) == "BY" else { return }
    let keys = items(
      (order + 2)..<min(end(from: order + 2) { $0 != order && stop($0) }, close))
    for key in keys {
      turn(.dedupe, key)
      if keys.count > 1 { dropItem(.dedupe, key, of: keys, "ORDER BY") }
    }
  }

  /// One of several items, with the comma that goes with it.
  private mutating func dropItem(
    _ kind: StatementMutant.Kind, _ item: Range<Int>, of items: [Range<Int>], _ clause: String
  ) {
    let range =
      item == items.last
      ? (item.lowerBound - 1)..<item.upperBound : item.lowerBound..<(item.upperBound + 1)
    propose(kind, range, "", "\(words(item)) dropped from \(clause)")
  }

  // MARK: Order

  private mutating func ordering(_ index: Int) {
    guard word(index) == "ORDER", word(index + 1) == "BY", !isInWindow(index) else { return }
    let stop = end(from: index + 2) { ["LIMIT", "OFFSET", "FETCH"].contains(word($0)) }
    for item in items((index + 2)..<stop) { turn(.order, item) }
  }

  private func isInWindow(_ index: Int) -> Bool {
    var depth = 0
    for before in stride(from: index - 1, through: 0, by: -1) {
      if isSymbol(before, ")") { depth += 1 }
      if isSymbol(before, "(") {
        if depth == 0 { return word(before - 1) == "OVER" }
        depth -= 1
      }
    }
    return false
  }

  /// Turns the direction of one sort key round, and where its NULLs stand.
  private mutating func turn(_ kind: StatementMutant.Kind, _ item: Range<Int>) {
    guard !item.isEmpty else { return }
    var last = item.upperBound - 1
    if word(last - 1) == "NULLS", last - 1 > item.lowerBound {
      replace(kind, last..<(last + 1), word(last) == "FIRST" ? "LAST" : "FIRST")
      last -= 2
    }
    let key = item.lowerBound..<(last + 1)
    switch word(last) {
    case "DESC": replace(kind, last..<(last + 1), "ASC")
    case "ASC": replace(kind, last..<(last + 1), "DESC")
    default: propose(kind, key, text(key) + " DESC", "\(words(key)) -> \(words(key)) DESC")
    }
  }

  // MARK: Zones

  private mutating func zone(_ index: Int) {
    if word(index) == "AT", word(index + 1) == "TIME", word(index + 2) == "ZONE",
      tokens.indices.contains(index + 4)
    {
      drop(.zone, index..<(index + 4))
    }
    guard case .string(let text) = tokens[index].kind else { return }
    if ["asia/seoul", "+09:00", "+9"].contains(text.lowercased()) {
      replace(.zone, index..<(index + 1), "'UTC'")
    }
  }

  // MARK: NULL

  private mutating func nulls(_ index: Int) {
    switch word(index) {
    case "IS":
      let isNegated = word(index + 1) == "NOT"
      let what = word(index + (isNegated ? 2 : 1))
      guard what == "NULL" || what == "DISTINCT" else { return }
      let range = index..<(index + (isNegated ? 3 : 2))
      replace(.nulls, range, isNegated ? "IS \(what)" : "IS NOT \(what)")
    case "COALESCE":
      guard isSymbol(index + 1, "("), let close = closing(index + 1),
        let first = items((index + 2)..<close).first
      else { return }
      replace(.nulls, index..<(close + 1), text(first))
    case "NOT" where ["IN", "EXISTS"].contains(word(index + 1)):
      replace(.nulls, index..<(index + 2), word(index + 1))
    case "IN" where word(index - 1) != "NOT" && isSymbol(index + 1, "("):
      replace(.nulls, index..<(index + 1), "NOT IN")
    case "EXISTS" where word(index - 1) != "NOT":
      replace(.nulls, index..<(index + 1), "NOT EXISTS")
    default: break
    }
  }

  // MARK: Conditions

  private mutating func logic(_ index: Int) {
    switch word(index) {
    case "AND" where !betweenAnds.contains(index): replace(.logic, index..<(index + 1), "OR")
    case "OR" where word(index - 1) != "CREATE": replace(.logic, index..<(index + 1), "AND")
    case "NOT"
    where word(index - 1) != "IS" && !["IN", "EXISTS", "NULL", "MATCHED"].contains(word(index + 1)):
      drop(.logic, index..<(index + 1))
    default: break
    }
  }

  // MARK: Aggregates

  private static let otherAggregates: [String: [String]] = [
    "SUM": ["avg", "max"], "AVG": ["sum", "max"], "MAX": ["min"], "MIN": ["max"],
    "MAX_BY": ["min_by"], "MIN_BY": ["max_by"], "COUNT": ["sum"], "BOOL_OR": ["bool_and"],
    "BOOL_AND": ["bool_or"],
  ]

  private mutating func aggregate(_ index: Int) {
    if word(index) == "FILTER", isSymbol(index + 1, "("), word(index + 2) == "WHERE",
      let close = closing(index + 1)
    {
      propose(
        .aggregate, index..<(close + 1), "", "\(words(index..<(close + 1))) dropped")
    }
    guard isSymbol(index + 1, "("), let others = Self.otherAggregates[word(index)],
      let close = closing(index + 1)
    else { return }
    for other in others { replace(.aggregate, index..<(index + 1), other) }
    if word(index) == "COUNT", !isSymbol(index + 2, "*"), word(index + 2) != "DISTINCT" {
      replace(.aggregate, index..<(close + 1), "count(*)")
    }
  }

  // MARK: Constants

  private mutating func constant(_ index: Int) {
    let one = index..<(index + 1)
    switch tokens[index].kind {
    case .integer(let digits):
      guard let value = Int64(digits), value < .max, !isOrdinal(index), !isTypeParameter(index)
      else { return }
      replace(.constant, one, String(value + 1))
      if value > 0 { replace(.constant, one, String(value - 1)) }
    case .decimal(let digits):
      let parts = digits.split(separator: ".", omittingEmptySubsequences: false)
      guard parts.count == 2, let whole = Int64(parts[0].isEmpty ? "0" : parts[0]), whole < .max
      else { return }
      replace(.constant, one, "\(whole + 1).\(parts[1])")
    case .string(let text):
      if word(index - 1) == "INTERVAL", let value = Int64(text), value < .max {
        replace(.constant, one, "'\(value + 1)'")
        if value > 0 { replace(.constant, one, "'\(value - 1)'") }
      } else if let day = Self.day(text) {
        for step in [1, -1] {
          replace(.constant, one, "'" + Self.date(day + step) + String(text.dropFirst(10)) + "'")
        }
      }
    default: break
    }
  }

  /// A column's number in GROUP BY or ORDER BY.
  private func isOrdinal(_ index: Int) -> Bool {
    guard word(index - 1) == "BY" || isSymbol(index - 1, ",") else { return false }
    var before = index - 1
    while before >= 0 {
      if word(before) == "BY" { return true }
      guard isSymbol(before, ",") || isOrdinalItem(before) else { return false }
      before -= 1
    }
    return false
  }

  private func isOrdinalItem(_ index: Int) -> Bool {
    switch tokens[index].kind {
    case .integer, .quotedWord: true
    case .word: ["ASC", "DESC", "NULLS", "FIRST", "LAST"].contains(word(index)) || isName(index)
    case .symbol(let symbol): symbol == "."
    default: false
    }
  }

  /// `3` in `timestamp(3)`, and in `decimal(10, 3)`.
  private func isTypeParameter(_ index: Int) -> Bool {
    let types: Set<String> = ["TIMESTAMP", "TIME", "VARCHAR", "CHAR", "DECIMAL"]
    return isSymbol(index - 1, "(") && types.contains(word(index - 2))
      || isSymbol(index - 1, ",") && isSymbol(index - 3, "(") && types.contains(word(index - 4))
  }

  /// Days since 1970 of a text that begins with a date; nil for others.
  private static func day(_ text: String) -> Int? {
    let bytes = Array(text.utf8)
    guard bytes.count >= 10, bytes[4] == 0x2D, bytes[7] == 0x2D, bytes.count == 10 || bytes[10] == 0x20,
      let year = Int(text.prefix(4)), let month = Int(text.dropFirst(5).prefix(2)),
      let day = Int(text.dropFirst(8).prefix(2)), (1...12).contains(month), (1...31).contains(day),
      (1...9_998).contains(year)
    else { return nil }
    let shifted = month <= 2 ? year - 1 : year
    let era = shifted / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  /// `2024-01-15` of days since 1970.
  private static func date(_ days: Int) -> String {
    let shifted = days + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    func padded(_ value: Int, _ count: Int) -> String {
      let text = String(value)
      return String(repeating: "0", count: max(0, count - text.count)) + text
    }
    return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
  }
}
