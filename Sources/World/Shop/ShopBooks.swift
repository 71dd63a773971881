import Columnar
import Simulation

/// What the shop writes down while its world lives: orders, members, products, devices.
///
/// 1. A day's visits are planned and placed as the phones will play them.
/// 2. What happens at each till becomes orders; what else happens to members and products is drawn
///    for the day. Each of it is an `Entry` with its moment.
/// 3. `changes(through:)` hands out the rows in the order of their moments. Only then are feeds
///    numbered and members changed, so that it does not matter in which steps one asks.
///
/// Books are their world's configuration and the moment they have come to, and nothing else: made
/// anew and asked for the same moments, they give the same rows. They know what was meant, so neither
/// a phone's mistakes nor the network's change them.
package struct ShopBooks: Sendable {
  /// Something that will be written at a moment.
  struct Entry: Sendable {
    enum Kind: Sendable {
      case row(ShopTable, [Scalar])
      case member(Int, MemberEdit, updatedAt: Int64)
      case product(Int, ProductEdit)
    }

    var time: Int64
    /// The order among entries of one moment.
    var ordinal: Int
    var kind: Kind
    var marks: ShopMarks
  }

  /// A visit with the moment at which it really begins.
  struct Placed: Sendable {
    var session: Session
    var start: Int64
  }

  let population: Population
  let shop: ShopSpecification
  private let visits: VisitPlan
  private var schedule: Schedule
  /// The first day that is not planned yet.
  private var nextDay: CivilDate
  private var entries: [Entry] = []
  private var head = 0
  private var entryCount = 0
  var members: MemberLedger
  var products: ProductLedger
  /// True for phones on which somebody has logged in.
  var linked: [Bool]
  /// True once the one of the cast has signed up whose record comes late.
  var linkedLate = false
  /// Products that have ended, as far as days are planned.
  var endedProducts: Set<Int> = []
  /// Nothing is written before this moment: the midnight of the day that is being planned.
  private(set) var floor: Int64

  init(_ visits: VisitPlan, _ shop: ShopSpecification, _ reference: ShopReference) {
    population = visits.population
    self.shop = shop
    self.visits = visits
    schedule = Schedule(population: population)
    nextDay = population.firstDay
    floor = population.start
    members = MemberLedger(population: population, shop: shop)
    products = ProductLedger(population: population, shop: shop)
    linked = Array(repeating: false, count: population.phoneCount)
    open(reference)
  }

  /// Everything that the shop writes from where it stands through `moment`, milliseconds, in order.
  ///
  /// Cost: that of planning each day that has begun since, some hundredths of a second for 2,000
  /// active users.
  package mutating func changes(through moment: Int64) -> [ShopChange] {
    while midnight(nextDay) <= moment {
      plan(nextDay)
      nextDay = nextDay.adding(days: 1)
    }
    var changes: [ShopChange] = []
    while head < entries.count, entries[head].time <= moment {
      if let change = write(entries[head]) { changes.append(change) }
      head += 1
    }
    return changes
  }

  func midnight(_ day: CivilDate) -> Int64 {
    StoryTime(day, offsetSeconds: TimeZones.seoul).milliseconds
  }

  /// Notes what will be written; a moment before the day that is planned is moved to its beginning.
  mutating func note(_ time: Int64, _ kind: Entry.Kind, _ marks: ShopMarks = []) {
    entries.append(Entry(time: max(time, floor), ordinal: entryCount, kind: kind, marks: marks))
    entryCount += 1
  }

  mutating func note(
    _ time: Int64, _ table: ShopTable, _ row: [Scalar], _ marks: ShopMarks = []
  ) {
    note(time, .row(table, row), marks)
  }

  // MARK: - A day

  private mutating func plan(_ day: CivilDate) {
    floor = max(population.start, midnight(day))
    var tills: [Placed] = []
    var active: Set<Int> = []
    for session in visits.sessions(on: day) {
      let script = SessionScript(session, population: population)
      let start = schedule.place(session, script).start
      guard !session.isBot else { continue }
      active.insert(session.user)
      link(session, script, start)
      if session.outcome != .noCheckout { tills.append(Placed(session: session, start: start)) }
    }
    let sales = planOrders(day, tills)
    planMembers(day, sales, active)
    planProducts(day)
    planDevices(day)
    sortEntries()
  }

  /// What has been handed out goes, and the rest comes into the order of its moments.
  private mutating func sortEntries() {
    entries.removeFirst(head)
    head = 0
    entries.sort { ($0.time, $0.ordinal) < ($1.time, $1.ordinal) }
  }

  private mutating func write(_ entry: Entry) -> ShopChange? {
    func change(_ table: ShopTable, _ row: [Scalar]?) -> ShopChange? {
      row.map { ShopChange(time: entry.time, table: table, row: $0, marks: entry.marks) }
    }
    switch entry.kind {
    case .row(let table, let row): return change(table, row)
    case .member(let user, let edit, let updatedAt):
      return change(.usersCDC, members.row(user, edit, updatedAt: updatedAt))
    case .product(let index, let edit):
      return change(.productsCDC, products.row(index, edit, updatedAt: entry.time))
    }
  }

  // MARK: - The first moment

  /// What the shop knows before anybody comes.
  private mutating func open(_ reference: ShopReference) {
    for row in reference.rows(.dimDate) { note(floor, .dimDate, row) }
    for row in reference.rows(.botRules) { note(floor, .botRules, row) }
    // The shop's calendar of campaigns belongs to its first day, wherever that lies.
    let shift = population.firstDay.daysSinceEpoch - ShopReference.firstDay.daysSinceEpoch
    for row in reference.rows(.pushCampaigns) {
      note(floor, .pushCampaigns, row.enumerated().map { column, value in
        guard ShopTable.pushCampaigns.schema[column].name == "sent_at",
          case .integer(let moment) = value
        else { return value }
        return .integer(moment + Int64(shift) * 86_400_000_000)
      })
    }
    let published = ShopTable.fxRates.schema.index(of: "published_at") ?? 0
    for row in reference.rows(.fxRates) {
      guard case .integer(let moment) = row[published] else { continue }
      note(moment / 1_000, .fxRates, row)
    }
    for (time, row) in releaseRows() { note(time, .appReleases, row) }
    for index in 0..<population.specification.productCount {
      note(floor, .product(index, .snapshot))
    }
    for user in members.known {
      note(floor, .member(user, .snapshot, updatedAt: members.lastChange(user)))
    }
    sortEntries()
  }

  /// How far each release has come, each share from the midnight of its day on.
  private func releaseRows() -> [(Int64, [Scalar])] {
    var rows: [(Int64, [Scalar])] = []
    for platform in population.specification.platforms {
      for release in platform.releases.releases {
        let first = population.firstDay.adding(days: release.day)
        for (offset, permille) in release.adoptionPermille.enumerated() {
          let day = first.adding(days: offset)
          rows.append((
            midnight(day),
            [
              .text(platform.name), .text(population.reported(release.version)),
              .integer(Int64(first.daysSinceEpoch)), .integer(Int64(day.daysSinceEpoch)),
              .integer(Int64(permille)),
            ]
          ))
        }
      }
    }
    return rows
  }
}

extension World {
  /// The books of this world's shop, standing before its first moment; nil for an app without one.
  package func shopBooks(_ reference: ShopReference) -> ShopBooks? { shopBooksMaker()(reference) }

  /// Makes this world's books on any thread.
  package func shopBooksMaker() -> @Sendable (ShopReference) -> ShopBooks? {
    let visits = visits
    return { reference in
      visits.population.specification.shop.map { ShopBooks(visits, $0, reference) }
    }
  }
}
