import EventSDK
package import Simulation

/// One attempt of a phone to send a request, as the phone lived it.
package struct PhoneAttempt: Sendable, Hashable, Codable {
  /// What the phone heard.
  package enum Outcome: String, Sendable, Codable {
    case answered
    /// No answer in time: the server may or may not have the events.
    case timedOut = "timed-out"
    /// No connection.
    case unreachable
  }

  package var phone: Int
  package var appVersion: String
  package var platform: String
  /// The true moment; a phone's clock may say otherwise.
  package var time: StoryTime
  package var firstSeq: Int64
  package var eventCount: Int
  /// The body's bytes as it was sent: phones of a world that does not compress send plain bodies.
  package var byteCount: Int
  package var outcome: Outcome
  /// Nil where no answer came.
  package var status: Int?
  /// Events that the answer named as wrong.
  package var refusedCount: Int
  package var retryAfterSeconds: Int?

  init(phone: Int, device: DeviceContext, time: Int64, _ request: Request, _ response: Response) {
    self.phone = phone
    appVersion = device.appVersion
    platform = device.platform
    self.time = StoryTime(milliseconds: time)
    firstSeq = RequestBody(request).firstSeq ?? 0
    eventCount = request.eventCount
    byteCount = request.body.count
    outcome = response.status != nil ? .answered : response.isTimeout ? .timedOut : .unreachable
    status = response.status
    refusedCount = response.refused.count
    retryAfterSeconds = response.retryAfterSeconds
  }
}

extension RequestBody {
  /// The seq of the first event; nil for a body without one.
  ///
  /// The first key of that name: an event says its seq before its properties, and in a text the
  /// quotation mark behind the word would be escaped.
  var firstSeq: Int64? {
    let key = Array("\"seq\":".utf8)
    guard let place = bytes.firstRange(of: key) else { return nil }
    var seq: Int64?
    for byte in bytes[place.upperBound...] {
      guard (0x30...0x39).contains(byte) else { break }
      seq = (seq ?? 0) &* 10 &+ Int64(byte - 0x30)
    }
    return seq
  }
}
