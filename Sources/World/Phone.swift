import EventModel
import EventSDK
import Simulation

/// One simulated phone: a real `EventSDK.Client` in the hands of a scripted visitor.
///
/// What leaves it, and when, is the SDK's doing. The phone only moves time: it lets the SDK's timer
/// fire, brings the network back, and plays the visitor's next step, in this order at one moment.
///
/// Seams: `World.answer` and `track` are where the faults of `WorldFault` act. For later work:
/// `deviceClock(at:)` is where clock skew belongs; `send` is where a lost acknowledgement or a doubled
/// batch belongs; a `Session` is where a bot or a broken event belongs.
final class Phone {
  let user: Int
  private let shop: Shop
  private var client: EventSDK.Client?
  private var player: SessionPlayer?
  private var waiting: [Session] = []
  private var lastEnd: Int64
  private var networkBackAt: Int64?
  private var time: Int64 = 0
  private var eventID = ""
  private let networkName: String
  let faults: FaultPlan.Share
  /// The planned start of the session from which this phone would have to be played again.
  private(set) var chainStart: Int64 = 0
  /// The time under which the phone stands in the world's queue.
  var scheduledTime: Int64 = .max

  /// A phone that has nothing to send and tracked its last event under `nextSeq - 1`.
  init(
    user: Int,
    nextSeq: Int64,
    lastEnd: Int64,
    shop: Shop,
    usesGzip: Bool,
    faults: FaultPlan,
    send: @escaping (Int, Request, Int64) -> Response
  ) {
    self.user = user
    self.shop = shop
    self.lastEnd = lastEnd
    var generator = SeededGenerator(seed: shop.seed, label: "network", UInt64(user))
    networkName = shop.specification.networks.pick(&generator)
    var device = shop.device(user)
    device.network = networkName
    self.faults = faults.share(version: device.appVersion, platform: device.platform)
    var configuration = Configuration()
    configuration.usesGzip = usesGzip
    client = Client(
      store: MemoryEventQueue(nextSeq: nextSeq),
      configuration: configuration,
      device: device,
      jitterSeed: generator.next(),
      transport: { [unowned self] request in send(self.user, request, self.time) },
      now: { [unowned self] in self.deviceClock(at: self.time) },
      uptime: { [unowned self] in self.time },
      makeEventID: { [unowned self] in self.eventID }
    )
  }

  /// What the device believes the time is.
  private func deviceClock(at time: Int64) -> Int64 { time }

  /// True between visits, with an empty queue.
  var isSettled: Bool {
    player == nil && waiting.isEmpty && networkBackAt == nil && client?.isSettled ?? true
  }

  /// The moment of the next thing that happens on this phone; `Int64.max` for none.
  var nextTime: Int64 {
    var next = client?.nextTimer ?? .max
    if let networkBackAt { next = min(next, networkBackAt) }
    if let player {
      next = min(next, player.nextTime ?? .max)
    } else if let session = waiting.first {
      next = min(next, Schedule.start(of: session, lastEnd: lastEnd))
    }
    return next
  }

  /// A visit that begins at its planned start, or when the one before is over.
  func expect(_ session: Session) {
    if isSettled { chainStart = session.plannedStart }
    waiting.append(session)
  }

  /// Lets happen what is due at `moment`.
  func act(at moment: Int64) throws {
    time = moment
    guard let client else { return }
    if let timer = client.nextTimer, timer <= moment { try client.tick() }
    if let back = networkBackAt, back <= moment {
      networkBackAt = nil
      client.device.network = networkName
      try client.networkBack()
    }
    if player != nil {
      if let next = player?.nextTime, next <= moment { try step(client) }
    } else if let session = waiting.first,
      Schedule.start(of: session, lastEnd: lastEnd) <= moment
    {
      waiting.removeFirst()
      try begin(session, client)
    }
  }

  private func begin(_ session: Session, _ client: Client) throws {
    let player = SessionPlayer(session, startingAt: time, shop: shop)
    if session.offlineMilliseconds > 0, networkBackAt == nil {
      networkBackAt = time + session.offlineMilliseconds
      client.device.network = "none"
      try client.networkLost()
    }
    client.sessionID = player.sessionID
    client.userID = player.isKnown ? shop.userID(user) : nil
    self.player = player
    try client.enterForeground()
  }

  private func step(_ client: Client) throws {
    guard let play = player?.play() else { return }
    switch play {
    case .track(let deed): try track(deed, client)
    case .leave: try client.enterBackground()
    case .comeBack(let deed):
      try client.enterForeground()
      try track(deed, client)
    case .finish:
      player = nil
      lastEnd = time
      try client.enterBackground()
    }
  }

  private func track(_ deed: SessionPlayer.Deed, _ client: Client) throws {
    if deed.kind == .login { client.userID = shop.userID(user) }
    eventID = deed.eventID
    try client.track(deed.kind.name, faults.sent(deed.properties, at: time))
  }

  /// The events that wait on this phone.
  func queuedEvents() throws -> [QueuedEvent] { try client?.queuedEvents() ?? [] }
  var waitingCount: Int { client?.waitingCount ?? 0 }
}

/// Phones by the time of what happens next; equal times in order of the user.
struct PhoneQueue {
  private var heap: [(time: Int64, user: Int)] = []

  var nextTime: Int64 { heap.first?.time ?? .max }

  private static func isBefore(
    _ left: (time: Int64, user: Int),
    _ right: (time: Int64, user: Int)
  ) -> Bool {
    left.time == right.time ? left.user < right.user : left.time < right.time
  }

  mutating func insert(_ user: Int, at time: Int64) {
    heap.append((time, user))
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard Self.isBefore(heap[child], heap[parent]) else { break }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  mutating func popFirst() -> (time: Int64, user: Int)? {
    guard let first = heap.first else { return nil }
    let last = heap.removeLast()
    guard !heap.isEmpty else { return first }
    heap[0] = last
    var parent = 0
    while true {
      var smallest = parent
      for child in (2 * parent + 1)..<(2 * parent + 3) where child < heap.count {
        if Self.isBefore(heap[child], heap[smallest]) { smallest = child }
      }
      guard smallest != parent else { return first }
      heap.swapAt(parent, smallest)
      parent = smallest
    }
  }
}
