// From a body's bytes to the events in it, as ranges. Nothing is validated here beyond the shape that
// tells where one event ends: a fault inside one event refuses that event, not its neighbours.

internal import Codecs
internal import EventModel

/// One event's place in a body.
struct EventPlace {
  var range: Range<Int>
  /// The line it stands on, from 1; nil outside of NDJSON.
  var line: Int?
}

/// A body cut into events.
struct RequestBody {
  var events: [EventPlace] = []
  /// The batch's `sent_at` token, quotes included; nil where the body has none.
  var sentAt: Range<Int>?

  /// The bytes of a request, unpacked within the limits.
  static func unpacked(
    _ request: CollectRequest,
    _ configuration: CollectorConfiguration
  ) throws(BodyFailure) -> [UInt8] {
    guard request.body.count <= configuration.bodyBytesMax else {
      throw tooLarge("the body has more than \(configuration.bodyBytesMax) bytes")
    }
    guard request.isGzip else { return request.body }
    do {
      return try Gzip.decompress(request.body, bytesMax: configuration.unpackedBytesMax)
    } catch let error as CodecsError where error.kind == .tooLarge {
      throw tooLarge(
        "the body unpacks to more than \(configuration.unpackedBytesMax) bytes"
      )
    } catch {
      throw BodyFailure(
        400,
        "broken_gzip",
        "the body is not whole gzip, and nothing of it was taken",
        advice: "Send the whole compressed body, or leave Content-Encoding out.",
        keepsBody: false
      )
    }
  }

  /// The bytes that a gzip body will need unpacked, as its last four bytes say; at most the limit.
  ///
  /// A client may write anything there. The unpacking stops at the limit, and so does this.
  static func unpackedEstimate(
    _ request: CollectRequest,
    _ configuration: CollectorConfiguration
  ) -> Int {
    min(configuration.unpackedBytesMax, Gzip.statedSize(of: request.body) ?? 0)
  }

  private static func tooLarge(_ message: String) -> BodyFailure {
    BodyFailure(413, "body_too_large", message, advice: "Send fewer events in one request.")
  }

  /// The events of a body.
  init(
    _ bytes: UnsafeRawBufferPointer,
    format: CollectRequest.Format,
    firstLine: Int,
    eventsMax: Int
  ) throws(BodyFailure) {
    let start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    guard bytes[start...].contains(where: { !isSpace($0) }) else {
      throw BodyFailure(
        400,
        "empty_body",
        "the body is empty",
        advice: "Send one event, an array of events, or one event a line."
      )
    }
    if format == .ndjson || Self.looksLikeLines(bytes, from: start) {
      cutLines(bytes, from: start, firstLine: firstLine)
    } else {
      try cutDocument(bytes, from: start)
    }
    guard events.count <= eventsMax else {
      throw BodyFailure(
        413,
        "too_many_events",
        "the body has \(events.count) events, more than \(eventsMax)",
        advice: "Send at most \(eventsMax) events in one request."
      )
    }
  }

  // MARK: - Lines

  private mutating func cutLines(
    _ bytes: UnsafeRawBufferPointer,
    from start: Int,
    firstLine: Int
  ) {
    var line = firstLine
    var index = start
    while index < bytes.count {
      let end = Self.endOfLine(bytes, from: index)
      var range = index..<end
      while let last = range.last, isSpace(bytes[last]) { range = range.lowerBound..<last }
      if !range.isEmpty { events.append(EventPlace(range: range, line: line)) }
      line &+= 1
      index = end + 1
    }
  }

  /// True where the first line is a whole object and another object begins on a later line.
  private static func looksLikeLines(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Bool {
    var index = start
    while index < bytes.count, isSpace(bytes[index]) { index += 1 }
    guard index < bytes.count, bytes[index] == 0x7B else { return false }
    let end = endOfLine(bytes, from: index)
    guard let second = bytes[end...].first(where: { !isSpace($0) }), second == 0x7B else {
      return false
    }
    var walker = StructureWalker(bytes, at: index)
    guard (try? walker.skipValue()) != nil else { return false }
    return walker.position <= end
  }

  private static func endOfLine(_ bytes: UnsafeRawBufferPointer, from index: Int) -> Int {
    firstIndex(of: 0x0A, in: bytes, from: index)
  }

  // MARK: - One JSON document

  private mutating func cutDocument(
    _ bytes: UnsafeRawBufferPointer,
    from start: Int
  ) throws(BodyFailure) {
    var walker = StructureWalker(bytes, at: start)
    walker.skipSpaces()
    switch walker.current {
    case 0x5B:
      events = try walker.elements().map { EventPlace(range: $0, line: nil) }
    case 0x7B:
      let begin = walker.position
      var batch: [Range<Int>]?
      var sentAt: Range<Int>?
      try walker.forEachMember { (key, walker) throws(BodyFailure) in
        let name = UnsafeRawBufferPointer(rebasing: bytes[key])
        if walker.current == 0x5B, name.elementsEqual("events".utf8) {
          batch = try walker.elements()
          return
        }
        let start = walker.position
        try walker.skipValue()
        if name.elementsEqual("sent_at".utf8) { sentAt = start..<walker.position }
      }
      if let batch {
        self.sentAt = sentAt
        events = batch.map { EventPlace(range: $0, line: nil) }
      } else {
        events = [EventPlace(range: begin..<walker.position, line: nil)]
      }
    default:
      throw StructureWalker.failure(
        "expected an event object or an array of events",
        at: walker.position
      )
    }
    walker.skipSpaces()
    guard walker.position == bytes.count else {
      throw StructureWalker.failure("something follows the end of the JSON", at: walker.position)
    }
  }
}
