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
    var schedule = Schedule(shop: shop)
    var events: [TruthEvent] = []
    let from = StoryTime(day, offsetSeconds: TimeZones.seoul).milliseconds
    let until = from + 86_400_000
    var devices: [Int: DeviceContext] = [:]
    var planned = configuration.start.date(offsetSeconds: TimeZones.seoul)
    while planned <= day {
      for session in plan(planned) {
        let placement = schedule.place(session)
        guard placement.start < until, placement.end >= from else { continue }
        let device = devices[session.user] ?? shop.device(session.user)
        devices[session.user] = device
        play(session, placement, from..<until, device, &events)
      }
      planned = planned.adding(days: 1)
    }
    events.sort {
      ($0.time, $0.phone, $0.seq) < ($1.time, $1.phone, $1.seq)
    }
    return DayTruth(day: day, events: events)
  }

  private func play(
    _ session: Session,
    _ placement: Schedule.Placement,
    _ range: Range<Int64>,
    _ device: DeviceContext,
    _ events: inout [TruthEvent]
  ) {
    var player = SessionPlayer(session, startingAt: placement.start, shop: shop)
    var seq = placement.firstSeq
    while let time = player.nextTime {
      let deed: SessionPlayer.Deed
      switch player.play() {
      case .track(let tracked), .comeBack(let tracked): deed = tracked
      case .leave, .finish: continue
      }
      if range.contains(time) {
        events.append(
          TruthEvent(
            eventID: deed.eventID,
            eventName: deed.kind.name,
            phone: session.user,
            seq: seq,
            time: time,
            userID: player.isKnown ? shop.userID(session.user) : nil,
            sessionID: player.sessionID,
            appVersion: device.appVersion,
            platform: device.platform,
            properties: deed.properties
          )
        )
      }
      seq += 1
    }
  }
}
