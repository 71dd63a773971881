package import EventModel
import EventSDK
package import Simulation

/// One event as it was meant, whatever became of it on the way.
package struct TruthEvent: Sendable, Hashable {
  package var eventID: String
  package var eventName: String
  package var phone: Int
  package var seq: Int64
  /// The true moment, milliseconds since the epoch; a phone's clock may say otherwise.
  package var time: Int64
  package var userID: String?
  package var sessionID: String
  package var appVersion: String
  package var platform: String
  package var properties: [JSONMember]
  /// What of the event, its visit or its phone is not as it should be.
  package var marks: Imperfections = []

  /// The KST day under which the event is to be counted.
  package var day: CivilDate {
    StoryTime(milliseconds: time).date(offsetSeconds: TimeZones.seoul)
  }
}

/// What a day should amount to.
package struct DayTruth: Sendable {
  package var day: CivilDate
  /// Every event of the KST day, by time, then phone, then seq.
  package var events: [TruthEvent]

  package var purchases: [TruthEvent] { events.filter { $0.eventName == "purchase_completed" } }
  /// The sum of the amounts of the day's purchases, in won.
  package var revenue: Int64 {
    purchases.reduce(0) { $0 + ($1.properties["amount"]?.integer ?? 0) }
  }
  /// Phones with at least one event.
  package var activePhoneCount: Int { Set(events.map(\.phone)).count }
}

extension World {
  /// The truth ledger of one KST day, derived from the seed: for graders and tests only.
  ///
  /// It does not depend on how far the world has run. Cost: about that of playing the day.
  package func truth(day: CivilDate) -> DayTruth {
    var schedule = Schedule(population: population, faults: faults)
    var events: [TruthEvent] = []
    let from = StoryTime(day, offsetSeconds: TimeZones.seoul).milliseconds
    let until = from + 86_400_000
    var phones: [Int: TruthPhone] = [:]
    var planned = configuration.start.date(offsetSeconds: TimeZones.seoul)
    while planned <= day {
      for session in plan(planned) {
        let placement = schedule.place(session)
        guard placement.start < until, placement.end >= from else { continue }
        let known = phones[session.user]
        let phone =
          known?.day == session.plannedDay
          ? known : TruthPhone(session.user, on: session.plannedDay, population)
        phones[session.user] = phone
        if let phone { play(session, placement, from..<until, phone, &events) }
      }
      planned = planned.adding(days: 1)
    }
    events.sort {
      ($0.time, $0.phone, $0.seq) < ($1.time, $1.phone, $1.seq)
    }
    return DayTruth(day: day, events: events)
  }

  /// A phone as the ledger needs it, for one day.
  private struct TruthPhone {
    var day: CivilDate
    var device: DeviceContext
    var isTest: Bool
    var marks: Imperfections

    init(_ user: Int, on day: CivilDate, _ population: Population) {
      self.day = day
      device = population.device(user, on: day)
      isTest = population.isTestDevice(user)
      marks = population.clockError(user).members
      if isTest { marks.insert(.testDevice) }
      if population.isBot(user) { marks.insert(.bot) }
    }
  }

  private func play(
    _ session: Session,
    _ placement: Schedule.Placement,
    _ range: Range<Int64>,
    _ phone: TruthPhone,
    _ events: inout [TruthEvent]
  ) {
    var player = SessionPlayer(
      session, startingAt: placement.start, population: population, isTest: phone.isTest,
      withMistakes: false)
    let ofVisit = session.imperfections.intersection([.lostAnswer, .batchTwice, .otherPayload])
    let onlineAt = placement.start + session.offlineMilliseconds
    var seq = placement.firstSeq
    // What an app logs on top was not meant, and is not in the ledger; it takes seqs all the same.
    var chatter =
      faults.hasChatter
      ? faults.chatter(
        of: session, SessionScript(session, population: population),
        startingAt: placement.start, population)[...] : []
    while let time = player.nextTime {
      while let next = chatter.first, next.time <= time {
        chatter.removeFirst()
        seq += 1
      }
      var sink = MemberSink()
      let kind: EventKind
      switch player.play(into: &sink) {
      case .track(let tracked): kind = tracked
      case .comeBack: kind = .appOpen
      case .leave, .finish: continue
      }
      if range.contains(time) {
        events.append(
          TruthEvent(
            eventID: player.eventID.text,
            eventName: kind.name,
            phone: session.user,
            seq: seq,
            time: time,
            userID: player.isKnown ? population.userID(session.user) : nil,
            sessionID: player.sessionID,
            appVersion: phone.device.appVersion,
            platform: phone.device.platform,
            properties: sink.members,
            marks: player.marks.union(phone.marks).union(ofVisit)
              .union(Imperfections(lateBy: onlineAt - time))
          )
        )
      }
      seq += 1
    }
  }
}

extension Imperfections {
  /// The class of an arrival that many milliseconds after the event.
  fileprivate init(lateBy delay: Int64) {
    switch delay {
    case ..<7_200_000: self = []
    case ..<86_400_000: self = .lateHours
    case ..<259_200_000: self = .lateDay
    default: self = .lateDays
    }
  }
}
