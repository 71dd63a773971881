/// One of the eight things that a repair must keep: "no loss, no double count", made precise.
///
/// `T` are the ids that the truth says should count, `W` those in the target table. Sets of ids are
/// compared, never counts.
///
/// ```yaml
/// # checks/50-complete.yaml
/// kind: invariant
/// goal: {ko: 빠진 결제가 없습니다, en: No purchase is lost}
/// feedback: lost-purchases
/// invariant: complete
/// target: lake.silver.events
/// key: event_id
/// truth: |
///   SELECT event_id FROM truth.events
///   WHERE dt = DATE '{{ds_kst}}' AND event_name = 'purchase_completed'
/// where: dt = DATE '{{ds_kst}}' AND event_name = 'purchase_completed'
/// ```
package struct Invariant: Sendable, Hashable {
  package enum Name: String, Sendable, Hashable, CaseIterable {
    /// `T − W` is empty, but for ids that were declared lost.
    case complete
    /// No business key twice.
    case unique
    /// The canonical values are equal.
    case value
    /// `W − T` is empty.
    case noJunk = "no-junk"
    /// Every partition outside the declared days is as it was.
    case isolated
    /// Running the job again, and the next one, changes nothing that should not change.
    case idempotent
    /// A reader never saw a partial or doubled state.
    case atomic
    /// The same fault on the next day is detected, blocked or survived.
    case guarded
  }

  /// A station of the pipeline and a query for the ids that are there.
  package struct Stage: Sendable, Hashable {
    package var name: String
    /// Ends in a `WHERE` that the id is added to.
    package var table: String
    package var column: String
  }

  package var name: Name
  /// The table that is judged, such as `lake.silver.events`.
  package var target: String
  /// The business keys, each of which is unique; the first names rows.
  package var keys: [String]
  /// What of the target is judged, as a condition; nil takes all of it.
  package var filter: SQLTemplate?
  /// The ids that should count, and for `value` the canonical columns beside them.
  package var truth: SQLTemplate?
  /// For `value`: the columns that are compared.
  package var columns: [String]
  /// The ids that the learner has declared lost.
  package var lost: SQLTemplate?
  /// The partition column of the target.
  package var partition: String
  /// The partitions that may change: a query, or the world's `ds_kst` alone where nil.
  package var days: SQLTemplate?
  /// Columns that a rerun may change, such as `loaded_at`.
  package var ignored: [String]
  /// The named fork with which `isolated` and `atomic` compare; nil is the exercise's own.
  package var fork: String?
  /// Lines typed for the same interval again, and for the next one.
  package var rerun: [String]
  package var next: [String]
  /// The states that a reader could have seen, oldest first: their names in the first column.
  package var versions: SQLTemplate?
  /// The ids that a reader saw in `{{version}}`.
  package var poll: SQLTemplate?
  /// For `guarded`: the faults of the next day, the lines typed there, and the query that returns a
  /// row where the fault was noticed or did no harm.
  package var faults: [Fault]
  package var drive: [String]
  package var detected: SQLTemplate?
  package var stages: [Stage]

  /// Where an event can be seen, from the phone to the warehouse.
  package static let usualStages = [
    Stage(name: "phone", table: "system.sdk.events", column: "event_id"),
    Stage(name: "kafka", table: "system.kafka.records", column: "event_id"),
    Stage(name: "bronze", table: "lake.bronze.events", column: "event_id"),
    Stage(name: "silver", table: "lake.silver.events", column: "event_id"),
    Stage(name: "warehouse", table: "warehouse.mart.fact_purchase", column: "event_id"),
  ]
}

/// An invariant that was broken, in numbers and names.
package struct InvariantBreach: Sendable, Hashable {
  package var name: Invariant.Name
  package var target: String
  /// How many ids, rows or partitions break it.
  package var count: Int
  /// The first three ids, or partitions.
  package var examples: [String]
  /// For `complete`: where the first lost id was last seen; nil where it was seen nowhere.
  package var lastStage: String?
  /// For `value`: the column, what is right and what is there.
  package var column: String?
  package var expected: HostValue?
  package var got: HostValue?

  package init(_ name: Invariant.Name, target: String, count: Int, examples: [String]) {
    self.name = name
    self.target = target
    self.count = count
    self.examples = examples
  }
}
