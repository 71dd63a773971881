/// A question about what the learner has made of the pipeline: rules over its state, here and in
/// worlds that the learner has not seen.
///
/// ```yaml
/// # checks/60-hidden.yaml
/// kind: scenario
/// goal: {ko: 다른 날에도 맞습니다, en: It holds on other days}
/// feedback: only-yesterday
/// worlds: [{seed: 12, day: 2024-02-29, version_shift: 1, faults: [{name: late-events}]}]
/// bind: {order_id: "SELECT order_id FROM truth.events WHERE …"}
/// drive: ["clock +1d", "dag rerun silver {{ds_kst}}"]
/// checks:
///   - {goal: …, feedback: lost, invariant: complete, target: lake.silver.events, key: event_id, truth: …}
///   - {goal: …, feedback: wrong-day, sql: "SELECT …"}
/// ```
package struct StateQuestion: Sendable {
  /// What a rule asks.
  package enum Rule: Sendable {
    /// Of the learner's own world, as it stands.
    case rows(Check)
    /// Of a copy of the learner's world.
    case invariant(Invariant)
    /// Of other worlds, after the learner's changes were made there.
    case scenario(Scenario)
  }

  /// A rule with its name and what it gets when it is broken.
  package struct Item: Sendable {
    package var name: String
    package var goal: LocalizedText
    package var feedback: String
    package var rule: Rule
  }

  package var items: [Item]
  /// Queries whose first rows give further placeholders to every text.
  package var values: [SQLTemplate]

  package init(items: [Item], values: [SQLTemplate]) {
    self.items = items
    self.values = values
  }

  /// The declared feedback ids.
  package var feedbackIDs: [String] {
    items.flatMap { item in
      guard case .scenario(let scenario) = item.rule else { return [item.feedback] }
      return scenario.items.map(\.feedback) + [item.feedback]
    }
  }
}

/// The learner's changes made again elsewhere, and what must hold there.
package struct Scenario: Sendable {
  /// A copy of the learner's own world, driven as the others are, comes first where true.
  package var includesLearner: Bool
  package var worlds: [MadeWorld]
  /// The named fork since which the learner's changes count; nil is the exercise's own.
  package var fork: String?
  /// Queries whose value in the learner's world is replaced by that in the other, and which the
  /// checks may name as `{{NAME}}`.
  package var bindings: [(name: String, query: SQLTemplate)]
  /// Lines typed there after the changes, with `{{ds_kst}}` and the bindings.
  package var drive: [String]
  /// Rules of rows and invariants; no scenario among them.
  package var items: [StateQuestion.Item]
}
