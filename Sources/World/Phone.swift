import EventModel
import EventSDK
import Simulation

/// One simulated phone: a real `EventSDK.Client` in the hands of a scripted visitor.
///
/// What leaves it, and when, is the SDK's doing. The phone only moves time: it lets the SDK's timer
/// fire, brings the network back, and plays the visitor's next step, in this order at one moment.
/// Between the SDK and the server lies `transport`, where requests get lost and doubled.
final class Phone {
  typealias Send = (Int, Request, Int64) -> Response

  let user: Int
  private let population: Population
  private let send: Send
  private let plan: FaultPlan
  /// Nil while the app is killed.
  private(set) var client: EventSDK.Client?
  /// What waits. It stands for a queue on the disk too: the simulation itself is never killed.
  private var store: MemoryEventQueue
  private let jitterSeed: UInt64
  private var player: SessionPlayer?
  /// What the app will log on top in this visit.
  private var chatter: ArraySlice<FaultPlan.Chatter> = []
  private var waiting: [Session] = []
  private var lastEnd: Int64
  private var networkBackAt: Int64?
  private var time: Int64 = 0
  private var eventID = ""
  private let networkName: String
  private let clockError: ClockError
  private let isTest: Bool
  /// The rules of the app's event client, oldest first.
  var rules: [SDKRules]
  /// The index of the rules that hold.
  private var ruleIndex = 0
  private let usesGzip: Bool
  private var visitDay: CivilDate
  private(set) var faults: FaultPlan.Share
  /// What the network has still to do wrong in this visit.
  private var mishaps: Imperfections = []
  /// The first event of the last request that failed; sent again, it may get a new id.
  private var failedSeq: Int64?
  /// The planned start of the session from which this phone would have to be played again.
  private(set) var chainStart: Int64 = 0
  /// True from a visit that begins with events of an earlier one until all are gone.
  private var hasLeftovers = false
  /// What the app knows of the phone, kept while it is killed.
  private(set) var device: DeviceContext
  /// True where an attempt could not be made: it is made first of all when there is a chance.
  private var isHeld = false
  /// The properties of the `app_open` that comes once the attempt before it could be made.
  private var heldOpening: [JSONMember]?
  /// When a fault kills the app in this visit; nil where none does.
  private var killAt: Int64?
  /// What the clients before this one have dropped.
  private(set) var earlierDrops: [EventClient.DropReason: Int] = [:]
  /// Events that were in memory alone when the app was killed.
  private(set) var killedCount = 0
  /// Told of each attempt and what the phone heard; nil where nobody asks.
  var note: ((PhoneAttempt) -> Void)?
  /// The requests that have left the phone at this very moment.
  var requestsAtMoment = 0
  /// The time under which the phone stands in the world's queue.
  var scheduledTime: Int64 = .max

  /// A phone that has nothing to send and tracked its last event under `nextSeq - 1`.
  init(
    user: Int,
    nextSeq: Int64,
    lastEnd: Int64,
    population: Population,
    usesGzip: Bool,
    faults: FaultPlan,
    rules: [SDKRules],
    at moment: Int64,
    send: @escaping Send
  ) {
    self.user = user
    self.population = population
    self.lastEnd = lastEnd
    self.send = send
    plan = faults
    networkName = population.specification.networks.names[population.network(user)]
    clockError = population.clockError(user)
    isTest = population.isTestDevice(user)
    visitDay = population.firstDay
    let device = population.device(user, on: visitDay)
    self.faults = faults.share(version: device.appVersion, platform: device.platform)
    self.rules = rules
    self.usesGzip = usesGzip
    store = MemoryEventQueue(nextSeq: nextSeq)
    var jitter = SeededGenerator(seed: population.seed, label: "jitter", UInt64(user))
    jitterSeed = jitter.next()
    self.device = device
    client = launch(at: moment)
  }

