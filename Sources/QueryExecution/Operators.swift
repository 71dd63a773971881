// The three shapes of a physical operator, and how they make a pipeline.
//
// 1. A `SourceExec` gives batches: a scan, values, what a breaker has gathered.
// 2. A `TransformExec` takes one batch and gives at most one: filter, projection, limit, join
//    probe.
// 3. A `SinkExec` takes all batches and then is a source itself: aggregation, sort, join build.
//
// All run on the calling thread, a batch at a time; the scheduler that spreads pipelines over
// threads will drive the same three protocols.

public import Columnar

/// An operator that gives batches when asked: a scan, values, a pipeline, a join.
public protocol SourceExec: AnyObject {
  var schema: Schema { get }
  /// The next batch, never empty; nil at the end.
  func next() throws -> ColumnarBatch?
}

/// An operator that takes one batch and gives at most one: filter, projection, limit.
public protocol TransformExec: AnyObject {
  /// The output's schema.
  var schema: Schema { get }
  /// Nil where no row is left of the batch.
  func process(_ batch: ColumnarBatch) throws -> ColumnarBatch?
  /// No further batch can add a row: the pipeline may stop reading.
  var isFinished: Bool { get }
}

extension TransformExec {
  public var isFinished: Bool { false }
}

/// An operator that takes all batches before it gives any: aggregation, sort.
public protocol SinkExec: AnyObject {
  func consume(_ batch: ColumnarBatch) throws
  /// Called once, after the last batch.
  func finish() throws -> any SourceExec
}

/// A source with a transform on top.
public final class PipelineExec: SourceExec {
  private let input: any SourceExec
  private let transform: any TransformExec
  private let context: ExecutionContext

  public init(_ input: any SourceExec, _ transform: any TransformExec, _ context: ExecutionContext)
  {
    self.input = input
    self.transform = transform
    self.context = context
  }

  public var schema: Schema { transform.schema }

  public func next() throws -> ColumnarBatch? {
    while !transform.isFinished {
      try context.check()
      guard let batch = try input.next() else { return nil }
      if let result = try transform.process(batch), result.rowCount > 0 { return result }
    }
    return nil
  }
}

/// A pipeline's end: drains its input into a sink when the first batch is asked for.
public final class BreakerExec: SourceExec {
  public let schema: Schema
  private let input: any SourceExec
  private var sink: (any SinkExec)?
  private var result: (any SourceExec)?
  private let context: ExecutionContext

  public init(
    schema: Schema,
    _ input: any SourceExec,
    _ sink: any SinkExec,
    _ context: ExecutionContext
  ) {
    self.schema = schema
    self.input = input
    self.sink = sink
    self.context = context
  }

  public func next() throws -> ColumnarBatch? {
    if let sink {
      while let batch = try input.next() {
        try context.check()
        try sink.consume(batch)
      }
      result = try sink.finish()
      self.sink = nil
    }
    return try result?.next()
  }
}

/// Batches that are already in memory.
public final class ValuesExec: SourceExec {
  public let schema: Schema
  private var batches: ArraySlice<ColumnarBatch>

  public init(schema: Schema, _ batches: [ColumnarBatch]) {
    self.schema = schema
    self.batches = batches.filter { $0.rowCount > 0 }[...]
  }

  public func next() throws -> ColumnarBatch? { batches.popFirst() }
}

/// All rows of its inputs, one input after the other.
public final class UnionAllExec: SourceExec {
  public let schema: Schema
  private var inputs: ArraySlice<any SourceExec>

  public init(schema: Schema, _ inputs: [any SourceExec]) {
    self.schema = schema
    self.inputs = inputs[...]
  }

  public func next() throws -> ColumnarBatch? {
    while let input = inputs.first {
      if let batch = try input.next() {
        return ColumnarBatch(schema: schema, columns: batch.columns, rowCount: batch.rowCount)
      }
      inputs.removeFirst()
    }
    return nil
  }
}
