import Columnar
import Simulation

/// What happens to a member's record.
enum MemberEdit: Sendable {
  /// Read as it stood when the feed began.
  case snapshot
  case signUp
  /// One level up or down; at the end of the levels, the other way.
  case levelUp, levelDown
  case consent
  case region
  /// The same row once more.
  case resend
  /// What the record should have been before its last change: the region was another.
  case correction
  case leave
}

/// The members as their change feed has described them so far.
///
/// A member is what the seed says until something changes; only those who have changed are kept.
struct MemberLedger: Sendable {
  private struct State {
    var tier: Int
    /// Before the last change of it.
    var tierBefore: Int
    /// Nil where the member has not said.
    var region: Int?
    var consents: Bool
    var isMember: Bool
  }

  private let population: Population
  private let shop: ShopSpecification
  private let tierWeights: WeightTable
  private var changed: [Int: State] = [:]
  private var lastSeq: Int64 = 0
  /// Those who have left, as far as days are planned.
  var gone: Set<Int> = []

  init(population: Population, shop: ShopSpecification) {
    self.population = population
    self.shop = shop
    // From the highest level down: the most active come first.
    tierWeights = WeightTable(shop.tiers.weightList.reversed())
  }

  /// Everybody who can be a member: the crowd and the cast, for bots never log in.
  private var everybody: Range<Int> { 0..<population.botStart }

  /// Those who are members when the feed begins.
  var known: [Int] { everybody.filter { !isNew($0) } }

  /// True for those who sign up only when they first come, and for the one of the cast whose record
  /// comes late.
  func isNew(_ user: Int) -> Bool {
    if let role = population.role(user) { return role == .hoursOff }
    var generator = SeededGenerator(seed: population.seed, label: "new-member", UInt64(user))
    return generator.below(10_000) < shop.newMembers
  }

  /// When the record of a member had changed last as the feed began: within two years before.
  func lastChange(_ user: Int) -> Int64 {
    var generator = SeededGenerator(seed: population.seed, label: "member-since", UInt64(user))
    return population.start - Int64(generator.within(3_600_000...730 * 86_400_000))
  }

  private func state(_ user: Int) -> State {
    if let known = changed[user] { return known }
    var generator = SeededGenerator(seed: population.seed, label: "member", UInt64(user))
    // The place among the most active counts for a half, chance for the other.
    let place = min(user, population.userCount - 1) * 10_000 / population.userCount
    let quantile = (place + generator.below(10_000)) / 2
    let fromTop = tierWeights.index(at: quantile * tierWeights.total / 10_000)
    let tier = shop.tiers.names.count - 1 - fromTop
    let region = shop.regions.pickIndex(&generator)
    return State(
      tier: tier, tierBefore: tier, region: generator.below(100) < 3 ? nil : region,
      consents: generator.below(1_000) < shop.consentPermille, isMember: !isNew(user))
  }

  /// The feed's next row; nil where the edit does not fit, such as a change of somebody who has left.
  mutating func row(_ user: Int, _ edit: MemberEdit, updatedAt: Int64) -> [Scalar]? {
    var state = state(user)
    var op = "u"
    var shown = state
    switch edit {
    case .snapshot: op = "r"
    case .signUp:
      guard !state.isMember else { return nil }
      state.isMember = true
      op = "c"
      shown = state
    default:
      guard state.isMember else { return nil }
      switch edit {
      case .levelUp, .levelDown:
        state.tierBefore = state.tier
        state.tier = next(state.tier, isUp: edit == .levelUp)
      case .consent: state.consents.toggle()
      case .region: state.region = another(state.region)
      case .leave:
        state.isMember = false
        op = "d"
      default: break
      }
      shown = state
      if edit == .correction {
        shown.tier = state.tierBefore
        shown.region = another(state.region)
      }
    }
    if edit != .snapshot { changed[user] = state }
    lastSeq += 1
    let isGone = op == "d"
    return [
      .text(population.userID(user)),
      isGone ? .null : .text(shop.tiers.names[shown.tier]),
      isGone ? .null : shown.region.map { .text(shop.regions.names[$0]) } ?? .null,
      isGone ? .null : .boolean(shown.consents), .text(op), .integer(lastSeq),
      .integer(updatedAt * 1_000),
    ]
  }

  private func next(_ tier: Int, isUp: Bool) -> Int {
    let last = shop.tiers.names.count - 1
    let wanted = tier + (isUp ? 1 : -1)
    return (0...last).contains(wanted) ? wanted : min(max(tier - (isUp ? 1 : -1), 0), last)
  }

  private func another(_ region: Int?) -> Int {
    ((region ?? -1) + 1) % shop.regions.names.count
  }
}