  /// The app as it starts, on the queue it finds.
  private func launch(at moment: Int64) -> Client {
    ruleIndex = rules.lastIndex { $0.from <= moment } ?? 0
    return Client(
      store: store,
      configuration: Self.configuration(
        rules.isEmpty ? Configuration() : rules[ruleIndex].configuration, usesGzip, plan),
      device: device,
      jitterSeed: jitterSeed,
      transport: { [unowned self] request in transport(request) },
      now: { [unowned self] in deviceClock },
      uptime: { [unowned self] in self.time },
      makeEventID: { [unowned self] in self.eventID }
    )
  }

  /// The app is killed: it sends nothing any more, and what waits in memory is gone. Its seqs are
  /// not used again, for the counter is on the disk either way.
  private func kill(_ client: Client) {
    device = client.device
    self.client = nil
    earlierDrops.merge(client.droppedCounts, uniquingKeysWith: +)
    if rules.isEmpty || rules[ruleIndex].keepsQueue {
      store.skip(to: client.nextSeq)
    } else {
      killedCount += store.waitingSeqs.count
      store = MemoryEventQueue(nextSeq: client.nextSeq)
    }
  }

  /// The app is opened again after a kill.
  private func relaunch() throws -> Client {
    device.network = networkBackAt == nil ? networkName : "none"
    let client = launch(at: time)
    if let player { client.userID = player.isKnown ? population.userID(user) : nil }
    self.client = client
    if networkBackAt != nil { try client.networkLost() }
    return client
  }

  /// The app as somebody uses it: one that was killed is opened, and what waits leaves first.
  private func used() throws -> Client {
    if let client { return client }
    let client = try relaunch()
    try client.enterForeground()
    return client
  }

  /// The rules as the simulation runs them: it leaves compression out where nobody looks at bytes, and
  /// an app whose fault is an oversized event does not know how large an event may be.
  private static func configuration(
    _ configuration: Configuration, _ usesGzip: Bool, _ faults: FaultPlan
  ) -> Configuration {
    var configuration = configuration
    configuration.usesGzip = usesGzip
    if faults.entries.contains(where: { $0.kind == .oversizedEvent }) {
      configuration.eventBytesMax = .max
    }
    return configuration
  }

  /// Goes over to newer rules when their moment has come.
  private func updateRules(_ client: Client) throws {
    guard ruleIndex + 1 < rules.count, rules[ruleIndex + 1].from <= time else { return }
    ruleIndex = rules.lastIndex { $0.from <= time } ?? ruleIndex
    try client.reconfigure(
      Self.configuration(rules[ruleIndex].configuration, usesGzip, plan))
  }

  /// What the device believes the time is.
  private var deviceClock: Int64 {
    time + clockError.milliseconds + (faults.isEmpty ? 0 : faults.clockError(at: time))
  }

  /// True between visits, with an empty queue.
  var isSettled: Bool {
    player == nil && waiting.isEmpty && networkBackAt == nil
      && client?.isSettled ?? store.waitingSeqs.isEmpty
  }

  /// The moment of the next thing that happens on this phone; `Int64.max` for none.
  var nextTime: Int64 {
    var next = client?.nextTimer ?? .max
    if let networkBackAt { next = min(next, networkBackAt) }
    if let killAt { next = min(next, killAt) }
    if let said = chatter.first { next = min(next, said.time) }
    if let player {
      next = min(next, player.nextTime ?? .max)
    } else if let session = waiting.first {
      next = min(next, Schedule.start(of: session, lastEnd: lastEnd))
    }
    return next
  }

  /// A visit that begins at its planned start, or when the one before is over.
  func expect(_ session: Session) {
    if isSettled {
      chainStart = session.plannedStart
      hasLeftovers = false
    } else if isIdle {
      hasLeftovers = true
    }
    waiting.append(session)
  }

  /// True where nothing happens on this phone before its next visit, whatever waits on it.
  private var isIdle: Bool { player == nil && waiting.isEmpty && networkBackAt == nil }

  /// True where events wait that its visits alone do not tell of: those that a visit has left behind.
  var isCarrying: Bool { !isSettled && (hasLeftovers || isIdle) }

