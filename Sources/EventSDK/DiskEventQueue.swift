internal import CZlib
import EventModel

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#endif

/// A queue in one append-only file, which survives `kill -9` at any byte.
///
/// The file `queue.log` is a row of frames, each one JSON text:
///
///     ┌───────────┬───────────┬──────────────────────────────┐
///     │ length    │ CRC-32    │ payload: `length` bytes      │
///     │ UInt32 LE │ UInt32 LE │ {"seq":17,"event":{…}}       │
///     └───────────┴───────────┴──────────────────────────────┘
///                               {"removed":[3,4,5]}
///                               {"next_seq":18}
///
/// Invariants:
/// - A frame is appended in one write. A frame that a crash cut off is the last one; opening drops it
///   and says so in `recovery`. Its event was never acknowledged to the app.
/// - Removing is appending: nothing is overwritten, so that no crash can damage a waiting event.
/// - When most of the file is dead, the waiting frames are copied to a new file that takes the old
///   one's place by `rename`. `next_seq` ends it, so that a seq is never used twice even where no
///   event is left to show it.
/// - Seqs ascend; a frame that breaks the order ends the valid part of the file.
/// - One process owns a directory, by a lock on the file `queue.lock`.
public final class DiskEventQueue: EventQueueStore {
  /// When bytes are forced to the disk; without it they survive the process but not a power cut.
  public enum SyncPolicy: Sendable {
    case never
    /// Before each request: a seq that a server has seen is never used again. The default.
    case beforeSend
    /// After each event: no event is lost by a power cut, at the price of a disk write for each.
    case everyEvent
  }

  /// What opening found and mended.
  public struct Recovery: Sendable, Hashable {
    /// Bytes cut off at the end of the file.
    public var tornBytes = 0
    public var waitingCount = 0

    public var isClean: Bool { tornBytes == 0 }
  }

  private struct Entry {
    var seq: Int64
    var offset: Int
    var length: Int
  }

  /// A payload larger than this is no event, but a damaged length.
  static let payloadBytesMax = 16 * 1_024 * 1_024
  private static let headerSize = 8

  public let recovery: Recovery
  public private(set) var nextSeq: Int64 = 0

  private let path: String
  private let directory: String
  private let syncPolicy: SyncPolicy
  private let compactionBytesMin: Int
  private var file: Int32
  private let lock: Int32
  private var size = 0
  private var liveBytes = 0
  private var isDirty = false
  private var entries: [Entry] = []

  /// Opens or makes the queue of a directory; creates the directory itself, not its parents.
  ///
  /// Throws `sdk.queue.locked` where another process has it and `sdk.queue.io` or
  /// `sdk.queue.diskFull` for what the system
  /// refuses.
  public init(
    directory: String,
    syncPolicy: SyncPolicy = .beforeSend,
    compactionBytesMin: Int = 256 * 1_024
  ) throws {
    self.directory = directory
    self.path = directory + "/queue.log"
    self.syncPolicy = syncPolicy
    self.compactionBytesMin = compactionBytesMin
    if mkdir(directory, 0o700) != 0, errno != EEXIST {
      throw EventSDKError.io("make the directory", directory)
    }
    lock = open(directory + "/queue.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard lock >= 0 else { throw EventSDKError.io("open the lock", directory) }
    guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
      close(lock)
      throw EventSDKError(
        code: "sdk.queue.locked",
        message: "another process has this queue open",
        place: directory,
        advice: "Close it, or give this client a directory of its own."
      )
    }
    file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard file >= 0 else {
      close(lock)
      throw EventSDKError.io("open the queue", path)
    }
    do {
      let bytes = try Self.readAll(file, path)
      let replay = Replay(bytes)
      entries = replay.events.map { Entry(seq: $0.seq, offset: $0.offset, length: $0.length) }
      nextSeq = replay.nextSeq
      size = replay.validBytes
      liveBytes = entries.reduce(0) { $0 + $1.length + Self.headerSize }
      recovery = Recovery(
        tornBytes: bytes.count - replay.validBytes,
        waitingCount: replay.events.count
      )
      if !recovery.isClean, ftruncate(file, off_t(size)) != 0 {
        throw EventSDKError.io("cut off the torn end of", path)
      }
    } catch {
      close(file)
      close(lock)
      throw error
    }
  }

  deinit {
    close(file)
    close(lock)
  }

  public var waitingSeqs: [Int64] { entries.map(\.seq) }

