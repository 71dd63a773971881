import Columnar
import EventSDK
import Simulation

extension ShopBooks {
  private func generator(_ label: String, _ day: CivilDate) -> SeededGenerator {
    SeededGenerator(
      seed: population.seed, label: label, day.seedNumber)
  }

  private mutating func note(
    _ user: Int, _ edit: MemberEdit, at time: Int64, _ marks: ShopMarks = []
  ) {
    let time = max(time, floor)
    note(time, .member(user, edit, updatedAt: time), marks)
  }

  // MARK: - Devices

  /// A device belongs to whoever is logged in on it first: from a visit's first event, or its login.
  ///
  /// Who is new signs up at that moment, and so does who has left and comes back.
  mutating func link(_ session: Session, _ script: SessionScript, _ start: Int64) {
    let isBack = members.gone.contains(session.user)
    guard !linked[session.user] || isBack,
      let time = !session.isGuest
        ? start + script.firstEventMilliseconds : script.loginMilliseconds.map({ start + $0 })
    else { return }
    let isLate = population.role(session.user) != nil
    if isBack || members.isNew(session.user) && !isLate {
      note(session.user, .signUp, at: time)
      members.gone.remove(session.user)
    }
    guard !linked[session.user] else { return }
    linked[session.user] = true
    note(time, .idMap, [
      .text(population.device(session.user, on: population.firstDay).deviceID),
      .text(population.userID(session.user)), .text(session.isGuest ? "login" : "session"),
      .integer(max(time, floor) * 1_000),
    ])
  }

  /// Somebody else logs in on a device, in a browser that sends no events.
  mutating func planDevices(_ day: CivilDate) {
    var generator = generator("shared-devices", day)
    for _ in 0..<max(1, population.dailyActiveUsers / 400) {
      let user = generator.below(population.userCount)
      let owner = linkedUser(from: generator.below(population.userCount))
      let time = midnight(day) + Int64(generator.below(86_400_000))
      guard let owner, owner != user else { continue }
      note(time, .idMap, [
        .text(population.device(owner, on: population.firstDay).deviceID),
        .text(population.userID(user)), .text("shared"), .integer(max(time, floor) * 1_000),
      ], .deviceShared)
    }
  }

  /// The first of the crowd from a place on whose device is known.
  private func linkedUser(from place: Int) -> Int? {
    let count = population.userCount
    return (0..<count).lazy.map { (place + $0) % count }.first { linked[$0] }
  }

  // MARK: - Members

  /// What changes for members on a day: the cast's special cases, and the crowd's ordinary ones.
  mutating func planMembers(_ day: CivilDate, _ sales: [Sale], _ active: Set<Int>) {
    planCast(day, sales)
    var generator = generator("members", day)
    let from = midnight(day)
    for _ in 0..<max(2, population.userCount * shop.memberChanges / 10_000) {
      let user = generator.below(population.userCount)
      let kind = generator.below(10)
      let time = from + Int64(generator.below(86_400_000))
      let edit: MemberEdit =
        kind < 5 ? .levelUp : kind < 7 ? .levelDown : kind < 9 ? .consent : .region
      note(user, edit, at: time)
    }
    for index in 0..<2 {
      guard let user = quietMember(active, &generator) else { continue }
      let time = from + Int64(generator.within(9 * 3_600_000...14 * 3_600_000))
      note(user, .leave, at: time, .memberDeleted)
      members.gone.insert(user)
      guard index == 1 else { continue }
      note(
        user, .signUp, at: time + Int64(generator.within(3_600_000...5 * 3_600_000)),
        .memberRecreated)
      members.gone.remove(user)
    }
  }

  /// One of the quarter of the crowd that comes least, who does not come today.
  private func quietMember(_ active: Set<Int>, _ generator: inout SeededGenerator) -> Int? {
    let quarter = max(1, population.userCount / 4)
    let place = generator.below(quarter)
    return (0..<quarter).lazy.map { population.userCount - 1 - (place + $0) % quarter }
      .first { !active.contains($0) && !members.gone.contains($0) && !members.isNew($0) }
  }

  private mutating func planCast(_ day: CivilDate, _ sales: [Sale]) {
    for role in CastRole.allCases {
      let user = population.userCount + role.rawValue
      let payments = sales.filter { $0.user == user }.map(\.paidAt)
      var generator = SeededGenerator(
        seed: population.seed, label: "member-cast", UInt64(user), day.seedNumber)
      func minutes(_ range: ClosedRange<Int>) -> Int64 {
        Int64(generator.within(range)) * 60_000
      }
      let noon = midnight(day) + 12 * 3_600_000
      switch role {
      case .repeatBuyer:
        guard let first = payments.first, let last = payments.last else { continue }
        note(user, .levelUp, at: first - minutes(30...90), .memberTwice)
        note(user, .levelDown, at: last + minutes(30...90), .memberTwice)
      case .secondRepeatBuyer:
        guard let first = payments.first else { continue }
        note(user, .levelUp, at: first, .memberAtPayment)
      case .midnightBuyer:
        let time = noon + minutes(0...240)
        note(user, .levelUp, at: time, .memberTie)
        note(user, .consent, at: time, .memberTie)
      case .losesAnswer: note(user, .resend, at: noon + minutes(0...240), .memberResent)
      case .wrongZone:
        guard let first = payments.first else { continue }
        let time = first + minutes(5...15)
        note(user, .levelUp, at: time)
        note(
          max(floor, time) + minutes(60...180),
          .member(user, .correction, updatedAt: time - minutes(30...60)), .memberCorrected)
      case .hoursOff:
        guard let first = payments.first, !linkedLate else { continue }
        linkedLate = true
        note(user, .signUp, at: first + minutes(300...540), .memberLate)
      default: break
      }
    }
  }

  // MARK: - Who wants to be forgotten

  mutating func planErasures(_ sales: [Sale], _ evening: Int64) {
    for index in chosen(
      sales.map { ($0.seed, $0.paidAt < evening) }, permyriad: shop.erasures, label: "erasure")
    {
      let sale = sales[index]
      var generator = SeededGenerator(seed: sale.seed, label: "erasure-request")
      let time = sale.paidAt + Int64(generator.within(3_600_000...6 * 3_600_000))
      note(time, .erasureRequests, [
        .text("er_" + hexadecimal(generator.next(), 10)), .text(population.userID(sale.user)),
        .integer(time * 1_000), .text(["app", "email", "phone"][generator.below(3)]),
        .text("received"),
      ], .erasure)
    }
  }
}