  /// Lets happen what is due at `moment`.
  func act(at moment: Int64) throws {
    if moment != time { requestsAtMoment = 0 }
    time = moment
    isHeld = false
    if let kill = killAt, kill <= moment {
      killAt = nil
      if let client { self.kill(client) }
    }
    if let client {
      try updateRules(client)
      if let timer = client.nextTimer, timer <= moment { try client.tick() }
      guard !isHeld else { return }
      if let properties = heldOpening {
        heldOpening = nil
        try track(.appOpen, properties, client)
        guard !isHeld else { return }
      }
    }
    if let back = networkBackAt, back <= moment {
      networkBackAt = nil
      client?.device.network = networkName
      try client?.networkBack()
      guard !isHeld else { return }
    }
    while let said = chatter.first, said.time <= moment {
      chatter.removeFirst()
      try say(said)
    }
    if player != nil {
      if let next = player?.nextTime, next <= moment { try step() }
    } else if let session = waiting.first,
      Schedule.start(of: session, lastEnd: lastEnd) <= moment
    {
      waiting.removeFirst()
      try begin(session, client ?? relaunch())
    }
  }

  private func begin(_ session: Session, _ client: Client) throws {
    let player = SessionPlayer(
      session, startingAt: time, population: population, isTest: isTest)
    let day = session.plannedDay
    if day != visitDay || !plan.entries.isEmpty {
      visitDay = day
      var device = population.device(user, on: day)
      faults = plan.share(version: device.appVersion, platform: device.platform)
      device = faults.device(device, phone: user, at: time)
      device.network = networkBackAt == nil ? networkName : "none"
      client.device = device
    } else if client.device.network != networkName, networkBackAt == nil {
      client.device.network = networkName
    }
    if session.offlineMilliseconds > 0, networkBackAt == nil {
      networkBackAt = time + session.offlineMilliseconds
      client.device.network = "none"
      try client.networkLost()
    }
    mishaps = session.imperfections.intersection([.lostAnswer, .batchTwice, .otherPayload])
    client.userID = player.isKnown ? population.userID(user) : nil
    self.player = player
    if plan.hasChatter {
      chatter =
        plan.chatter(
          of: session, SessionScript(session, population: population), startingAt: time,
          population)[...]
    }
    killAt =
      faults.isEmpty
      ? nil
      : faults.killMoment(
        phone: user, visit: session.plannedStart, from: time, to: player.endTime)
    try client.enterForeground()
  }

  private func step() throws {
    var sink = MemberSink()
    guard let play = player?.play(into: &sink) else { return }
    switch play {
    case .track(let kind): try track(kind, sink.members, used())
    case .leave:
      if player?.session.imperfections.contains(.forceQuit) == true, let client {
        kill(client)
      } else {
        try client?.enterBackground()
      }
    case .comeBack:
      let client = try client ?? relaunch()
      try client.enterForeground()
      // What the app found goes first; the opening is recorded after it, at the same moment.
      if isHeld {
        heldOpening = sink.members
      } else {
        try track(.appOpen, sink.members, client)
      }
    case .finish:
      player = nil
      lastEnd = time
      try client?.enterBackground()
    }
  }

  private func track(_ kind: EventKind, _ properties: [JSONMember], _ client: Client) throws {
    guard let player else { return }
    if kind == .login { client.userID = population.userID(user) }
    client.sessionID = player.sessionID
    let name = player.hasRefusedName ? SessionPlayer.refusedName : kind.name
    eventID = player.eventID.text
    if faults.isEmpty {
      try client.track(name, properties)
    } else {
      let sent = faults.sent(name, properties, at: time)
      try client.track(sent.name, sent.properties)
    }
  }

  /// One event of an app that logs too much.
  private func say(_ said: FaultPlan.Chatter) throws {
    guard let player else { return }
    let client = try used()
    client.sessionID = player.sessionID
    let content = plan.content(ofChatter: client.nextSeq, phone: user)
    eventID = content.id
    try client.track(said.event, content.properties)
  }

