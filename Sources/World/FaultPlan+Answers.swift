import EventSDK
import Simulation

extension FaultPlan.Share {
  /// What the server says to a request instead of taking it; nil where it does what it would.
  ///
  /// The first fault of a script that meets the request answers it. `attempt` counts the requests that
  /// the phone has made at this very moment, so that the halves of a batch do not share one fate.
  func answer(
    to request: Request, phone: Int, at time: Int64, attempt: Int
  ) -> PhoneResponse? {
    var body: RequestBody?
    for (index, entry) in entries.enumerated()
    where entry.kind == .answers && entry.time.contains(time) {
      var generator = SeededGenerator(
        seed: seed, label: entry.kind.rawValue, UInt64(phone), UInt64(bitPattern: time),
        UInt64(attempt) << 16 | UInt64(index))
      guard generator.below(100) < entry.number("percent") else { continue }
      var named: [Int] = []
      if entry.texts["event"] != nil || entry.numbers["bytes"] != nil {
        let plain = body ?? RequestBody(request)
        body = plain
        if let bytes = entry.numbers["bytes"], plain.bytes.count <= bytes { continue }
        if let event = entry.texts["event"] {
          named = plain.indices(of: event)
          if named.isEmpty { continue }
        }
      }
      guard let status = entry.texts["status"].flatMap({ Int($0) }) else { return .timedOut }
      return PhoneResponse(
        status: status, refused: entry.texts["names"] == "yes" ? named : [],
        retryAfterSeconds: entry.numbers["retry-after"])
    }
    return nil
  }
}
