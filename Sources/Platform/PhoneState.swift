// What the learner did to the phone itself: its network, its clock, its app. Kept beside its queue, so
// that a restart finds the phone as it was left.

internal import EventSDK
internal import Foundation

/// The network of the learner's phone.
package enum PhoneNetwork: String, Codable, Sendable, CaseIterable {
  case offline, flaky, online
}

struct PhoneState: Codable, Equatable {
  var network = PhoneNetwork.online
  /// Story milliseconds at which the network comes back by itself.
  var networkBackAt: Int64?
  /// What the phone's clock shows beyond the true time, milliseconds.
  var clockOffset: Int64 = 0
  var appVersion = LearnerPhone.appVersion
  /// Categories of events that the learner has agreed to.
  var consent: [String] = []
  /// The seq of the next event, for a queue that lives in memory only.
  var nextSeq: Int64 = 0
  /// Requests so far: what decides which of them a flaky network loses.
  var requestCount: UInt64 = 0
  /// True while the next request's answer is to get lost.
  var losesNextAnswer: Bool?

  static func load(_ path: String) throws -> PhoneState {
    guard let data = FileManager.default.contents(atPath: path) else { return PhoneState() }
    do {
      return try JSONDecoder().decode(PhoneState.self, from: data)
    } catch {
      throw PlatformError(
        .homeUnusable, "the phone's state is damaged: \(error)", place: path,
        advice: "Remove the file; the phone is online again then, and its queue stays.",
        fields: ["file": path])
    }
  }

  func save(_ path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    try Home.write([UInt8](try encoder.encode(self)), to: path)
  }
}