  public func append(_ event: QueuedEvent) throws {
    guard event.seq >= nextSeq else { throw EventSDKError.seqUsed(event.seq, nextSeq: nextSeq) }
    var payload = Array("{\"seq\":\(event.seq),\"event\":".utf8)
    payload.append(contentsOf: event.json)
    payload.append(0x7D)
    guard payload.count <= Self.payloadBytesMax else {
      throw EventSDKError(
        code: "sdk.queue.tooLarge",
        message: "an event of \(event.json.count) bytes is too large"
      )
    }
    let offset = size
    try write(payload)
    nextSeq = event.seq + 1
    entries.append(
      Entry(seq: event.seq, offset: offset + Self.headerSize, length: payload.count)
    )
    liveBytes += payload.count + Self.headerSize
    if syncPolicy == .everyEvent { try sync() }
  }

  public func remove(_ seqs: [Int64]) throws {
    let gone = Set(seqs)
    let removed = entries.filter { gone.contains($0.seq) }
    guard !removed.isEmpty else { return }
    let list = removed.map { String($0.seq) }.joined(separator: ",")
    try write(Array("{\"removed\":[\(list)]}".utf8))
    entries.removeAll { gone.contains($0.seq) }
    liveBytes -= removed.reduce(0) { $0 + $1.length + Self.headerSize }
    if size >= compactionBytesMin, liveBytes * 2 < size { try compact() }
  }

  public func json(of seq: Int64) throws -> [UInt8] {
    var low = 0
    var high = entries.count
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].seq < seq { low = middle + 1 } else { high = middle }
    }
    guard low < entries.count, entries[low].seq == seq else { throw EventSDKError.missing(seq) }
    let entry = entries[low]
    let payload = try payload(of: entry)
    guard let event = Replay.eventRange(payload) else {
      throw EventSDKError(
        code: "sdk.queue.damaged",
        message: "the event with seq \(seq) is not what was written",
        place: path,
        advice: "Check the disk; the queue drops the event when it is opened again."
      )
    }
    return Array(payload[event])
  }

  public func prepareToSend() throws {
    if syncPolicy != .never { try sync() }
  }

  /// Forces what was appended to the disk; does nothing where nothing was.
  public func sync() throws {
    guard isDirty else { return }
    guard fsync(file) == 0 else { throw EventSDKError.io("sync", path) }
    isDirty = false
  }

  // MARK: - Bytes

  private func write(_ payload: [UInt8]) throws {
    let frame = Self.frame(payload)
    do {
      try Self.writeAll(frame, to: file, at: size, path)
    } catch {
      // A half-written frame must not stand before the next one.
      ftruncate(file, off_t(size))
      throw error
    }
    size += frame.count
    isDirty = true
  }

  private static func frame(_ payload: [UInt8]) -> [UInt8] {
    var frame: [UInt8] = []
    frame.reserveCapacity(payload.count + headerSize)
    for word in [UInt32(payload.count), Replay.checksum(payload[...])] {
      for shift in [0, 8, 16, 24] as [UInt32] {
        frame.append(UInt8(truncatingIfNeeded: word >> shift))
      }
    }
    frame.append(contentsOf: payload)
    return frame
  }

  private func payload(of entry: Entry) throws -> [UInt8] {
    var failed = false
    let payload = [UInt8](unsafeUninitializedCapacity: entry.length) { buffer, count in
      let read = pread(file, buffer.baseAddress, entry.length, off_t(entry.offset))
      failed = read != entry.length
      count = failed ? 0 : entry.length
    }
    if failed { throw EventSDKError.io("read", path) }
    return payload
  }

  /// Copies what waits to a new file and puts it in the old one's place.
  private func compact() throws {
    let fresh = path + ".new"
    var bytes: [UInt8] = []
    var moved: [Entry] = []
    for entry in entries {
      let payload = try payload(of: entry)
      moved.append(
        Entry(seq: entry.seq, offset: bytes.count + Self.headerSize, length: entry.length)
      )
      bytes.append(contentsOf: Self.frame(payload))
    }
    bytes.append(contentsOf: Self.frame(Array("{\"next_seq\":\(nextSeq)}".utf8)))
    let target = open(fresh, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard target >= 0 else { throw EventSDKError.io("make", fresh) }
    do {
      try Self.writeAll(bytes, to: target, at: 0, fresh)
      guard fsync(target) == 0, rename(fresh, path) == 0 else {
        throw EventSDKError.io("replace", path)
      }
    } catch {
      close(target)
      throw error
    }
    close(file)
    file = target
    (entries, size, isDirty) = (moved, bytes.count, false)
    liveBytes = entries.reduce(0) { $0 + $1.length + Self.headerSize }
    let parent = open(directory, O_RDONLY | O_CLOEXEC)
    if parent >= 0 {
      fsync(parent)
      close(parent)
    }
  }

  private static func writeAll(
    _ bytes: [UInt8],
    to file: Int32,
    at start: Int,
    _ path: String
  ) throws {
    try bytes.withUnsafeBytes { buffer in
      var written = 0
      while written < buffer.count {
        let rest = UnsafeRawBufferPointer(rebasing: buffer[written...])
        let count = pwrite(file, rest.baseAddress, rest.count, off_t(start + written))
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { throw EventSDKError.io("write", path) }
        written += count
      }
    }
  }

  private static func readAll(_ file: Int32, _ path: String) throws -> [UInt8] {
    let end = lseek(file, 0, SEEK_END)
    guard end >= 0 else { throw EventSDKError.io("read", path) }
    var failed = false
    let bytes = [UInt8](unsafeUninitializedCapacity: Int(end)) { buffer, count in
      count = 0
      while count < Int(end) {
        let read = pread(
          file,
          buffer.baseAddress?.advanced(by: count),
          Int(end) - count,
          off_t(count)
        )
        if read < 0, errno == EINTR { continue }
        if read <= 0 {
          failed = read < 0
          break
        }
        count += read
      }
    }
    if failed { throw EventSDKError.io("read", path) }
    return bytes
  }
}

