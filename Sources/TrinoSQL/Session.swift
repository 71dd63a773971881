/// What a statement runs in: default names, user, time zone, clock, properties and limits.
public struct Session: Sendable {
  public var catalog: String?
  public var schema: String?
  public var user: String
  public var timeZone: SessionZone
  /// The session's clock, in milliseconds since 1970: story time in the course.
  public var now: @Sendable () -> Int64
  public var memoryBytesMax: Int
  /// What SET SESSION has set: names in lower case to values as text.
  public var properties: [String: String] = [:]
  /// Statements by the names PREPARE gave them, in lower case.
  public var prepared: [String: String] = [:]
  /// True between START TRANSACTION and its end: statements that write are refused meanwhile.
  public var isInTransaction = false

  public init(
    catalog: String? = nil,
    schema: String? = nil,
    user: String = "learner",
    timeZone: SessionZone = .utc,
    now: @escaping @Sendable () -> Int64 = { 0 },
    memoryBytesMax: Int = 2 << 30
  ) {
    self.catalog = catalog
    self.schema = schema
    self.user = user
    self.timeZone = timeZone
    self.now = now
    self.memoryBytesMax = memoryBytesMax
  }

  /// Takes over what a statement changed.
  public mutating func apply(_ change: SessionChange) {
    switch change {
    case .use(let catalog, let schema):
      self.catalog = catalog
      self.schema = schema
    case .setProperty(let name, let value): properties[name] = value
    case .resetProperty(let name): properties[name] = nil
    case .setTimeZone(let zone): timeZone = zone
    case .addPrepared(let name, let sql): prepared[name] = sql
    case .removePrepared(let name): prepared[name] = nil
    case .setInTransaction(let flag): isInTransaction = flag
    }
  }
}

/// What a statement changes in its session; the door that holds the session applies it.
public enum SessionChange: Sendable, Hashable {
  case use(catalog: String, schema: String)
  case setProperty(name: String, value: String)
  case resetProperty(name: String)
  case setTimeZone(SessionZone)
  case addPrepared(name: String, sql: String)
  case removePrepared(name: String)
  case setInTransaction(Bool)
}

/// One property that SET SESSION knows.
struct SessionProperty: Sendable {
  enum Kind: Sendable {
    case boolean
    case choice([String])
    /// Such as `2GB`.
    case size
    case whole
  }

  var name: String
  var kind: Kind
  var standard: String
  var description: String

  static let all: [SessionProperty] = [
    SessionProperty(
      name: "join_distribution_type",
      kind: .choice(["AUTOMATIC", "BROADCAST", "PARTITIONED"]), standard: "AUTOMATIC",
      description: "How the rows of a join's sides meet"),
    SessionProperty(
      name: "join_reordering_strategy",
      kind: .choice(["NONE", "ELIMINATE_CROSS_JOINS", "AUTOMATIC"]), standard: "AUTOMATIC",
      description: "Whether statistics decide the order of joins"),
    SessionProperty(
      name: "enable_dynamic_filtering", kind: .boolean, standard: "true",
      description: "A join's build side filters the scan of its probe side"),
    SessionProperty(
      name: "query_max_memory_per_node", kind: .size, standard: "",
      description: "The most memory a query may hold"),
  ]

  /// The value as it is kept; nil where it is none of the property's.
  func checked(_ text: String) -> String? {
    switch kind {
    case .boolean:
      let lower = text.lowercased()
      return lower == "true" || lower == "false" ? lower : nil
    case .choice(let values): return values.first { $0 == text.uppercased() }
    case .size: return Self.bytes(text) == nil ? nil : text
    case .whole: return Int(text).flatMap { $0 >= 0 ? String($0) : nil }
    }
  }

  /// `512MB` in bytes.
  static func bytes(_ text: String) -> Int? {
    let upper = text.uppercased()
    let units: [(String, Int)] = [("TB", 40), ("GB", 30), ("MB", 20), ("KB", 10), ("B", 0)]
    for (unit, shift) in units where upper.hasSuffix(unit) {
      guard let number = Double(upper.dropLast(unit.count)), number > 0, number < 1_000_000 else {
        return nil
      }
      return Int(number * Double(1 << shift))
    }
    return nil
  }
}
