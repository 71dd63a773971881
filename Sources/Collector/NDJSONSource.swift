// Lines out of a file, a gzip file or a pipe, in bounded memory: the reading half of `collect FILE`.
//
//     descriptor ─▶ [unpack] ─▶ lines ─▶ batches of at most 500 lines and 900 KiB
//
// A line beyond `lineBytesMax` is cut there: the collector refuses it for its size anyway, and a line
// of 50 MB must not need 50 MB.

internal import Codecs

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Reads batches of lines; belongs to one thread.
package final class NDJSONSource {
  /// Some whole lines, each ended by a newline.
  package struct Batch: Sendable {
    package var bytes: [UInt8] = []
    /// The number in the file of the first line, from 1.
    package var firstLine: Int
    package var lineCount = 0
  }

  /// Lines that a batch has at most; a collector takes as many in one request.
  package static let linesMax = 500
  /// Bytes of whole lines in a batch: below what a collector takes as one body.
  package static let batchBytesMax = 900 << 10
  /// What is kept of a line: more than any event may have.
  package static let lineBytesMax = 64 << 10

  /// What the caller calls the input in errors.
  package let name: String
  /// Lines begun so far.
  package private(set) var linesRead = 0
  /// Bytes taken from the descriptor so far.
  package private(set) var bytesRead: Int64 = 0
  /// Bytes that the file has; nil for a pipe.
  package let bytesTotal: Int64?

  private let descriptor: Int32
  private let ownsDescriptor: Bool
  private var inflater: GzipInflater?
  private var current: Batch
  private var ready: [Batch] = []
  private var lineBytes = 0
  private var isInLine = false
  private var ended = false
  private var failure: CollectorError?
  private let input = UnsafeMutableRawBufferPointer.allocate(
    byteCount: 256 << 10,
    alignment: 16
  )

  /// Opens a file; `-` is the standard input.
  ///
  /// Throws `collector.file_not_found`, `file_is_directory` or `file_unreadable`.
  package convenience init(path: String) throws {
    if path == "-" {
      self.init(descriptor: 0, name: "standard input")
      return
    }
    var status = stat()
    guard stat(path, &status) == 0 else {
      throw CollectorError(
        errno == ENOENT || errno == ENOTDIR ? .fileNotFound : .fileUnreadable,
        errno == ENOENT || errno == ENOTDIR
          ? "there is no file of this name" : "the file cannot be looked at: \(Self.reason)",
        place: path,
        advice: "Check the path; `-` reads the standard input.",
        fields: ["path": path]
      )
    }
    guard status.st_mode & S_IFMT != S_IFDIR else {
      throw CollectorError(
        .fileIsDirectory,
        "this is a directory, and one file of lines is needed",
        place: path,
        advice: "Name a file in it.",
        fields: ["path": path]
      )
    }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw CollectorError(
        .fileUnreadable,
        "the file cannot be opened: \(Self.reason)",
        place: path,
        advice: "Check its permissions.",
        fields: ["path": path]
      )
    }
    let isRegular = status.st_mode & S_IFMT == S_IFREG
    self.init(
      descriptor: descriptor,
      name: path,
      ownsDescriptor: true,
      bytesTotal: isRegular ? Int64(status.st_size) : nil
    )
  }

  /// Reads an open descriptor, which stays the caller's to close.
  package convenience init(descriptor: Int32, name: String) {
    self.init(descriptor: descriptor, name: name, ownsDescriptor: false, bytesTotal: nil)
  }

  private init(descriptor: Int32, name: String, ownsDescriptor: Bool, bytesTotal: Int64?) {
    self.descriptor = descriptor
    self.name = name
    self.ownsDescriptor = ownsDescriptor
    self.bytesTotal = bytesTotal
    current = Batch(firstLine: 1)
  }

  deinit {
    input.deallocate()
    if ownsDescriptor { close(descriptor) }
  }

  /// The next batch; nil at the end.
  ///
  /// Throws where the input breaks: after the batches before the break were handed out, with the
  /// number of the line it broke in.
  package func next() throws -> Batch? {
    while ready.isEmpty {
      if let failure { throw failure }
      if ended { return nil }
      do {
        try fill()
      } catch let error as CollectorError {
        failure = error
        dropUnfinishedLine()
        seal()
      }
    }
    return ready.removeFirst()
  }

  // MARK: - Reading

  private func fill() throws {
    // A piece of gzip may unpack to a thousand times its size, and all of that waits in `ready`.
    let wanted = inflater == nil && bytesRead > 0 ? input.count : 16 << 10
    var count = read(descriptor, input.baseAddress, wanted)
    while count < 0, errno == EINTR { count = read(descriptor, input.baseAddress, wanted) }
    guard count >= 0 else {
      throw CollectorError(
        .fileUnreadable,
        "reading failed: \(Self.reason)",
        place: "\(name), line \(linesRead + 1)"
      )
    }
    guard count > 0 else { return try finish() }
    let piece = UnsafeRawBufferPointer(rebasing: input[0..<count])
    if bytesRead == 0 { try recognise(piece) }
    bytesRead += Int64(count)
    guard let inflater else { return take(piece.bindMemory(to: UInt8.self)) }
    do {
      var isFirst = linesRead == 0 && !isInLine
      try inflater.inflate(piece.bindMemory(to: UInt8.self)) { plain in
        if isFirst { try recogniseText(UnsafeRawBufferPointer(plain)) }
        isFirst = false
        take(plain)
      }
    } catch is CodecsError {
      throw CollectorError(
        .fileCorrupt,
        "the gzip data is damaged in line \(lineInWork)",
        place: "\(name), line \(lineInWork)",
        advice: "The lines before it were taken; get the file again.",
        fields: ["line": String(lineInWork)]
      )
    }
  }

  private var lineInWork: Int { isInLine ? linesRead : linesRead + 1 }

  private func finish() throws {
    ended = true
    if let inflater, !inflater.isAtMemberEnd {
      throw CollectorError(
        .fileTruncated,
        "the gzip file ends too early, in line \(lineInWork)",
        place: "\(name), line \(lineInWork)",
        advice: "The lines before it were taken; get the file again.",
        fields: ["line": String(lineInWork)]
      )
    }
    if isInLine { endLine() }
    seal()
  }

  private func recognise(_ head: UnsafeRawBufferPointer) throws {
    if head.starts(with: [0x1F, 0x8B]) || (head.count == 1 && head[0] == 0x1F) {
      do {
        inflater = try GzipInflater()
      } catch {
        throw notText("it is gzip, and zlib cannot be started")
      }
      return
    }
    if head.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) { throw notText("it is zstd-compressed") }
    if head.starts(with: [0x50, 0x4B, 0x03, 0x04]) { throw notText("it is a zip archive") }
    if head.starts(with: Array("PAR1".utf8)) { throw notText("it is a Parquet file") }
    try recogniseText(head)
  }

  private func recogniseText(_ head: UnsafeRawBufferPointer) throws {
    if head.starts(with: [0xFF, 0xFE]) || head.starts(with: [0xFE, 0xFF]) {
      throw notText("it is UTF-16")
    }
    if head.prefix(4_096).contains(0) { throw notText("it holds zero bytes") }
  }

  private func notText(_ what: String) -> CollectorError {
    CollectorError(
      .fileNotText,
      "this is not UTF-8 text: \(what)",
      place: name,
      advice: "Give a file of one JSON object a line, plain or gzip.",
      fields: ["path": name]
    )
  }

  private static var reason: String { String(cString: strerror(errno)) }

  // MARK: - Lines and batches

  private func take(_ plain: UnsafeBufferPointer<UInt8>) {
    var index = 0
    while index < plain.count {
      let end = firstIndex(of: 0x0A, in: UnsafeRawBufferPointer(plain), from: index)
      if end > index { append(UnsafeBufferPointer(rebasing: plain[index..<end])) }
      if end < plain.count { endLine() }
      index = end + 1
    }
  }

  private func append(_ part: UnsafeBufferPointer<UInt8>) {
    if !isInLine { beginLine() }
    let room = max(0, Self.lineBytesMax - lineBytes)
    current.bytes.append(contentsOf: part.prefix(room))
    lineBytes += min(room, part.count)
  }

  private func beginLine() {
    if current.lineCount >= Self.linesMax
      || current.bytes.count > Self.batchBytesMax - Self.lineBytesMax
    {
      seal()
    }
    linesRead += 1
    isInLine = true
    lineBytes = 0
  }

  private func endLine() {
    if !isInLine { beginLine() }
    current.bytes.append(0x0A)
    current.lineCount += 1
    isInLine = false
  }

  private func dropUnfinishedLine() {
    guard isInLine else { return }
    current.bytes.removeLast(lineBytes)
    isInLine = false
    linesRead -= 1
  }

  private func seal() {
    if current.lineCount > 0 { ready.append(current) }
    current = Batch(firstLine: linesRead + 1)
  }
}