/// What a queue file says, read from its first byte to its last whole frame.
struct Replay {
  var events: [(seq: Int64, offset: Int, length: Int)] = []
  var nextSeq: Int64 = 0
  /// The end of the last whole frame; what follows was torn off by a crash.
  var validBytes = 0

  init(_ bytes: [UInt8]) {
    var removed: Set<Int64> = []
    while let payload = Self.payload(in: bytes, at: validBytes),
      apply(bytes, payload, &removed)
    {
      validBytes = payload.upperBound
    }
    if !removed.isEmpty { events.removeAll { removed.contains($0.seq) } }
  }

  static func checksum(_ payload: ArraySlice<UInt8>) -> UInt32 {
    payload.withUnsafeBufferPointer { buffer in
      UInt32(truncatingIfNeeded: crc32(0, buffer.baseAddress, UInt32(buffer.count)))
    }
  }

  /// The bytes of the event inside a payload; nil for another kind of payload.
  static func eventRange(_ payload: [UInt8]) -> Range<Int>? {
    payload.withUnsafeBytes { bytes in
      var scanner = JSONObjectScanner()
      guard (try? scanner.scan(bytes, in: 0..<bytes.count)) != nil,
        let event = scanner.index(of: "event", in: bytes)
      else { return nil }
      return scanner.members[event].value
    }
  }

  private static func payload(in bytes: [UInt8], at start: Int) -> Range<Int>? {
    guard bytes.count - start > 8 else { return nil }
    func word(_ offset: Int) -> UInt32 {
      (0..<4).reduce(0) { $0 | UInt32(bytes[offset + $1]) << UInt32(8 * $1) }
    }
    let length = Int(word(start))
    guard length > 0, length <= DiskEventQueue.payloadBytesMax, length <= bytes.count - start - 8
    else { return nil }
    let payload = (start + 8)..<(start + 8 + length)
    guard checksum(bytes[payload]) == word(start + 4) else { return nil }
    return payload
  }

  /// False where the payload is whole, but none that this version writes.
  private mutating func apply(
    _ bytes: [UInt8],
    _ payload: Range<Int>,
    _ removed: inout Set<Int64>
  ) -> Bool {
    bytes.withUnsafeBytes { bytes in
      var scanner = JSONObjectScanner()
      guard (try? scanner.scan(bytes, in: payload)) != nil else { return false }
      func integer(_ key: StaticString) -> Int64? {
        scanner.index(of: key, in: bytes).flatMap {
          JSONObjectScanner.integer(bytes, scanner.members[$0])
        }
      }
      if let seq = integer("seq"), seq >= nextSeq, seq < .max {
        events.append((seq, payload.lowerBound, payload.count))
        nextSeq = seq + 1
      } else if let next = integer("next_seq") {
        nextSeq = max(nextSeq, next)
      } else if let index = scanner.index(of: "removed", in: bytes),
        let list = try? JSONValue(
          parsing: UnsafeRawBufferPointer(rebasing: bytes[scanner.members[index].value])
        ).array
      {
        removed.formUnion(list.compactMap(\.integer))
      } else {
        return false
      }
      return true
    }
  }
}

extension EventSDKError {
  /// What the system refused, with its reason.
  static func io(_ action: String, _ path: String) -> EventSDKError {
    let number = errno
    let reason = String(cString: strerror(number))
    return EventSDKError(
      code: number == ENOSPC || number == EDQUOT ? "sdk.queue.diskFull" : "sdk.queue.io",
      message: "could not \(action): \(reason)",
      place: path,
      advice: "Check that the directory can be written and that the disk has room."
    )
  }
}
