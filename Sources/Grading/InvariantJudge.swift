// Asks a world whether an invariant holds there, by comparing sets of ids and hashes of partitions.
//
// Ids are fetched and compared here rather than in SQL: one query per side, so that a check stays
// within its seconds whatever the engine makes of an anti-join.

/// Judges invariants in one world.
package struct InvariantJudge {
  let world: any GradingWorld
  /// For `guarded`, which asks for another world; nil where there is none to ask.
  let host: (any GradingHost)?
  /// What the learner changed: `guarded` applies it to the next day's world.
  let changes: LearnerChanges
  /// Parameters of the queries besides the world's days.
  let values: [String: HostValue]
  /// The day that `{{ds_kst}}` is: the world's yesterday before anything was done in it.
  let day: String
  let deadline: Deadline

  package init(
    world: any GradingWorld,
    host: (any GradingHost)? = nil,
    changes: LearnerChanges = LearnerChanges(),
    values: [String: HostValue] = [:],
    day: String? = nil,
    deadline: Deadline = Deadline()
  ) {
    self.world = world
    self.host = host
    self.changes = changes
    self.values = values
    self.day = day ?? world.description.day
    self.deadline = deadline
  }

  /// How many ids a message names.
  private static let exampleCountMax = 3

  /// What breaks the invariant; nil where it holds.
  ///
  /// Throws where it cannot be asked: a query fails, nothing can be polled, no world can be made.
  package func breach(of invariant: Invariant) throws -> InvariantBreach? {
    switch invariant.name {
    case .complete: try complete(invariant)
    case .unique: try unique(invariant)
    case .value: try value(invariant)
    case .noJunk: try noJunk(invariant)
    case .isolated: try isolated(invariant)
    case .idempotent: try idempotent(invariant)
    case .atomic: try atomic(invariant)
    case .guarded: try guarded(invariant)
    }
  }

  // MARK: Asking

  /// The parameters of queries: the days are those of this world, or of the next day's.
  private func values(day: String?) -> [String: HostValue] {
    values.merging(SQLTemplate.dayValues(day ?? self.day)) { $1 }
  }

  private func ask(
    _ template: SQLTemplate,
    _ world: any GradingWorld,
    day: String? = nil
  ) throws -> HostTable {
    try deadline.check()
    return try world.query(template.sql(values: values(day: day)))
  }

  private func ask(_ sql: String, _ world: any GradingWorld) throws -> HostTable {
    try deadline.check()
    return try world.query(sql)
  }

  private func condition(_ invariant: Invariant) throws -> String {
    guard let filter = invariant.filter else { return "" }
    return " WHERE (" + (try filter.sql(values: values(day: nil))) + ")"
  }

  /// The first column's values that are not null, as text.
  private static func ids(_ table: HostTable) -> [String] {
    table.rows.compactMap { $0.first.flatMap(\.idText) }
  }

  /// The ids that should count; none is a mistake of the check, since it would let all pass.
  private func truthIDs(_ invariant: Invariant, _ world: any GradingWorld) throws -> [String] {
    guard let truth = invariant.truth else { throw Self.unable("it names no `truth`", invariant) }
    let ids = Self.ids(try ask(truth, world))
    guard !ids.isEmpty else { throw Self.unable("the truth holds no id", invariant) }
    return ids
  }

  private func targetIDs(_ invariant: Invariant, _ world: any GradingWorld) throws -> [String] {
    let key = try firstKey(invariant)
    return Self.ids(
      try ask("SELECT \(key) FROM \(invariant.target)\(condition(invariant))", world)
    )
  }

  private func firstKey(_ invariant: Invariant) throws -> String {
    guard let key = invariant.keys.first else { throw Self.unable("it names no key", invariant) }
    return key
  }

  static func unable(_ why: String, _ invariant: Invariant) -> CourseError {
    CourseError(
      code: "course.invariant-not-asked",
      message: "The invariant `\(invariant.name.rawValue)` of \(invariant.target) could not be "
        + "asked: \(why).",
      advice: "The answer was not judged.",
      fields: ["invariant": invariant.name.rawValue, "target": invariant.target, "why": why]
    )
  }

  private func breach(_ invariant: Invariant, _ ids: [String]) -> InvariantBreach? {
    guard !ids.isEmpty else { return nil }
    return InvariantBreach(
      invariant.name,
      target: invariant.target,
      count: ids.count,
      examples: Array(ids.sorted().prefix(Self.exampleCountMax))
    )
  }

  // MARK: Sets

  private func complete(_ invariant: Invariant) throws -> InvariantBreach? {
    let wanted = try truthIDs(invariant, world)
    let there = Set(try targetIDs(invariant, world))
    let lost = try invariant.lost.map { Set(Self.ids(try ask($0, world))) } ?? []
    let missing = wanted.filter { !there.contains($0) && !lost.contains($0) }
    guard var breach = breach(invariant, Array(Set(missing))) else { return nil }
    breach.lastStage = breach.examples.first.flatMap { lastStage(of: $0, invariant) }
    return breach
  }

  /// The last station at which an id is; a station that the world does not have is passed over.
  private func lastStage(of id: String, _ invariant: Invariant) -> String? {
    let literal = SQLTemplate.literal(.text(id))
    let stages = invariant.stages.prefix { $0.table != invariant.target }
    return stages.last { stage in
      let sql = "SELECT count(*) FROM \(stage.table) WHERE \(stage.column) = \(literal)"
      guard let count = (try? ask(sql, world))?.rows.first?.first?.number else { return false }
      return count > 0
    }?.name
  }

  private func unique(_ invariant: Invariant) throws -> InvariantBreach? {
    for key in invariant.keys {
      var seen: Set<String> = []
      var twice: Set<String> = []
      let sql = "SELECT \(key) FROM \(invariant.target)\(try condition(invariant))"
      for id in Self.ids(try ask(sql, world)) where !seen.insert(id).inserted { twice.insert(id) }
      if let breach = breach(invariant, Array(twice)) { return breach }
    }
    return nil
  }

  private func noJunk(_ invariant: Invariant) throws -> InvariantBreach? {
    let wanted = Set(try truthIDs(invariant, world))
    let junk = Set(try targetIDs(invariant, world)).subtracting(wanted)
    return breach(invariant, Array(junk))
  }

  private func value(_ invariant: Invariant) throws -> InvariantBreach? {
    guard let truth = invariant.truth else { throw Self.unable("it names no `truth`", invariant) }
    let key = try firstKey(invariant)
    let names = [key] + invariant.columns
    let right = try byKey(try ask(truth, world), names, invariant)
    guard !right.isEmpty else { throw Self.unable("the truth holds no id", invariant) }
    let sql =
      "SELECT \(names.joined(separator: ", ")) FROM \(invariant.target)"
      + (try condition(invariant))
    let given = try byKey(try ask(sql, world), names, invariant)
    var wrong: [(id: String, column: Int)] = []
    for (id, row) in given {
      guard let expected = right[id] else { continue }
      guard let column = row.indices.first(where: { !Self.isSame(row[$0], expected[$0]) }) else {
        continue
      }
      wrong.append((id, column))
    }
    guard var breach = breach(invariant, wrong.map(\.id)), let first = breach.examples.first,
      let column = wrong.first(where: { $0.id == first })?.column
    else { return nil }
    breach.column = invariant.columns[column]
    breach.expected = right[first]?[column]
    breach.got = given[first]?[column]
    return breach
  }

  /// Numbers by their value, whatever type the two sides give them.
  private static func isSame(_ one: HostValue, _ other: HostValue) -> Bool {
    if one == other { return true }
    if case .text(let one) = one, case .text(let other) = other {
      return ValueType.canonicalDecimal(one) == ValueType.canonicalDecimal(other)
    }
    guard let one = one.number, let other = other.number else { return false }
    return abs(one - other) <= 1e-9 * max(abs(one), abs(other))
  }

  private func byKey(
    _ table: HostTable,
    _ names: [String],
    _ invariant: Invariant
  ) throws -> [String: [HostValue]] {
    let columns = table.columns.map { $0.lowercased() }
    let indexes = try names.map { name in
      guard let index = columns.firstIndex(of: name.lowercased()) else {
        throw Self.unable("the column `\(name)` is not in \(table.columns)", invariant)
      }
      return index
    }
    var rows: [String: [HostValue]] = [:]
    for row in table.rows {
      guard let id = row[indexes[0]].idText else { continue }
      rows[id] = indexes.dropFirst().map { row[$0] }
    }
    return rows
  }

  // MARK: Partitions

  /// A hash of each partition's rows as a multiset, with the number of its rows.
  private struct PartitionContent: Hashable {
    var rowCount = 0
    var sum: UInt64 = 0
  }

  private func partitions(
    of table: String,
    _ invariant: Invariant,
    _ world: any GradingWorld,
    by key: String?,
    where condition: String = ""
  ) throws -> [String: PartitionContent] {
    let content = try ask("SELECT * FROM \(table)\(condition)", world)
    let ignored = Set(invariant.ignored.map { $0.lowercased() })
    let names = content.columns.map { $0.lowercased() }
    // By name, so that a column's place says nothing.
    let kept = names.indices.filter { !ignored.contains(names[$0]) }.sorted {
      names[$0] < names[$1]
    }
    guard let partition = names.firstIndex(of: (key ?? invariant.partition).lowercased()) else {
      throw Self.unable("the table has no column `\(key ?? invariant.partition)`", invariant)
    }
    var found: [String: PartitionContent] = [:]
    for row in content.rows {
      let name = row[partition].idText ?? "NULL"
      var hash = RowHash()
      for index in kept { hash.add(names[index], row[index]) }
      found[name, default: PartitionContent()].rowCount += 1
      found[name]?.sum &+= hash.value
    }
    return found
  }

  private func changed(
    _ before: [String: PartitionContent],
    _ after: [String: PartitionContent]
  ) -> [String] {
    Set(before.keys).union(after.keys).filter { before[$0] != after[$0] }.sorted()
  }

  private func isolated(_ invariant: Invariant) throws -> InvariantBreach? {
    // Bronze and Silver each have a table `events`: with its schema, a name is one of them.
    let name = invariant.target.split(separator: ".").suffix(2)
    let isWhole = invariant.target.split(separator: ".").count == 3
    let baseline = "baseline." + (isWhole ? name[...] : name.suffix(1)).joined(separator: ".")
    let allowed: Set<String>
    if let days = invariant.days {
      allowed = Set(Self.ids(try ask(days, world)))
    } else {
      allowed = [day]
    }
    let before = try partitions(of: baseline, invariant, world, by: nil)
    let after = try partitions(of: invariant.target, invariant, world, by: nil)
    return breach(invariant, changed(before, after).filter { !allowed.contains($0) })
  }

  // MARK: Running again

  private func run(
    _ lines: [String],
    _ world: any GradingWorld,
    _ invariant: Invariant,
    day: String? = nil
  ) throws {
    var literals: [String: String] = [:]
    for (name, value) in values(day: day) { literals[name] = value.idText ?? "" }
    for line in lines {
      try deadline.check()
      var typed = line
      for (name, value) in literals {
        typed = typed.replacing("{{\(name)}}", with: value).replacing("{{ \(name) }}", with: value)
      }
      let reply = try world.run(typed)
      guard reply.exitCode != 2 && reply.exitCode != 3 else {
        throw Self.unable("`\(typed)` ended with \(reply.exitCode): \(reply.output)", invariant)
      }
    }
  }

  private func idempotent(_ invariant: Invariant) throws -> InvariantBreach? {
    let key = try firstKey(invariant)
    let copy = try world.fork()
    defer { copy.close() }
    let condition = try condition(invariant)
    func content() throws -> [String: PartitionContent] {
      try partitions(of: invariant.target, invariant, copy, by: key, where: condition)
    }
    let before = try content()
    try run(invariant.rerun, copy, invariant)
    let again = try content()
    if let breach = breach(invariant, changed(before, again)) { return breach }
    guard !invariant.next.isEmpty else { return nil }
    try run(invariant.next, copy, invariant)
    // The next interval adds rows of its own; those that were there stay as they are.
    let after = try content()
    return breach(invariant, changed(before, after).filter { before[$0] != nil })
  }

  private func atomic(_ invariant: Invariant) throws -> InvariantBreach? {
    guard let versions = invariant.versions, let poll = invariant.poll else {
      throw Self.unable("nothing keeps the states that a reader could have seen", invariant)
    }
    let names = try ask(versions, world).rows.compactMap(\.first)
    guard names.count >= 2 else {
      throw Self.unable("there are \(names.count) states to look back at", invariant)
    }
    func ids(_ version: HostValue) throws -> [String] {
      try deadline.check()
      let values = values(day: nil).merging(["version": version]) { $1 }
      return Self.ids(try world.query(poll.sql(values: values))).sorted()
    }
    let first = try ids(names[0])
    let last = try ids(names[names.count - 1])
    var wrong: [String] = []
    for name in names.dropFirst().dropLast() {
      let seen = try ids(name)
      if seen != first, seen != last { wrong.append(name.idText ?? "?") }
    }
    return breach(invariant, wrong)
  }

  private func guarded(_ invariant: Invariant) throws -> InvariantBreach? {
    guard let host, let detected = invariant.detected else {
      throw Self.unable("no other world can be made", invariant)
    }
    let tomorrow = nextDay(day)
    try deadline.check()
    let request = WorldRequest(
      origin: .made(seed: world.description.seed, day: tomorrow, size: "xs", versionShift: 0),
      faults: invariant.faults
    )
    let next = try host.open(request)
    defer { next.close() }
    try deadline.check()
    _ = try next.apply(changes, rebinding: reboundDays(from: day, to: tomorrow))
    try run(invariant.drive, next, invariant, day: tomorrow)
    guard try ask(detected, next, day: tomorrow).rows.isEmpty else { return nil }
    return InvariantBreach(
      .guarded,
      target: invariant.target,
      count: 1,
      examples: invariant.faults.map(\.name)
    )
  }
}

extension HostValue {
  /// As an id is written; nil for null.
  var idText: String? {
    switch self {
    case .null: nil
    case .integer(let value): String(value)
    case .double(let value): String(value)
    case .text(let text): text
    case .boolean(let flag): flag ? "true" : "false"
    }
  }
}

/// FNV-1a over names and values, mixed; equal rows hash alike on every machine.
private struct RowHash {
  private var hash: UInt64 = 0xCBF2_9CE4_8422_2325

  var value: UInt64 {
    var z = hash
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func add(_ name: String, _ value: HostValue) {
    add(name)
    add("=")
    switch value {
    case .null: add("\u{0}null")
    default: add(value.idText ?? "")
    }
    add("\u{1}")
  }

  private mutating func add(_ text: String) {
    for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
  }
}
