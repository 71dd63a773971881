#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#endif

/// How far a world has come: the last clock step, and each answer that a phone has heard since.
///
///     "TLWORLD2" seed start now │ count, exceptional answers │ checksum │ answers since `now` …
///     └──────────── written whole at each checkpoint, by rename ──────┘ └ appended, one write each ┘
///
/// An answer is `status`, the seconds it asks to wait and the refused indices. Appending one does not wait for the disk: it
/// survives `kill -9`. After a crash, the world is played again from `now`, and the answers in the
/// file stand in for the server, so that no acknowledged request is sent a second time.
final class ProgressFile {
  /// An answer that the world cannot guess: anything but 200 with nothing refused.
  struct Exception {
    var time: Int64
    var phone: Int
    /// The requests that the phone had made at this moment before.
    var attempt = 0
    /// The planned start of the session from which the phone must be played again.
    var chainStart: Int64
    var response: PhoneResponse

    /// No answer at all: a phone that must be played again from that session because of what it left.
    static func mark(_ phone: Int, chainStart: Int64) -> Exception {
      Exception(
        time: .min, phone: phone, chainStart: chainStart, response: PhoneResponse(status: 200))
    }

    var isMark: Bool { time == .min }
  }

  struct Contents {
    var now: Int64
    var exceptions: [Exception]
    var answers: [PhoneResponse]
  }

  private static let magic: Int64 = 0x3244_4C52_4F57_4C54  // "TLWORLD2"
  /// What the program before this one wrote.
  private static let oldMagic: Int64 = 0x3144_4C52_4F57_4C54  // "TLWORLD1"
  private let path: String
  private let seed: UInt64
  private let start: Int64
  private var file: Int32 = -1
  private var size = 0
  /// Answers that are not in the file yet.
  private var held: [UInt8] = []

  init(path: String, seed: UInt64, start: Int64) {
    self.path = path
    self.seed = seed
    self.start = start
  }

  deinit {
    if file >= 0 { close(file) }
  }

  /// Opens the file; nil where there is none yet. Throws for a file of another world, and for one
  /// that is damaged.
  func load() throws -> Contents? {
    file = open(path, O_RDWR | O_CLOEXEC)
    guard file >= 0 else {
      if errno == ENOENT { return nil }
      throw failure("open")
    }
    let bytes = try readAll()
    var reader = WordReader(bytes)
    let magic = reader.next()
    guard magic != Self.oldMagic else {
      throw WorldError(
        "progress.old", "this world was begun by an earlier Tapline, whose phones were others",
        place: path,
        advice: "Begin anew: TAPLINE_HOME=~/.tapline-new ./tapline. The old home stays as it is.")
    }
    guard magic == Self.magic, let seed = reader.next(), let start = reader.next(),
      let now = reader.next(), let count = reader.next(), count >= 0, count <= bytes.count
    else { throw damaged() }
    guard UInt64(bitPattern: seed) == self.seed, start == self.start else {
      throw WorldError(
        "progress.other",
        "the progress file belongs to another world",
        place: path,
        advice: "Give each world a directory of its own."
      )
    }
    var exceptions: [Exception] = []
    for _ in 0..<count {
      guard let time = reader.next(), let phone = reader.next(), let chain = reader.next(),
        let response = reader.nextResponse()
      else { throw damaged() }
      exceptions.append(
        Exception(
          time: time, phone: Int(phone & 0xFFFF_FFFF), attempt: Int(phone >> 32),
          chainStart: chain, response: response)
      )
    }
    let sum = Self.checksum(bytes[0..<reader.offset])
    guard reader.next() == sum else { throw damaged() }
    var answers: [PhoneResponse] = []
    size = reader.offset
    // The last answer may be cut off by a crash; then it was not acknowledged.
    while let response = reader.nextResponse() {
      answers.append(response)
      size = reader.offset
    }
    return Contents(now: now, exceptions: exceptions, answers: answers)
  }

  /// Appends one answer, after those that are held or could not be written before.
  ///
  /// Answers are told apart by their order alone: one that a full disk keeps out of the file must
  /// stand before the next.
  func append(_ response: PhoneResponse) throws {
    Self.append(response, to: &held)
    try write(held, to: file, at: size)
    size += held.count
    held.removeAll(keepingCapacity: true)
  }

