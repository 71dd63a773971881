import EventModel
import EventSDK
import Simulation

/// Writes the events of visits as the phones would record them, without any phone: the same bytes,
/// many times faster.
///
/// What does not change from event to event is encoded once for each phone; what the events say goes
/// from the player straight into the bytes.
struct EventWriter {
  private var sink = ByteSink()
  private let population: Population
  private let names: [[UInt8]]

  init(population: Population) {
    self.population = population
    names = EventKind.allCases.map { kind in
      var name: [UInt8] = []
      JSONText.append(kind.name, to: &name)
      return name
    }
  }

  var bytes: [UInt8] { sink.bytes }
  var count: Int { sink.bytes.count }
  mutating func removeAll() { sink.bytes.removeAll(keepingCapacity: true) }

  /// What is the same in all events of a phone on a day.
  struct PhoneBytes {
    let online: Event.DeviceJSON
    let offline: Event.DeviceJSON
    let userID: [UInt8]
    let clockError: Int64
    let isTest: Bool

    /// `installID` is that of an earlier install; nil for the one the phone has in its world.
    init(_ user: Int, on day: CivilDate, _ population: Population, installID: String? = nil) {
      var device = population.device(user, on: day)
      device.installID = installID ?? device.installID
      device.network = population.specification.networks.names[population.network(user)]
      online = Self.encoded(device)
      device.network = "none"
      offline = Self.encoded(device)
      var userID: [UInt8] = []
      JSONText.append(population.userID(user), to: &userID)
      self.userID = userID
      clockError = population.clockError(user).milliseconds
      isTest = population.isTestDevice(user)
    }

    private static func encoded(_ device: DeviceContext) -> Event.DeviceJSON {
      Event.DeviceJSON(
        Event(
          eventID: "", eventName: "", schemaVersion: 1, eventTime: 0, userID: nil,
          deviceID: device.deviceID, installID: device.installID, sessionID: "", seq: 0,
          platform: device.platform, osVersion: device.osVersion,
          deviceModel: device.deviceModel, appVersion: device.appVersion, locale: device.locale,
          timezone: device.timezone, network: device.network, properties: []))
    }
  }

  /// When a line arrived, and where it lies.
  struct Stamp {
    var receivedAt: Int64
    var range: Range<Int>
  }

  /// Appends a visit's events, a line each; answers how many.
  mutating func write(
    _ session: Session, startingAt start: Int64, firstSeq: Int64, offlineUntil: Int64,
    _ phone: PhoneBytes
  ) -> Int {
    write(session, startingAt: start, firstSeq: firstSeq, offlineUntil: offlineUntil, phone) {
      _, _, _ in
    }
  }

  /// The same as a collector keeps them: with the app, and when they were sent and received.
  mutating func write(
    _ session: Session, startingAt start: Int64, firstSeq: Int64, offlineUntil: Int64,
    _ phone: PhoneBytes, stamps: inout [Stamp]
  ) -> Int {
    var from = sink.bytes.count
    let appID = population.specification.appID
    return write(
      session, startingAt: start, firstSeq: firstSeq, offlineUntil: offlineUntil, phone
    ) { time, id, bytes in
      // A batch leaves some seconds later, or when the network is back.
      let receivedAt = max(time, offlineUntil) + 1_000 + Int64(id.low % 29_000)
      bytes.append(contentsOf: ",\"app_id\":".utf8)
      JSONText.append(appID, to: &bytes)
      bytes.append(contentsOf: ",\"sent_at\":\"".utf8)
      EventTimestamp.append(receivedAt - 80 + phone.clockError, to: &bytes)
      bytes.append(contentsOf: "\",\"received_at\":\"".utf8)
      EventTimestamp.append(receivedAt, to: &bytes)
      bytes.append(0x22)
      // The closing brace and the line feed follow.
      let end = bytes.count + 2
      stamps.append(Stamp(receivedAt: receivedAt, range: from..<end))
      from = end
    }
  }

  /// The lines in the order of their arrival; of one moment, as they were written.
  func lines(by stamps: [Stamp]) -> [UInt8] {
    var lines: [UInt8] = []
    lines.reserveCapacity(sink.bytes.count)
    for stamp in stamps.sorted(by: {
      ($0.receivedAt, $0.range.lowerBound) < ($1.receivedAt, $1.range.lowerBound)
    }) {
      lines.append(contentsOf: sink.bytes[stamp.range])
    }
    return lines
  }

  private mutating func write(
    _ session: Session, startingAt start: Int64, firstSeq: Int64, offlineUntil: Int64,
    _ phone: PhoneBytes, finish: (Int64, SessionPlayer.EventID, inout [UInt8]) -> Void
  ) -> Int {
    var player = SessionPlayer(
      session, startingAt: start, population: population, isTest: phone.isTest)
    var seq = firstSeq
    var properties = ByteSink()
    properties.bytes.reserveCapacity(512)
    while let time = player.nextTime {
      properties.bytes.removeAll(keepingCapacity: true)
      properties.begin()
      let kind: EventKind
      switch player.play(into: &properties) {
      case .track(let tracked): kind = tracked
      case .comeBack: kind = .appOpen
      case .leave, .finish: continue
      }
      properties.end()
      let device = time < offlineUntil ? phone.offline : phone.online
      append(kind, player, at: time + phone.clockError, seq, phone, device)
      sink.bytes.append(contentsOf: properties.bytes)
      finish(time, player.eventID, &sink.bytes)
      sink.bytes.append(0x7D)
      sink.bytes.append(0x0A)
      seq += 1
    }
    return Int(seq - firstSeq)
  }

  /// The envelope up to the properties, member by member as `Event.appendJSON` has it.
  private mutating func append(
    _ kind: EventKind, _ player: borrowing SessionPlayer, at time: Int64, _ seq: Int64,
    _ phone: PhoneBytes, _ device: Event.DeviceJSON
  ) {
    sink.append("{\"event_id\":\"")
    appendUUID(player.eventID)
    sink.append("\",\"event_name\":")
    if player.hasRefusedName {
      JSONText.append(SessionPlayer.refusedName, to: &sink.bytes)
    } else {
      sink.bytes.append(contentsOf: names[Int(kind.rawValue)])
    }
    sink.append(",\"schema_version\":1,\"event_time\":\"")
    EventTimestamp.append(time, to: &sink.bytes)
    sink.append("\",\"user_id\":")
    if player.isKnown {
      sink.bytes.append(contentsOf: phone.userID)
    } else {
      sink.append("null")
    }
    sink.bytes.append(contentsOf: device.ids)
    sink.append("\"sess_")
    appendHexadecimal(player.sessionNumber, 16, to: &sink.bytes)
    sink.append("\",\"seq\":")
    JSONText.append(seq, to: &sink.bytes)
    sink.bytes.append(contentsOf: device.facts)
  }

  private mutating func appendUUID(_ id: SessionPlayer.EventID) {
    appendHexadecimal(id.high, 8, to: &sink.bytes)
    sink.bytes.append(0x2D)
    appendHexadecimal(id.high << 32, 4, to: &sink.bytes)
    sink.bytes.append(0x2D)
    appendHexadecimal(id.high << 48, 4, to: &sink.bytes)
    sink.bytes.append(0x2D)
    appendHexadecimal(id.low, 4, to: &sink.bytes)
    sink.bytes.append(0x2D)
    appendHexadecimal(id.low << 16, 12, to: &sink.bytes)
  }
}
