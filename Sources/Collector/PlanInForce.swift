// The plan as the collector uses it: one check per event, found by the bytes of its name.

package import EventModel

/// The registered schemas that events are held against.
package struct PlanInForce: Sendable {
  /// By event name.
  package let schemas: [RegisteredSchema]
  /// What kept parts of the plan from being registered; the version before stays in force there.
  package let refusals: [CollectorError]
  package let mode: Compatibility
  fileprivate let names: JSONKeySet
  fileprivate let checks: [SchemaCheck]

  /// Registers every event of the plan.
  ///
  /// An event that does not fit its history keeps its last version, and is listed in `refusals`.
  /// Throws where the registry cannot be written.
  package init(_ plan: TrackingPlan, registry: SchemaRegistry) throws {
    var schemas: [RegisteredSchema] = []
    var refusals: [CollectorError] = []
    for event in plan.events {
      do {
        schemas.append(try registry.register(event, mode: plan.compatibility))
      } catch let error as CollectorError where error.kind == .incompatibleSchema {
        refusals.append(error)
        if let last = registry.versions(of: event.eventName).last { schemas.append(last) }
      }
    }
    self.schemas = schemas
    self.refusals = refusals
    mode = plan.compatibility
    names = JSONKeySet(schemas.map(\.subject))
    checks = schemas.map { SchemaCheck($0.schema) }
  }
}

/// Holds events of one request against the plan; keeps its memory between them.
struct PlanCheck {
  private let plan: PlanInForce
  private var scanner = JSONObjectScanner()
  private var violations: [SchemaCheck.Violation] = []

  init(_ plan: PlanInForce) {
    self.plan = plan
  }

  /// The first way in which an event breaks the plan; nil where it keeps to it.
  ///
  /// `name` and `properties` are places in `bytes`, as `EnvelopeCheck` found them; `members` are those of
  /// the properties where they were read already.
  mutating func refusal(
    _ bytes: UnsafeRawBufferPointer,
    name: Range<Int>?,
    properties: Range<Int>?,
    members: [JSONObjectScanner.Member]? = nil
  ) -> Refusal? {
    violations.removeAll(keepingCapacity: true)
    guard let name,
      let number = plan.names.number(of: UnsafeRawBufferPointer(rebasing: bytes[name]))
    else {
      return Refusal(
        .unknownEvent, field: "event_name", "the tracking plan has no event of this name")
    }
    if let members {
      plan.checks[number].check(bytes, members, into: &violations)
    } else {
      do {
        try plan.checks[number].check(
          bytes, in: properties, scanner: &scanner, into: &violations)
      } catch {
        return Refusal(.brokenJSON, field: "properties", "the properties are not valid JSON")
      }
    }
    guard let first = violations.first else { return nil }
    return Self.refusal(first)
  }

  /// The event's bytes with `null` in place of every value of a wrong type that the last check found.
  func coerced(_ bytes: UnsafeRawBufferPointer, in range: Range<Int>) -> [UInt8]? {
    let wrong = violations.filter { $0.rule == .wrongPropertyType }.compactMap(\.token)
    guard !wrong.isEmpty else { return nil }
    var output: [UInt8] = []
    output.reserveCapacity(range.count)
    var position = range.lowerBound
    for token in wrong.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      output.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[position..<token.lowerBound]))
      output.append(contentsOf: "null".utf8)
      position = token.upperBound
    }
    output.append(
      contentsOf: UnsafeRawBufferPointer(rebasing: bytes[position..<range.upperBound]))
    return output
  }

  private static func refusal(_ violation: SchemaCheck.Violation) -> Refusal {
    let code: RefusalCode
    let message: String
    let name = violation.property
    switch violation.rule {
    case .missingProperty:
      code = .missingProperty
      message = "properties.\(name) is required, and the event has none"
    case .wrongPropertyType:
      code = .wrongPropertyType
      message = "properties.\(name) must be \(article(violation.expected))"
    case .valueNotInEnum:
      code = .valueNotInEnum
      message = "properties.\(name) must be \(violation.expected)"
    case .valueOutOfRange:
      code = .valueOutOfRange
      message = "properties.\(name) must be in the range \(violation.expected)"
    case .duplicateProperty:
      code = .duplicateProperty
      message = "properties.\(name) stands more than once in the event"
    case .unknownProperty:
      // The name is the client's, and may hold anything.
      return Refusal(
        .unknownProperty, field: "properties",
        "the properties hold one that the tracking plan does not name")
    }
    return Refusal(code, field: "properties.\(name)", message)
  }

  private static func article(_ type: String) -> String {
    guard let first = type.first else { return type }
    return ("aeiou".contains(first) ? "an " : "a ") + type
  }
}
