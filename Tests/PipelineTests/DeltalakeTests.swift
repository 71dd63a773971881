import Commands
import Foundation
import TestSupport
import Testing

/// Somebody else's tools over the files that a world wrote.
struct DeltalakeTests {
  @Test(.enabled(if: InteropPython.interpreter != nil, "needs deltalake and pyarrow (TAPLINE_INTEROP_PYTHON)"))
  func `deltalake counts the same rows, and what it deletes and appends shows in the next SELECT`()
    throws
  {
    let world = try TestWorld()
    let table = world.worldPath + "/lake/processed/events"
    let ours = try world.count("SELECT count(*) FROM lake.silver.events")
    let distinct = try world.count("SELECT count(DISTINCT event_id) FROM lake.silver.events")
    let counted = try InteropPython.run(
      """
      import sys
      from deltalake import DeltaTable
      import pyarrow.compute as pc
      t = DeltaTable(sys.argv[1]).to_pyarrow_table()
      print(t.num_rows, pc.count_distinct(t['event_id']).as_py(), str(t.schema.field('dt').type))
      """, [table])
    #expect(counted == "\(ours) \(distinct) date32[day]")

    let purchases = "SELECT count(*) FROM lake.silver.events WHERE event_name = 'purchase_completed'"
    let before = try world.count(purchases)
    #expect(before > 0)
    let deleted = try InteropPython.run(
      """
      import sys
      from deltalake import DeltaTable
      t = DeltaTable(sys.argv[1])
      m = t.delete("event_name = 'purchase_completed'")
      print(m['num_deleted_rows'])
      """, [table])
    #expect(deleted == String(before))
    #expect(try world.count(purchases) == 0, "the next SELECT sees the deletion")
    #expect(try world.count("SELECT count(*) FROM lake.silver.events") == ours - before)
    #expect(try world.stations()["silver_rows"] == Int(ours - before))

    _ = try InteropPython.run(
      """
      import sys, datetime
      from deltalake import DeltaTable, write_deltalake
      import pyarrow as pa
      t = DeltaTable(sys.argv[1])
      rows = t.to_pyarrow_table().slice(0, 3)
      ids = pa.array(['appended-1', 'appended-2', 'appended-3'])
      rows = rows.set_column(0, rows.schema.field(0), ids)
      write_deltalake(t, rows, mode='append')
      """, [table])
    #expect(
      try world.texts(
        "SELECT event_id FROM lake.silver.events WHERE event_id LIKE 'appended-%' ORDER BY 1")
        == ["appended-1", "appended-2", "appended-3"])

    // And we go on writing on top of what deltalake committed.
    world.run("clock +1d")
    let after = try world.count("SELECT count(*) FROM lake.silver.events")
    #expect(after > ours)
    let again = try InteropPython.run(
      "import sys; from deltalake import DeltaTable; print(DeltaTable(sys.argv[1]).to_pyarrow_table().num_rows)",
      [table])
    #expect(again == String(after))
    // The warehouse follows the deletion at the next night; what came late has come since.
    let late = try world.count(
      """
      SELECT count(*) FROM lake.silver.events
      WHERE dt = DATE '2024-01-15' AND event_name = 'purchase_completed'
      """)
    let loaded = try world.count(
      "SELECT count(*) FROM warehouse.mart.fact_purchase WHERE dt = DATE '2024-01-15'")
    #expect(loaded == late && late < 10)
  }

  @Test(.enabled(if: InteropPython.interpreter != nil, "needs deltalake and pyarrow (TAPLINE_INTEROP_PYTHON)"))
  func `deltalake and pyarrow read Gold and the warehouse`() throws {
    let world = try TestWorld()
    let sum = try InteropPython.run(
      """
      import sys
      from deltalake import DeltaTable
      import pyarrow.compute as pc
      g = DeltaTable(sys.argv[1]).to_pyarrow_table()
      f = DeltaTable(sys.argv[2]).to_pyarrow_table()
      print(pc.sum(g['revenue_krw']).as_py(), pc.sum(f['amount_krw']).as_py())
      """,
      [
        world.worldPath + "/lake/aggregated/daily_metrics",
        world.worldPath + "/warehouse/mart/fact_purchase",
      ])
    let ours = try world.count("SELECT sum(amount_krw) FROM warehouse.mart.fact_purchase")
    #expect(sum == "\(ours) \(ours)")
  }
}
