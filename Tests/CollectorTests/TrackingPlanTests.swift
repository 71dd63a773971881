// The plan from YAML to refusals, and its history on disk.

import Collector
import EventModel
import Foundation
import KafkaProtocol
import Testing

struct TrackingPlanTests {
  static let yaml = """
    compatibility: FULL
    events:
      purchase_completed:
        properties:
          price: {type: integer, required: true, minimum: 0, example: 29900}
          currency: {type: string, enum: [KRW], example: KRW}
          email: {type: string, pii: true}
      screen_view:
    """

  static func plan(_ text: String = yaml, registry: SchemaRegistry? = nil) throws -> PlanInForce {
    try PlanInForce(TrackingPlan(yaml: text), registry: try registry ?? SchemaRegistry())
  }

  @Test func `a plan is read with its bounds and marks`() throws {
    let plan = try TrackingPlan(yaml: Self.yaml)
    #expect(plan.compatibility == .full)
    #expect(plan.events.map(\.eventName) == ["purchase_completed", "screen_view"])
    let rule = try #require(plan.events[0].rule(of: "price"))
    #expect(rule.isRequired && rule.minimum == 0 && rule.example == .integer(29_900))
    #expect(plan.events[0].rule(of: "email")?.isPersonal == true)
    #expect(plan.events[0].rule(of: "currency")?.values == ["KRW"])
  }

  @Test(arguments: [
    ("events: {}", "at least one"), ("[", "YAML"), ("x: 1", "`x`"), ("", "events"),
    ("compatibility: SIDEWAYS\nevents: {a: }", "BACKWARD_TRANSITIVE"),
    ("events: {Bad-Name: }", "snake_case"), ("events: {a: {properties: {p: {type: won}}}}", "integer"),
    ("events: {a: {properties: {p: string}}}", "type"),
    ("events: {a: {properties: {p: {type: string, requierd: true}}}}", "`requierd`"),
    ("events: {a: {properties: {p: {type: integer, enum: [1]}}}}", "enum"),
    ("events: {a: {properties: {p: {type: string, minimum: 1}}}}", "minimum"),
    ("events: {a: {properties: {p: {type: integer, minimum: 2, maximum: 1}}}}", "greater"),
    ("events: {a: {properties: {p: {type: string, required: maybe}}}}", "true or false"),
  ]) func `a plan that cannot be used says where and why`(yaml: String, words: String) {
    let error = #expect(throws: CollectorError.self) { try TrackingPlan(yaml: yaml) }
    #expect(error?.kind == .badTrackingPlan)
    #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
  }

