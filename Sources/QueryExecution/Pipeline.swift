// The three shapes of a physical operator, and how they make a pipeline.
//
// 1. A `MorselSource` deals out numbered morsels: a table's splits, a breaker's batches, what an
//    exchange receives. Any thread opens any of them.
// 2. A `TransformExec` turns a batch into some batches: filter, projection, join probe, unnest. Each
//    thread has a worker of its own.
// 3. A `SinkExec` takes all batches and then is a source itself: aggregation, sort, join build.
//
// A `Pipeline` is some feeds (source and transforms) into one sink. `PipelineRunner` drives it on the
// query's threads; batches carry their position, so that sinks restore the input's order.

import Columnar
import Connector

/// Where a batch stands among all that flow into a sink: by feed, then morsel, then sequence.
struct BatchPosition: Comparable, Sendable {
  var feed: Int
  var morsel: Int
  /// Batches of the morsel that came before.
  var sequence: Int

  static func < (left: BatchPosition, right: BatchPosition) -> Bool {
    (left.feed, left.morsel, left.sequence) < (right.feed, right.morsel, right.sequence)
  }
}

/// Deals out the rows of a scan, a breaker or an exchange in numbered pieces.
protocol MorselSource: AnyObject, Sendable {
  /// Called once before any morsel is opened, after what the pipeline waits for has finished.
  func start() throws
  /// Opens a morsel on the calling thread; nil where there is none of that number. May block until
  /// it is known. Numbers are asked for in ascending order, several at a time.
  func open(morsel number: Int) throws -> (any BatchReader)?
}

/// An operator that gives some batches for each one it takes.
protocol TransformExec: AnyObject, Sendable {
  func makeWorker() throws -> any TransformWorker
}

/// One thread's part of a transform.
protocol TransformWorker: AnyObject {
  /// Gives what becomes of one batch, in order; empty batches are dropped on the way.
  func process(
    _ batch: ColumnarBatch,
    at position: BatchPosition,
    _ emit: (ColumnarBatch) throws -> Void
  ) throws
}

/// An operator that takes all batches before it gives any.
protocol SinkExec: AnyObject, Sendable {
  /// How morsels are dealt out. Nil: to any thread as it becomes free. Else morsel `m` belongs to
  /// lane `m % laneCount`, and a lane takes its morsels in order, whatever the number of threads:
  /// for states that depend on the order in which rows come.
  var laneCount: Int? { get }
  /// The consumer of a lane, or of a thread where there are no lanes; the same one for all feeds.
  func consumer(_ number: Int) throws -> any SinkConsumer
  /// All batches of this morsel have been consumed.
  func finishMorsel(feed: Int, morsel: Int)
  /// No further batch can change the result.
  var isSatisfied: Bool { get }
  /// Called once after the last batch, on one thread.
  func finish(_ team: WorkerTeam) throws
  /// The most that its state held, in bytes.
  var peakMemoryBytes: Int { get }
  /// The query has failed: gives up what cannot be undone later.
  func abandon()
}

extension SinkExec {
  var laneCount: Int? { nil }
  func finishMorsel(feed: Int, morsel: Int) {}
  var isSatisfied: Bool { false }
  var peakMemoryBytes: Int { 0 }
  func abandon() {}
}

/// Takes the batches of one lane or thread.
protocol SinkConsumer: AnyObject {
  func consume(_ batch: ColumnarBatch, at position: BatchPosition) throws
}

/// A source with the transforms over it, each with the number of its plan node.
struct Feed: Sendable {
  var source: any MorselSource
  var sourceNode: Int
  var transforms: [(node: Int, exec: any TransformExec)] = []

  func adding(_ exec: any TransformExec, node: Int) -> Feed {
    var copy = self
    copy.transforms.append((node, exec))
    return copy
  }
}

/// Some feeds, one after the other, into one sink.
struct Pipeline: Sendable {
  var feeds: [Feed]
  var sink: any SinkExec
  var sinkNode: Int
}

/// Batches in memory, each a morsel: values, and what breakers give.
final class BatchListSource: MorselSource {
  private let batches: SharedBatches

  init(_ batches: SharedBatches) { self.batches = batches }

  convenience init(_ batches: [ColumnarBatch]) {
    let shared = SharedBatches()
    shared.set(batches)
    self.init(shared)
  }

  func start() throws {}

  func open(morsel number: Int) throws -> (any BatchReader)? {
    batches.batch(number).map { ArrayBatchReader([$0]) }
  }
}
