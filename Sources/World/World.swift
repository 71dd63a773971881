import EventSDK
package import Simulation

/// A simulated app, "모아샵" or "별빛 던전": people with phones who look, play and sometimes buy.
///
/// The path of a day:
///
/// 1. `DayPlan` draws who comes when, and how many events each visit has; `Cast` and faults add theirs.
/// 2. `SessionScript` draws what each visitor does, `SessionPlayer` what each event says.
/// 3. `Phone` tracks the events with a real `EventSDK.Client`, whose batches, timers and background
///    flushes decide what leaves when.
/// 4. `World` runs the phones in time order and hands each request to `deliver`.
///
/// A world is its configuration and `now`, and nothing else: opened at any moment, it stands where it
/// would stand had it run from the start, as long as the server took everything; what it did not
/// take at once, the progress file remembers.
package final class World {
  package typealias Deliver = (PhoneRequest) throws -> PhoneResponse

  package let configuration: WorldConfiguration
  /// How far the world has run: everything up to and including this moment has happened.
  package private(set) var now: StoryTime
  /// Requests that left a phone since the world was opened.
  package private(set) var deliveryCount = 0

  let population: Population
  let faults: FaultPlan
  /// Who comes when, on any day.
  var visits: VisitPlan { VisitPlan(population: population, faults: faults) }
  /// How the app's event client is set up, oldest first; empty for its defaults.
  private var rules: [SDKRules]
  private let noteAttempt: ((PhoneAttempt) -> Void)?
  private var phones: [Int: Phone] = [:]
  private var queue = PhoneQueue()
  private var arrivals: [Session] = []
  private var arrivalIndex = 0
  /// The first day that is not planned yet.
  private var nextDay: CivilDate
  private var eventCounts: [Int64] = []
  private var lastEnds: [Int64] = []
  private var isRestored = false
  private var isWorking = false

  private let progress: ProgressFile?
  /// Answers that were heard before a crash, to be used again in order.
  private var rememberedAnswers: ArraySlice<PhoneResponse> = []
  private var exceptions: [ProgressFile.Exception] = []
  private var deliver: Deliver?
  private var failure: (any Error)?

  /// Opens a world; nothing is generated before the first `advance`.
  ///
  /// It stands at `openedAt`, else where its progress file stands, else at its start. `noteAttempt` is
  /// told of every attempt of a phone from now on, in order of time; what is played again is not told.
  ///
  /// - Throws: `world.progress…` for a progress file that cannot be used, `world.fault…` for a fault
  ///   that does not exist.
  package init(
    configuration: WorldConfiguration,
    specification: WorldSpecification,
    rules: [SDKRules] = [],
    progressFile: String? = nil,
    openedAt: StoryTime? = nil,
    noteAttempt: ((PhoneAttempt) -> Void)? = nil
  ) throws {
    self.configuration = configuration
    self.rules = rules
    self.noteAttempt = noteAttempt
    population = Population(
      seed: configuration.seed, size: configuration.size, specification: specification,
      start: configuration.start, versionShift: configuration.versionShift)
    faults = try FaultPlan(configuration, specification)
    nextDay = configuration.start.date(offsetSeconds: TimeZones.seoul)
    progress = progressFile.map {
      ProgressFile(
        path: $0,
        seed: configuration.seed,
        start: configuration.start.milliseconds
      )
    }
    let known = try progress?.load()
    let reached = known.map { StoryTime(milliseconds: $0.now) }
    // After an attempt that could not be made, the clock has reached its moment and the world not.
    let stoppedShort = reached.map { openedAt == $0.adding(milliseconds: 1) } ?? false
    let openedAt = stoppedShort ? reached : openedAt
    now = max(configuration.start, openedAt ?? reached ?? configuration.start)
    exceptions = known?.exceptions ?? []
    if let known, reached == now { rememberedAnswers = known.answers[...] }
    if progress != nil, known == nil || reached != now { try checkpoint() }
  }

  /// The number of phones there are, active or not.
  package var phoneCount: Int { population.phoneCount }

  /// Answers that phones heard in a clock step that a crash cut short, and have not asked for again.
  package var rememberedAnswerCount: Int { rememberedAnswers.count }

  /// The weight-100 % number of active users of a day.
  package var dailyActiveUsers: Int { population.dailyActiveUsers }

  /// Runs every phone up to and including `moment`, in time order, equal times by phone.
  ///
  /// `deliver` is called once for each HTTP attempt at its story time. If it throws, the attempt has
  /// not been made: the error is passed on, the world stands right before that moment, and the next
  /// advance begins with the same attempt. A moment before `now` does nothing.
  package func advance(to moment: StoryTime, deliver: Deliver) throws {
    precondition(!isWorking, "deliver must not advance the world that calls it")
    isWorking = true
    defer { isWorking = false }
    try restore()
    guard moment > now else { return }
    try withoutActuallyEscaping(deliver) { deliver in
      self.deliver = deliver
      defer { self.deliver = nil }
      try run(through: moment.milliseconds)
    }
    now = moment
  }

  /// New rules of the app's event client, which every phone follows from their moment on; nothing
  /// happens where they are the ones there are.
  package func follow(_ rules: [SDKRules]) throws {
    guard rules != self.rules else { return }
    try restore()
    self.rules = rules
    for phone in phones.values { phone.rules = rules }
  }

  /// Marks a clock step: the position is on the disk when this returns.
  package func checkpoint() throws {
    exceptions.removeAll { exception in
      exception.isMark ? isRestored : phones[exception.phone]?.isSettled ?? isRestored
    }
    if isRestored {
      let carrying = phones.values.filter(\.isCarrying).sorted { $0.user < $1.user }
      let marks = carrying.map { ProgressFile.Exception.mark($0.user, chainStart: $0.chainStart) }
      exceptions.insert(contentsOf: marks, at: 0)
    }
    try progress?.checkpoint(now: now.milliseconds, exceptions: exceptions)
    // Answers from before a crash that no phone has asked for again yet.
    for answer in rememberedAnswers { try progress?.append(answer) }
  }

  /// The events that wait on a phone, as JSON, oldest first.
  package func queuedEvents(phone: Int) throws -> [[UInt8]] {
    try restore()
    return try phones[phone]?.queuedEvents().map(\.json) ?? []
  }

  /// The phones that have an app by now, ascending.
  func standingPhones() throws -> [Phone] {
    try restore()
    return phones.values.sorted { $0.user < $1.user }
  }

  /// The phones on which events wait, ascending, with their counts.
  package func waitingCounts() throws -> [(phone: Int, count: Int)] {
    try waitingPhones().map { ($0.user, $0.waitingCount) }.sorted { $0.0 < $1.0 }
  }

  /// The phones on which events wait, in no order.
  func waitingPhones() throws -> [Phone] {
    try restore()
    return phones.values.filter { $0.waitingCount > 0 }
  }

  // MARK: - Discrete-event simulation

  private func run(through limit: Int64) throws {
    while true {
      let next = queue.nextTime
      if arrivalIndex < arrivals.count {
        let session = arrivals[arrivalIndex]
        if session.plannedStart <= min(next, limit) {
          arrivalIndex += 1
          expect(session)
          continue
        }
      } else if midnight(nextDay) <= min(next, limit) {
        planNextDay()
        continue
      }
      guard next <= limit, let (time, user) = queue.popFirst() else { return }
      guard let phone = phones[user], phone.scheduledTime == time else { continue }
      phone.scheduledTime = .max
      do {
        try phone.act(at: time)
        if let failure { throw failure }
      } catch {
        failure = nil
        schedule(phone)
        now = StoryTime(milliseconds: max(now.milliseconds, time - 1))
        throw error
      }
      schedule(phone)
    }
  }

  private func expect(_ session: Session) {
    let phone = phones[session.user] ?? makePhone(session.user, at: session.plannedStart)
    phone.expect(session)
    schedule(phone)
  }

  private func schedule(_ phone: Phone) {
    let next = phone.nextTime
    guard next < phone.scheduledTime else { return }
    phone.scheduledTime = next
    queue.insert(phone.user, at: next)
  }

  /// A phone as it is when its first visit comes, at `moment`.
  private func makePhone(_ user: Int, at moment: Int64) -> Phone {
    let phone = Phone(
      user: user,
      nextSeq: Schedule.firstSeq + (eventCounts.isEmpty ? 0 : eventCounts[user]),
      lastEnd: lastEnds.isEmpty ? .min / 2 : lastEnds[user],
      population: population,
      usesGzip: configuration.usesGzip,
      faults: faults,
      rules: rules,
      at: moment
    ) { [unowned self] phone, request, time in send(phone, request, time) }
    if let noteAttempt {
      phone.note = { [unowned self] attempt in if deliver != nil { noteAttempt(attempt) } }
    }
    phones[user] = phone
    return phone
  }

  private func midnight(_ day: CivilDate) -> Int64 {
    StoryTime(day, offsetSeconds: TimeZones.seoul).milliseconds
  }

  private func planNextDay() {
    arrivals = plan(nextDay)
    arrivalIndex = 0
    nextDay = nextDay.adding(days: 1)
  }

  /// A day's sessions, without those before the world began.
  func plan(_ day: CivilDate) -> [Session] { visits.sessions(on: day) }

  // MARK: - Deliveries

  private func send(_ phone: Int, _ request: Request, _ time: Int64) -> Response {
    let attempt = phones[phone]?.requestsAtMoment ?? 0
    let response = answer(phone, request, time, attempt)
    if response != .notAttempted { phones[phone]?.requestsAtMoment += 1 }
    // The attempt that could not be made is the first to be made again: it stands last.
    if deliver != nil, let last = exceptions.last, last.response == .notAttempted,
      last.phone == phone, last.time == time
    {
      exceptions.removeLast()
    }
    if response.status != 200 || !response.refused.isEmpty, deliver != nil {
      exceptions.append(
        ProgressFile.Exception(
          time: time,
          phone: phone,
          attempt: attempt,
          chainStart: phones[phone]?.chainStart ?? time,
          response: response
        )
      )
    }
    switch response {
    case .notAttempted: return .notAttempted
    case .timedOut: return .timedOut
    default:
      return Response(
        status: response.status == 0 ? nil : response.status,
        refused: response.refused,
        retryAfterSeconds: response.retryAfterSeconds
      )
    }
  }

  private func answer(
    _ phone: Int, _ request: Request, _ time: Int64, _ attempt: Int
  ) -> PhoneResponse {
    guard let deliver else {
      // Played again from the past: what the server is known to have said, else yes.
      return exceptions.first {
        $0.time == time && $0.phone == phone && $0.attempt == attempt
      }?.response ?? PhoneResponse(status: 200)
    }
    guard failure == nil else { return .notAttempted }
    deliveryCount += 1
    // Not written down: a world that is played again meets the fault again.
    if let faults = phones[phone]?.faults, !faults.isEmpty {
      if faults.isUnreachable(phone: phone, at: time) { return .unreachable }
      if let said = faults.answer(to: request, phone: phone, at: time, attempt: attempt) {
        return said
      }
    }
    if let remembered = rememberedAnswers.popFirst() { return remembered }
    let response: PhoneResponse
    do {
      response = try deliver(
        PhoneRequest(
          time: StoryTime(milliseconds: time),
          phone: phone,
          body: request.body,
          isGzip: request.isGzip,
          eventCount: request.eventCount
        )
      )
    } catch {
      failure = error
      deliveryCount -= 1
      return .notAttempted
    }
    do {
      try progress?.append(response)
    } catch {
      failure = failure ?? error
    }
    return response
  }

  // MARK: - Opening at a moment

  /// Brings every phone to where it stands at `now`, by playing again those that are busy.
  private func restore() throws {
    guard !isRestored else { return }
    isRestored = true
    guard now > configuration.start else { return }
    let busy = chains(through: now)
    arrivals = busy.sorted {
      $0.plannedStart == $1.plannedStart ? $0.user < $1.user : $0.plannedStart < $1.plannedStart
    }
    arrivalIndex = 0
    // The sessions of the running day that are still to come follow those that are played again.
    let today = nextDay.adding(days: -1)
    let replayed = arrivals.count
    arrivals += plan(today).filter { $0.plannedStart > now.milliseconds }
    try run(through: now.milliseconds)
    assert(arrivalIndex == replayed)
  }

  /// The sessions of the phones that are busy at `moment`, from the last time each was settled; also
  /// sets the seqs and ends that all other phones stand at.
  private func chains(through moment: StoryTime) -> [Session] {
    var schedule = Schedule(population: population, faults: faults)
    var chains: [Int: (firstSeq: Int64, lastEnd: Int64, sessions: [Session])] = [:]
    let forced = Dictionary(
      exceptions.map { ($0.phone, $0.chainStart) },
      uniquingKeysWith: { min($0, $1) }
    )
    while midnight(nextDay) <= moment.milliseconds {
      for session in plan(nextDay) where session.plannedStart <= moment.milliseconds {
        let user = session.user
        let lastEnd = schedule.lastEnds[user]
        let placement = schedule.place(session)
        let forcedStart = forced[user] ?? .max
        let begins =
          session.plannedStart == forcedStart
          || placement.startsSettled && session.plannedStart < forcedStart
        if begins || chains[user] == nil {
          chains[user] = (placement.firstSeq, lastEnd, [session])
        } else {
          chains[user]?.sessions.append(session)
        }
      }
      nextDay = nextDay.adding(days: 1)
    }
    eventCounts = schedule.eventCounts
    lastEnds = schedule.lastEnds
    var busy: [Session] = []
    for (user, chain) in chains
    where schedule.settledFrom(user) > moment.milliseconds || forced[user] != nil {
      eventCounts[user] = chain.firstSeq - Schedule.firstSeq
      lastEnds[user] = chain.lastEnd
      busy += chain.sessions
    }
    return busy
  }
}