  @Test func `the history on disk is a function of the plans`() throws {
    let first = Self.yaml
    let second = Self.yaml.replacing("screen_view:", with: "screen_view: {properties: {s: {type: string}}}")
    func history() throws -> (Data, [RegisteredSchema]) {
      let path = NSTemporaryDirectory() + "/registry-\(UUID().uuidString).ndjson"
      defer { try? FileManager.default.removeItem(atPath: path) }
      for text in [first, first, second, first] {
        _ = try Self.plan(text, registry: SchemaRegistry(path: path))
      }
      let again = try SchemaRegistry(path: path)
      return (try Data(contentsOf: URL(fileURLWithPath: path)), again.all)
    }
    let (bytes, known) = try history()
    #expect(try history().0 == bytes)
    #expect(known.map { "\($0.subject) \($0.version) \($0.id)" } == [
      "purchase_completed 1 1", "screen_view 1 2", "screen_view 2 3", "screen_view 3 2",
    ])
    let torn = NSTemporaryDirectory() + "/torn-\(UUID().uuidString).ndjson"
    defer { try? FileManager.default.removeItem(atPath: torn) }
    try bytes.dropLast(7).write(to: URL(fileURLWithPath: torn))
    #expect(try SchemaRegistry(path: torn).all.count == 3)
    try Data("nonsense\n".utf8).write(to: URL(fileURLWithPath: torn))
    #expect(throws: CollectorError.self) { try SchemaRegistry(path: torn) }
  }

  @Test func `a version that does not fit is refused by rule, field and advice`() throws {
    let registry = try SchemaRegistry()
    _ = try Self.plan(registry: registry)
    let broken = Self.yaml.replacing("price: {type: integer", with: "price: {type: string")
      .replacing(", minimum: 0", with: "")
    let plan = try Self.plan(broken, registry: registry)
    let refusal = try #require(plan.refusals.first)
    #expect(refusal.fields["rule"] == "type_changed" && refusal.fields["property"] == "price")
    #expect(refusal.advice?.contains("new property") == true)
    // The version before stays in force.
    #expect(plan.schemas[0].version == 1)
    #expect(registry.versions(of: "purchase_completed").count == 1)
  }

  private func bench(_ adjust: (inout CollectorConfiguration) -> Void) throws -> Bench {
    let plan = try Self.plan()
    return try Bench {
      $0.plan = plan
      $0.validation = .enforce
      adjust(&$0)
    }
  }

  private func purchase(_ properties: String) -> String {
    event(["event_name": "\"purchase_completed\"", "properties": properties])
  }

  @Test func `off takes, warn counts and enforce refuses what breaks the plan`() throws {
    let body = purchase(#"{"price":"29,900"}"#)
    for mode in CollectorConfiguration.Validation.allCases {
      let bench = try bench { $0.validation = mode }
      let response = bench.send(body)
      #expect(response.status == 200)
      #expect(response.accepted.count == (mode == .enforce ? 0 : 1))
      #expect(response.refused.map(\.code) == (mode == .enforce ? [.wrongPropertyType] : []))
      #expect(bench.collector.counts.warned == (mode == .warn ? [.wrongPropertyType: 1] : [:]))
      #expect(bench.log.deadLetters.count == (mode == .enforce ? 1 : 0))
    }
    let bench = try bench { _ in }
    #expect(bench.send(purchase(#"{"price":29900}"#)).accepted.count == 1)
    #expect(bench.send(event(["event_name": "\"unheard_of\""])).refused.map(\.code) == [.unknownEvent])
    let refused = bench.send(purchase(#"{"price":-5,"email":"a@b.c"}"#)).refused
    #expect(refused.map(\.field) == ["properties.price"])
    #expect(refused.map(\.message).contains { $0.contains("-5") } == false)
  }

  @Test func `a bad event is answered in the way that is set`() throws {
    let good = purchase(#"{"price":1}"#)
    let batch = "[" + [good, purchase("{}"), good].joined(separator: ",") + "]"
    func answer(_ mode: CollectorConfiguration.BadEvents) throws -> (CollectResponse, Bench) {
      let bench = try bench { $0.badEvents = mode }
      return (bench.send(batch), bench)
    }
    let (kept, first) = try answer(.deadLetter)
    #expect(kept.status == 200 && kept.accepted.count == 2 && kept.refused.map(\.index) == [1])
    #expect(first.log.deadLetters.count == 1)
    #expect(first.log.deadLetters[0].header("app_id") == "moashop")
    #expect(first.log.deadLetters[0].header("received_at") == "2024-01-16T00:10:00.000Z")
    let (named, second) = try answer(.partial)
    #expect(named.status == 200 && named.accepted.count == 2 && named.refused.map(\.index) == [1])
    #expect(second.log.deadLetters.isEmpty && second.log.events.count == 2)
    let (rejected, third) = try answer(.reject)
    #expect(rejected.status == 400 && rejected.refused.map(\.index) == [1])
    #expect(third.log.events.isEmpty && third.log.deadLetters.isEmpty)
    let (whole, fourth) = try answer(.refuseBatch)
    #expect(whole.status == 400 && whole.refused.isEmpty && whole.problem?.code == "refused_batch")
    #expect(fourth.log.events.isEmpty)
  }

  @Test func `silent coercion loses the value and says nothing`() throws {
    let bench = try bench { $0.coercesWrongTypes = true }
    let response = bench.send(purchase(#"{"price":"29,900","currency":"KRW"}"#))
    #expect(response.accepted.count == 1 && response.refused.isEmpty)
    #expect(bench.log.events[0].text.contains(#""price":null"#))
    #expect(bench.log.events[0].text.contains(#""currency":"KRW""#))
    #expect(!bench.log.events[0].text.contains("29,900"))
  }
}