  // MARK: - The network

  /// One attempt of the client.
  private func transport(_ request: Request) -> Response {
    let response = carry(request)
    if let note, !response.isNotAttempted, let client {
      note(PhoneAttempt(phone: user, device: client.device, time: time, request, response))
    }
    return response
  }

  /// One request on its way: what the server and the phone see of it.
  private func carry(_ request: Request) -> Response {
    var request = request
    if !faults.isEmpty {
      if faults.makesNewIDs(at: time), isResent(request) { request = withNewIDs(request) }
    }
    let response = send(user, request, time)
    isHeld = response.isNotAttempted
    guard response.status == 200 else {
      failedSeq = firstWaiting?.seq
      return response
    }
    failedSeq = nil
    guard !mishaps.isEmpty || !faults.isEmpty else { return response }
    if take(.batchTwice) || faults.sendsTwice(phone: user, at: time) {
      _ = send(user, request, time)
    }
    if take(.otherPayload), let other = withOtherPayload(request) { _ = send(user, other, time) }
    if faults.losesAnswer(phone: user, at: time) || losesAnswer {
      mishaps.remove(.lostAnswer)
      failedSeq = firstWaiting?.seq
      return .timedOut
    }
    return response
  }

  /// True once in a visit that has the mishap.
  private func take(_ mishap: Imperfections) -> Bool { mishaps.remove(mishap) != nil }

  /// An answer gets lost only where the phone will have asked again before the visit is over.
  private var losesAnswer: Bool {
    guard mishaps.contains(.lostAnswer), networkBackAt == nil, let player else { return false }
    return player.endTime - time > 60_000
  }

  private var firstWaiting: QueuedEvent? { try? client?.queuedEvents().first }

  private func isResent(_ request: Request) -> Bool {
    failedSeq != nil && failedSeq == firstWaiting?.seq
  }

  /// The request with ids that no earlier attempt had.
  private func withNewIDs(_ request: Request) -> Request {
    var generator = SeededGenerator(
      seed: population.seed, label: "new-id", UInt64(user), UInt64(bitPattern: time))
    return rebuilt(request, count: request.eventCount) { json in
      // Every event begins with its id: `{"event_id":"` and 36 characters.
      var json = json
      if json.count > 49 { json.replaceSubrange(13..<49, with: generator.uuid().utf8) }
      return json
    }
  }

  /// The request's first event alone, with one thing more in it.
  private func withOtherPayload(_ request: Request) -> Request? {
    rebuilt(request, count: 1) { json in
      var json = json
      guard json.count > 3, json[json.count - 2] == 0x7D else { return json }
      let isEmpty = json[json.count - 3] == 0x7B
      let more = (isEmpty ? "" : ",") + "\"edited\":true"
      json.insert(contentsOf: more.utf8, at: json.count - 2)
      return json
    }
  }

  private func rebuilt(
    _ request: Request, count: Int, _ change: ([UInt8]) -> [UInt8]
  ) -> Request {
    let events = ((try? client?.queuedEvents()) ?? []).prefix(count).map { change($0.json) }
    let body = Request.body(sentAt: request.sentAt, events: events)
    let packed = request.isGzip ? Request.gzip(body) : nil
    return Request(
      body: packed ?? body, isGzip: packed != nil, eventCount: events.count,
      sentAt: request.sentAt)
  }

  /// The events that wait on this phone.
  func queuedEvents() throws -> [QueuedEvent] {
    try store.waitingSeqs.map { QueuedEvent(seq: $0, json: try store.json(of: $0)) }
  }

  /// The event that has waited longest.
  func oldestEvent() throws -> QueuedEvent? {
    try store.waitingSeqs.first.map { QueuedEvent(seq: $0, json: try store.json(of: $0)) }
  }

  var waitingCount: Int { client?.waitingCount ?? store.waitingSeqs.count }
}
