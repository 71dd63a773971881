// The seven modes, and what one event's bytes may say under a schema.

import EventModel
import Testing

struct CompatibilityTests {
  private func schema(_ rules: [PropertyRule], others: Bool = true) -> EventSchema {
    EventSchema(eventName: "purchase_completed", properties: rules, allowsOthers: others)
  }

  private func rules(
    _ mode: Compatibility,
    _ versions: [EventSchema],
    _ new: EventSchema
  ) -> [SchemaConflict.Rule] {
    mode.conflicts(of: new, with: versions).map(\.rule)
  }

  @Test func `an optional property may be added and removed under every mode`() {
    let small = schema([PropertyRule("price", .integer, isRequired: true)])
    let large = schema([
      PropertyRule("price", .integer, isRequired: true), PropertyRule("coupon", .string),
    ])
    for mode in Compatibility.allCases {
      #expect(rules(mode, [small], large).isEmpty, "\(mode)")
      #expect(rules(mode, [large], small).isEmpty, "\(mode)")
    }
  }

  @Test func `a required property added breaks backward, one removed breaks forward`() {
    let without = schema([])
    let with = schema([PropertyRule("order_id", .string, isRequired: true)])
    #expect(rules(.backward, [without], with) == [.requiredPropertyMissing])
    #expect(rules(.forward, [without], with).isEmpty)
    #expect(rules(.forward, [with], without) == [.requiredPropertyMissing])
    #expect(rules(.backward, [with], without).isEmpty)
    #expect(rules(.full, [without], with) == [.requiredPropertyMissing])
    #expect(rules(.full, [with], without) == [.requiredPropertyMissing])
    #expect(rules(.none, [without], with).isEmpty)
  }

  @Test func `a type may widen for readers of the new version only`() {
    let whole = schema([PropertyRule("price", .integer)])
    let any = schema([PropertyRule("price", .number)])
    let text = schema([PropertyRule("price", .string)])
    #expect(rules(.backward, [whole], any).isEmpty)
    #expect(rules(.forward, [whole], any) == [.typeChanged])
    #expect(rules(.backward, [any], whole) == [.typeChanged])
    for mode in Compatibility.allCases where mode != .none {
      #expect(rules(mode, [whole], text).contains(.typeChanged), "\(mode)")
    }
  }

  @Test func `lists and ranges may grow for readers of the new version only`() {
    let two = schema([PropertyRule("method", .string, values: ["card", "kakaopay"])])
    let three = schema([PropertyRule("method", .string, values: ["card", "kakaopay", "tosspay"])])
    #expect(rules(.backward, [two], three).isEmpty)
    #expect(rules(.backward, [three], two) == [.enumNarrowed])
    #expect(rules(.forward, [two], three) == [.enumNarrowed])
    #expect(rules(.backward, [schema([PropertyRule("method", .string)])], two) == [.enumNarrowed])
    let positive = schema([PropertyRule("price", .integer, minimum: 1)])
    let any = schema([PropertyRule("price", .integer)])
    #expect(rules(.backward, [any], positive) == [.rangeNarrowed])
    #expect(rules(.backward, [positive], any).isEmpty)
    #expect(rules(.forward, [positive], any) == [.rangeNarrowed])
  }

  @Test func `a closed schema refuses what it does not name`() {
    let one = schema([PropertyRule("price", .integer)], others: false)
    let two = schema(
      [PropertyRule("price", .integer), PropertyRule("coupon", .string)], others: false)
    #expect(rules(.backward, [two], one) == [.unknownToClosedSchema])
    #expect(rules(.forward, [one], two) == [.unknownToClosedSchema])
    #expect(rules(.backward, [one], two).isEmpty)
  }

