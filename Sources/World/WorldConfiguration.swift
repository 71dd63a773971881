import Diagnostics
package import Simulation

/// What makes a world this world and no other: the same values give the same bytes everywhere.
package struct WorldConfiguration: Sendable, Hashable {
  package var seed: UInt64
  package var size: WorldSize
  /// Nobody is in the shop before this moment; every install's `seq` begins here.
  package var start: StoryTime
  /// Added to the first number of every app version of the specification.
  package var versionShift = 0
  package var faults: [WorldFault] = []
  /// True to let phones compress their requests, as real ones do; costs time for the same events.
  package var usesGzip = false

  package init(
    seed: UInt64,
    size: WorldSize,
    start: StoryTime,
    versionShift: Int = 0,
    faults: [WorldFault] = []
  ) {
    self.seed = seed
    self.size = size
    self.start = start
    self.versionShift = versionShift
    self.faults = faults
  }
}

/// How many people are there on an average day: 200, 2,000, 10,000 or a million by the own specs.
package enum WorldSize: String, Sendable, CaseIterable {
  case xs, s, m, l
}

/// One HTTP attempt of one phone.
package struct PhoneRequest: Sendable {
  /// The moment the request leaves the phone.
  package var time: StoryTime
  /// The phone's index, 0 ..< `World.phoneCount`.
  package var phone: Int
  /// `{"sent_at":…,"events":[…]}`, compressed where `isGzip` says so.
  package var body: [UInt8]
  package var isGzip: Bool
  package var eventCount: Int
}

/// What the phone hears back.
package struct PhoneResponse: Sendable, Hashable {
  /// An HTTP status; 0 where the phone hears nothing.
  package var status: Int
  /// Indices of the events that will never be accepted.
  package var refused: [Int]
  /// How long the server asks to wait, with 429 and 503.
  package var retryAfterSeconds: Int?

  package init(status: Int, refused: [Int] = [], retryAfterSeconds: Int? = nil) {
    self.status = status
    self.refused = refused
    self.retryAfterSeconds = retryAfterSeconds
  }

  /// No connection.
  package static let unreachable = PhoneResponse(status: 0)
  /// No answer in time; the server may have the events.
  package static let timedOut = PhoneResponse(status: 2)
  /// The attempt was not made: this machine could not serve it.
  static let notAttempted = PhoneResponse(status: 1)
}

/// Why a world cannot be opened or go on.
package struct WorldError: DiagnosableError, Hashable {
  package var code: String
  package var message: String
  package var place: String?
  package var advice: String?

  init(_ code: String, _ message: String, place: String? = nil, advice: String? = nil) {
    self.code = "world." + code
    self.message = message
    self.place = place
    self.advice = advice
  }
}
