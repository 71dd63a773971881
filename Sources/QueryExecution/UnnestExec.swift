// Takes arrays and maps apart: one row an element.

import Columnar
import Kernels
import QueryPlanning

/// Gives the input's columns, then the items' elements, then the ordinal where it is asked for.
///
/// A row gives as many rows as its longest item has elements; shorter items are filled with NULL.
final class UnnestExec: TransformExec {
  private let node: Unnest
  private let schema: Schema

  init(_ node: Unnest) {
    self.node = node
    schema = node.schema
  }

  func makeWorker() -> any TransformWorker { Worker(node, schema) }

  private final class Worker: TransformWorker {
    private let node: Unnest
    private let schema: Schema
    private let rowsMax = 32_768

    init(_ node: Unnest, _ schema: Schema) {
      self.node = node
      self.schema = schema
    }

    func process(
      _ batch: ColumnarBatch,
      at position: BatchPosition,
      _ emit: (ColumnarBatch) throws -> Void
    ) throws {
      let evaluator = ExpressionEvaluator(batch)
      let items = try node.items.map { try evaluator.evaluate($0.expression) }
      var rows: [Int32] = []
      var places = items.map { _ in [Int32]() }
      var ordinals: [Int64?] = []
      func flush() throws {
        guard !rows.isEmpty else { return }
        try emit(assemble(batch, items, rows, places, ordinals))
        rows.removeAll(keepingCapacity: true)
        ordinals.removeAll(keepingCapacity: true)
        for index in places.indices { places[index].removeAll(keepingCapacity: true) }
      }
      for row in 0..<batch.rowCount {
        let ranges = items.map { item in
          item.isNull(row) || item.type == .unknown
            ? 0..<0 : item.elementRange(at: item.valueIndex(row))
        }
        let length = ranges.map(\.count).max() ?? 0
        if length == 0, node.keepsEmpty {
          rows.append(Int32(truncatingIfNeeded: row))
          for index in places.indices { places[index].append(-1) }
          ordinals.append(nil)
        }
        for element in 0..<length {
          rows.append(Int32(truncatingIfNeeded: row))
          for (index, range) in ranges.enumerated() {
            places[index].append(
              element < range.count
                ? Int32(truncatingIfNeeded: range.lowerBound + element) : -1
            )
          }
          ordinals.append(Int64(element + 1))
        }
        if rows.count >= rowsMax { try flush() }
      }
      try flush()
    }

    private func assemble(
      _ batch: ColumnarBatch,
      _ items: [ColumnVector],
      _ rows: [Int32],
      _ places: [[Int32]],
      _ ordinals: [Int64?]
    ) -> ColumnarBatch {
      var columns = rows.withUnsafeBufferPointer { picked in
        batch.columns.map { $0.gather(picked) }
      }
      for (index, item) in items.enumerated() {
        columns += places[index].withUnsafeBufferPointer { picked in
          elements(of: item, node.items[index].columns, picked)
        }
      }
      if node.ordinality != nil {
        let builder = ColumnBuilder(type: .bigint, capacity: rows.count)
        for ordinal in ordinals { builder.append(ordinal) }
        columns.append(builder.finish())
      }
      return ColumnarBatch(schema: schema, columns: columns, rowCount: rows.count)
    }

    /// An array's elements, or their fields where those are rows; a map's keys and values.
    private func elements(
      of item: ColumnVector,
      _ fields: [Field],
      _ places: UnsafeBufferPointer<Int32>
    ) -> [ColumnVector] {
      let source: ColumnVector
      if case .dictionary(_, let dictionary) = item.encoding {
        source = dictionary.values
      } else {
        source = item
      }
      guard let first = source.children.first else {
        return fields.map { nullColumn($0.type, count: places.count) }
      }
      if case .map = source.type {
        return source.children.map { gatherOrNull($0, places) }
      }
      let picked = gatherOrNull(first, places)
      guard case .row = first.type, fields.count == first.type.childTypes.count else {
        return [picked]
      }
      let flat = picked.flattened()
      return flat.children.map { child in
        guard let validity = flat.validity else { return child }
        return child.withValidity(
          ValidityBitmap.make(count: child.count) { validity.isValid($0) && !child.isNull($0) }
        )
      }
    }
  }
}