  @Test func `only the transitive modes look behind the last version`() {
    let required = schema([PropertyRule("a", .string, isRequired: true)])
    let optional = schema([PropertyRule("a", .string)])
    let gone = schema([])
    let versions = [gone, required]
    // Required again: readable from version 2, not from version 1.
    #expect(rules(.backward, versions, required).isEmpty)
    let conflicts = Compatibility.backwardTransitive.conflicts(of: required, with: versions)
    #expect(conflicts.map(\.version) == [1])
    #expect(conflicts.first?.advice.contains("`a`") == true)
    #expect(rules(.forward, versions, optional) == [.requiredPropertyMissing])
    #expect(rules(.forwardTransitive, [required, optional], gone) == [.requiredPropertyMissing])
    #expect(rules(.forward, [required, optional], gone).isEmpty)
    #expect(rules(.fullTransitive, [required, optional], gone) == [.requiredPropertyMissing])
    #expect(rules(.full, [required, optional], gone).isEmpty)
  }

  @Test func `canonical JSON says the same for the same meaning, and is read back`() throws {
    let rules = [
      PropertyRule("b", .string, values: ["y", "x"], isPersonal: true, example: .string("x")),
      PropertyRule("a", .number, isRequired: true, minimum: 0.5, maximum: 2),
    ]
    let one = schema(rules)
    let other = schema([
      rules[1], PropertyRule("b", .string, values: ["x", "y"], isPersonal: true, example: .string("x")),
    ])
    #expect(one == other)
    #expect(one.canonicalJSON.text == other.canonicalJSON.text)
    let json = try JSONValue(parsing: one.canonicalJSON.text)
    #expect(EventSchema(canonicalJSON: json) == one)
    #expect(EventSchema(canonicalJSON: .object([])) == nil)
  }

  private static let plan = EventSchema(
    eventName: "purchase_completed",
    properties: [
      PropertyRule("price", .integer, isRequired: true, minimum: 0, maximum: 1_000_000),
      PropertyRule("currency", .string, values: ["KRW", "USD"]),
      PropertyRule("at", .timestamp), PropertyRule("tags", .array), PropertyRule("ok", .boolean),
    ], allowsOthers: false)

  @Test(arguments: [
    (#"{"price":29900}"#, nil), (#"{"price":29900.0,"currency":"KRW"}"#, nil),
    (#"{"price":29900,"currency":null,"at":"2024-01-16T00:10:00Z","tags":[1],"ok":true}"#, nil),
    (#"{"pr\u0069ce":1}"#, nil), (#"{"price":1,"currency":"\u004bRW"}"#, nil),
    (#"{}"#, "missing_property price"), (#"{"price":null}"#, "missing_property price"),
    (#"{"price":"29,900"}"#, "wrong_property_type price"),
    (#"{"price":1.5}"#, "wrong_property_type price"),
    (#"{"price":-1}"#, "value_out_of_range price"),
    (#"{"price":1000001}"#, "value_out_of_range price"),
    (#"{"price":1e999}"#, "wrong_property_type price"),
    (#"{"price":1,"price":2}"#, "duplicate_property price"),
    (#"{"price":1,"currency":"WON"}"#, "value_not_in_enum currency"),
    (#"{"price":1,"currency":"KR"}"#, "value_not_in_enum currency"),
    (#"{"price":1,"at":"yesterday"}"#, "wrong_property_type at"),
    (#"{"price":1,"tags":{}}"#, "wrong_property_type tags"),
    (#"{"price":1,"ok":1}"#, "wrong_property_type ok"),
    (#"{"price":1,"params":""}"#, "unknown_property params"),
  ]) func `one pass finds the first violation`(text: String, expected: String?) throws {
    var scanner = JSONObjectScanner()
    var found: [SchemaCheck.Violation] = []
    let bytes = Array(text.utf8)
    try bytes.withUnsafeBytes {
      try SchemaCheck(Self.plan).check($0, in: 0..<$0.count, scanner: &scanner, into: &found)
    }
    #expect(found.first.map { "\($0.rule.rawValue) \($0.property)" } == expected)
    if let token = found.first?.token {
      #expect(token.lowerBound >= 0 && token.upperBound < bytes.count)
    }
  }

  @Test func `an event without properties lacks what is required, and nothing else`() throws {
    var scanner = JSONObjectScanner()
    var found: [SchemaCheck.Violation] = []
    try [UInt8]("{}".utf8).withUnsafeBytes {
      try SchemaCheck(Self.plan).check($0, in: nil, scanner: &scanner, into: &found)
    }
    #expect(found.map(\.property) == ["price"])
  }
}