  /// Starts anew from `now`, forced to the disk.
  func checkpoint(now: Int64, exceptions: [Exception]) throws {
    var bytes: [UInt8] = []
    for word in [Self.magic, Int64(bitPattern: seed), start, now, Int64(exceptions.count)] {
      Self.append(word, to: &bytes)
    }
    for exception in exceptions {
      Self.append(exception.time, to: &bytes)
      // Most often the first and only request of a moment: one word for both.
      Self.append(Int64(exception.phone) | Int64(exception.attempt) << 32, to: &bytes)
      Self.append(exception.chainStart, to: &bytes)
      Self.append(exception.response, to: &bytes)
    }
    Self.append(Self.checksum(bytes[...]), to: &bytes)
    let fresh = path + ".new"
    let target = open(fresh, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard target >= 0 else { throw failure("create") }
    do {
      try write(bytes, to: target, at: 0)
      guard fsync(target) == 0, rename(fresh, path) == 0 else { throw failure("replace") }
    } catch {
      close(target)
      throw error
    }
    if file >= 0 { close(file) }
    file = target
    size = bytes.count
    held.removeAll(keepingCapacity: true)
  }

  // MARK: - Bytes

  private static func append(_ word: Int64, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: word.littleEndian) { bytes.append(contentsOf: $0) }
  }

  /// Status, seconds to wait plus one (0 for none) and count as UInt16, then the indices as UInt16,
  /// least byte first, and a check byte.
  private static func append(_ response: PhoneResponse, to bytes: inout [UInt8]) {
    let refused = response.refused.filter { (0...0xFFFF).contains($0) }.prefix(0xFFFF)
    var check: UInt8 = 0xA5
    let wait = response.retryAfterSeconds.map { min(max($0, 0), 0xFFFE) + 1 } ?? 0
    for number in [response.status, wait, refused.count] + refused {
      let number = UInt16(truncatingIfNeeded: number)
      bytes.append(UInt8(truncatingIfNeeded: number))
      bytes.append(UInt8(truncatingIfNeeded: number >> 8))
      check ^= UInt8(truncatingIfNeeded: number) &+ UInt8(truncatingIfNeeded: number >> 8) &* 31
    }
    bytes.append(check)
  }

  private static func checksum(_ bytes: ArraySlice<UInt8>) -> Int64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    return Int64(bitPattern: hash)
  }

  private func write(_ bytes: [UInt8], to file: Int32, at start: Int) throws {
    try bytes.withUnsafeBytes { buffer in
      var written = 0
      while written < buffer.count {
        let count = pwrite(
          file,
          buffer.baseAddress?.advanced(by: written),
          buffer.count - written,
          off_t(start + written)
        )
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { throw failure("write") }
        written += count
      }
    }
  }

  private func readAll() throws -> [UInt8] {
    let end = Int(lseek(file, 0, SEEK_END))
    guard end >= 0 else { throw failure("read") }
    var bytes = [UInt8](repeating: 0, count: end)
    var position = 0
    while position < end {
      let count = bytes.withUnsafeMutableBytes {
        pread(file, $0.baseAddress?.advanced(by: position), end - position, off_t(position))
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw failure("read") }
      position += count
    }
    return bytes
  }

  private func failure(_ action: String) -> WorldError {
    let code = errno
    let message = "could not \(action) the progress file: \(String(cString: strerror(code)))"
    guard code == ENOSPC || code == EDQUOT else {
      return WorldError("progress.io", message, place: path)
    }
    return WorldError(
      "diskFull",
      message,
      place: path,
      advice: "Free some space and repeat; nothing that was acknowledged is lost."
    )
  }

  private func damaged() -> WorldError {
    WorldError(
      "progress.damaged",
      "the progress file is not what was written",
      place: path,
      advice: "Restore the world from a fork, or start it anew."
    )
  }
}

/// Reads little-endian words and answers, and stops at the end.
private struct WordReader {
  private let bytes: [UInt8]
  private(set) var offset = 0

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  mutating func next() -> Int64? {
    guard offset + 8 <= bytes.count else { return nil }
    let word = bytes[offset..<(offset + 8)].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    offset += 8
    return Int64(bitPattern: word)
  }

  /// Nil for a cut-off or damaged answer, without moving.
  mutating func nextResponse() -> PhoneResponse? {
    guard let status = number(at: offset), let wait = number(at: offset + 2),
      let count = number(at: offset + 4)
    else { return nil }
    let end = offset + 6 + 2 * count
    guard end < bytes.count else { return nil }
    let refused = (0..<count).compactMap { number(at: offset + 6 + 2 * $0) }
    var check: UInt8 = 0xA5
    for position in stride(from: offset, to: end, by: 2) {
      check ^= bytes[position] &+ bytes[position + 1] &* 31
    }
    guard bytes[end] == check else { return nil }
    offset = end + 1
    return PhoneResponse(
      status: status, refused: refused, retryAfterSeconds: wait == 0 ? nil : wait - 1)
  }

  private func number(at position: Int) -> Int? {
    guard position + 2 <= bytes.count else { return nil }
    return Int(bytes[position]) | Int(bytes[position + 1]) << 8
  }
}
