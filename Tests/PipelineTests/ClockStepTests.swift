import Commands
import ETL
import Foundation
import Platform
import Simulation
import Testing

/// Story time is what decides: DAGs run beside the phones, yet nobody can tell from what they wrote.
struct ClockStepTests {
  /// Everything that a day leaves behind, as text; objects, loads and commits carry their story
  /// time. What the template's copy made anew carries this machine's time and is left out.
  static func traces(_ world: TestWorld) throws -> [String: [String]] {
    let queries = [
      "objects": """
        SELECT key || ' ' || CAST(size AS varchar) || ' ' || CAST(modified AS varchar)
        FROM system.lake.objects WHERE modified < TIMESTAMP '2025-01-01 00:00:00 UTC' ORDER BY 1
        """,
      "runs": """
        SELECT dag_id || ' ' || task_id || ' ' || CAST(scheduled_at AS varchar) || ' ' || state
          || ' ' || CAST(rows_written AS varchar) || ' ' || message
        FROM system.etl.task_instances
        """,
      "silver": """
        SELECT event_id || CAST(kafka_partition AS varchar) || ' ' || CAST(kafka_offset AS varchar)
          || ' ' || CAST(loaded_at AS varchar) FROM lake.silver.events ORDER BY 1
        """,
      "facts": """
        SELECT event_id || ' ' || CAST(amount_krw AS varchar) || ' ' || CAST(loaded_at AS varchar)
        FROM warehouse.mart.fact_purchase ORDER BY 1
        """,
    ]
    return try queries.mapValues { try world.texts($0) }
  }

  @Test func `a day in one step and hour by hour leaves the same objects, runs and rows`() throws {
    let one = try TestWorld()
    let other = try TestWorld()
    try one.shell.withPlatform { platform in
      let done = try platform.advance(to: platform.now.adding(seconds: 86_400))
      #expect(done.instances.count { $0.dag == "ingest" } == 24)
      #expect(done.instances.map(\.scheduledAt) == done.instances.map(\.scheduledAt).sorted())
    }
    for _ in 0..<24 {
      try other.shell.withPlatform { platform in
        _ = try platform.advance(to: platform.now.adding(seconds: 3_600))
      }
    }
    let left = try Self.traces(one)
    let right = try Self.traces(other)
    for (name, lines) in left {
      #expect(lines.count > 10, "\(name) has \(lines.count) lines")
      #expect(lines == right[name], "\(name) differ")
    }
  }
}
