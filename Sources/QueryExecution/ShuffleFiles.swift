// Exchange streams on disk: a stage's tasks write files, the next stage's tasks read them.
//
// ```
// <directory>/<task>-<reader>     frames: length u32, then a batch as `BatchCoding` has it
// ```

import Columnar
import Foundation
import Synchronization

/// The shuffle files of one exchange input; removed with this object.
///
/// `@unchecked Sendable`: a task's writers are used by that task's thread alone, a reader's place by
/// that reader's; the stages come one after the other.
final class ShuffleFiles: ExchangeStreams, @unchecked Sendable {
  private let directory: String
  private let schema: Schema
  private let taskCount: Int
  private var writers: [[FrameWriter]]
  private var readers: [(task: Int, handle: FileHandle?)]
  private let isClosed = Atomic<Bool>(false)

  /// Makes the directory; throws `shuffleFailed`.
  init(directory: String, schema: Schema, taskCount: Int, readerCount: Int) throws {
    self.directory = directory
    self.schema = schema
    self.taskCount = taskCount
    do {
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    } catch {
      throw QueryExecutionError.shuffleFailed("\(directory): \(error.localizedDescription)")
    }
    writers = (0..<taskCount).map { task in
      (0..<readerCount).map { FrameWriter(path: "\(directory)/\(task)-\($0)") }
    }
    readers = (0..<readerCount).map { _ in (-1, nil) }
  }

  deinit { try? FileManager.default.removeItem(atPath: directory) }

  func write(_ batch: ColumnarBatch, from task: Int, to reader: Int) throws {
    guard !isClosed.load(ordering: .relaxed) else { throw QueryExecutionError.cancelled }
    try writers[task][reader].write(BatchCoding.encode(batch))
  }

  func finish(_ task: Int) throws { for writer in writers[task] { try writer.close() } }

  func read(_ reader: Int) throws -> ColumnarBatch? {
    while true {
      if let handle = readers[reader].handle, let frame = try Self.frame(handle) {
        return try BatchCoding.decode(frame, schema: schema)
      }
      readers[reader].task += 1
      let task = readers[reader].task
      guard task < taskCount else { return nil }
      // A task that had no rows for this reader has made no file.
      readers[reader].handle = FileHandle(forReadingAtPath: "\(directory)/\(task)-\(reader)")
    }
  }

  private static func frame(_ handle: FileHandle) throws -> [UInt8]? {
    do {
      guard let head = try handle.read(upToCount: 4), head.count == 4 else { return nil }
      let length = head.reversed().reduce(0) { $0 << 8 | Int($1) }
      guard let body = try handle.read(upToCount: length), body.count == length else {
        throw QueryExecutionError.shuffleFailed("A shuffle file ends too early")
      }
      return [UInt8](body)
    } catch let error as QueryExecutionError {
      throw error
    } catch {
      throw QueryExecutionError.shuffleFailed(error.localizedDescription)
    }
  }

  func finishReading(_ reader: Int) {}

  func close() { isClosed.store(true, ordering: .relaxed) }
}

/// Appends frames to one file, some at a time; the file is made with its first frame.
private final class FrameWriter {
  private let path: String
  private var handle: FileHandle?
  private var waiting = Data()
  private let bytesMax = 1 << 20

  init(path: String) { self.path = path }

  func write(_ frame: [UInt8]) throws {
    withUnsafeBytes(of: UInt32(truncatingIfNeeded: frame.count).littleEndian) {
      waiting.append(contentsOf: $0)
    }
    waiting.append(contentsOf: frame)
    if waiting.count >= bytesMax { try flush() }
  }

  private func flush() throws {
    guard !waiting.isEmpty else { return }
    if handle == nil {
      _ = FileManager.default.createFile(atPath: path, contents: nil)
      handle = FileHandle(forWritingAtPath: path)
    }
    guard let handle else { throw QueryExecutionError.shuffleFailed("\(path) cannot be written") }
    do {
      try handle.write(contentsOf: waiting)
    } catch {
      throw QueryExecutionError.shuffleFailed("\(path): \(error.localizedDescription)")
    }
    waiting.removeAll(keepingCapacity: true)
  }

  func close() throws {
    try flush()
    try handle?.close()
  }
}
