import Codecs
import EventModel
import EventSDK

/// A request as the server reads it: for faults that look into what a phone sends.
struct RequestBody {
  /// Unpacked.
  let bytes: [UInt8]

  init(_ request: Request) {
    let plain =
      request.isGzip ? try? Gzip.decompress(request.body, bytesMax: 256 << 20) : request.body
    bytes = plain ?? request.body
  }

  /// The places of the events that go under a name, ascending.
  func indices(of name: String) -> [Int] {
    let body = try? bytes.withUnsafeBytes { try JSONValue(parsing: $0) }
    return (body?["events"]?.array ?? []).enumerated().compactMap { index, event in
      event["event_name"]?.string == name ? index : nil
    }
  }
}
