import EventModel
import Simulation

/// Plays a script: each step at its moment, with what the event says.
///
/// The phone and the truth ledger play the same sessions through this type, so that what was meant
/// and what was sent can be compared field by field.
struct SessionPlayer {
  /// One event as the visitor meant it.
  struct Deed {
    var kind: EventKind
    var eventID: String
    var properties: [JSONMember]
  }

  enum Play {
    case track(Deed)
    case leave
    case comeBack(Deed)
    case finish
  }

  let session: Session
  let sessionID: String
  /// The moment of the next step; nil when the script is over.
  private(set) var nextTime: Int64?
  /// True from the login on, and from the start for known users.
  private(set) var isKnown: Bool

  private let shop: Shop
  private let script: SessionScript
  private let start: Int64
  private var position = 0
  private var generator: SeededGenerator
  private var screen = "home"
  private var product: Int
  private var cartID = ""
  private var cartValue = 0
  private var quantity = 1
  private var checkoutStep = 0
  private var orderID = ""
  private var amount = 0

  init(_ session: Session, startingAt start: Int64, shop: Shop) {
    self.session = session
    self.shop = shop
    self.start = start
    script = SessionScript(session, shop: shop)
    generator = SeededGenerator(seed: session.seed ^ 0x5DEE_CE66_D1CE_4E5B)
    sessionID = "sess_" + hexadecimal(generator.next(), 16)
    product = shop.products.pick(&generator)
    isKnown = !session.isGuest
    nextTime = script.steps.first.map { start + Int64($0.pause) }
  }

  /// Takes the next step; the caller has seen that there is one.
  mutating func play() -> Play {
    let time = nextTime ?? start
    let action = position < script.steps.count ? script.steps[position].action : .finish
    position += 1
    nextTime = position < script.steps.count ? time + Int64(script.steps[position].pause) : nil
    switch action {
    case .event(let kind): return .track(deed(kind, at: time))
    case .leave: return .leave
    case .comeBack: return .comeBack(deed(.appOpen, at: time))
    case .finish: return .finish
    }
  }

  private mutating func deed(_ kind: EventKind, at time: Int64) -> Deed {
    let eventID = generator.uuid()
    let properties = properties(of: kind, at: time)
    return Deed(kind: kind, eventID: eventID, properties: properties)
  }

  // MARK: - What an event says

  private mutating func properties(of kind: EventKind, at time: Int64) -> [JSONMember] {
    let specification = shop.specification
    switch kind {
    case .screenView:
      let previous = screen
      screen = specification.screens.pick(&generator)
      return [text("screen", screen), text("previous_screen", previous)]
    case .productViewed:
      product = shop.products.pick(&generator)
      return [
        text("product_id", shop.productID(product)), number("price", shop.prices[product]),
        text("currency", "KRW"), number("position", generator.within(1...40)),
        text("source", specification.productSources.pick(&generator)),
      ]
    case .productClicked:
      product = shop.products.pick(&generator)
      return [
        text("product_id", shop.productID(product)), number("position", generator.within(1...40)),
        text("list_id", specification.lists.pick(&generator)),
      ]
    case .appOpen:
      return [
        JSONMember("cold", .bool(position <= session.pushCount + 3)),
        text(
          "referrer",
          session.opensPush ? "push" : specification.referrers.pick(&generator)
        ),
      ]
    case .sessionStart: return []
    case .sessionEnd: return [number("duration_ms", Int(time - start))]
    case .search:
      return [
        text("query", specification.searchQueries[shop.queries.pick(&generator)]),
        number(
          "result_count",
          generator.below(4) == 0 ? generator.below(12) : generator.below(900)
        ),
      ]
    case .addToCart:
      let added = pickQuantity()
      cartValue += added * shop.prices[product]
      return [
        text("product_id", shop.productID(product)), number("quantity", added),
        number("price", shop.prices[product]),
      ]
    case .cartViewed: return [number("cart_value", cartValue)]
    case .adImpression:
      return [
        text("ad_id", "ad_" + digits(generator.below(specification.adCount), 4)),
        text("placement", specification.adPlacements.pick(&generator)),
      ]
    case .pushReceived, .pushOpened:
      return [
        text("campaign_id", "camp_" + digits(generator.below(specification.campaignCount), 3))
      ]
    case .login:
      isKnown = true
      return [text("method", specification.loginMethods.pick(&generator))]
    case .checkoutStarted, .checkoutStepCompleted, .purchaseCompleted, .purchaseFailed,
      .refundRequested:
      return tillProperties(of: kind)
    }
  }

  private mutating func tillProperties(of kind: EventKind) -> [JSONMember] {
    switch kind {
    case .checkoutStarted:
      cartID = "cart_" + hexadecimal(generator.next(), 12)
      quantity = pickQuantity()
      amount = quantity * shop.prices[product]
      return [text("cart_id", cartID), number("value", amount)]
    case .checkoutStepCompleted:
      checkoutStep += 1
      return [text("cart_id", cartID), number("step", checkoutStep)]
    case .purchaseCompleted:
      orderID = "ord_" + hexadecimal(generator.next(), 16)
      cartValue = 0
      return [
        text("order_id", orderID), text("product_id", shop.productID(product)),
        number("price", shop.prices[product]), number("quantity", quantity),
        number("amount", amount), text("currency", "KRW"),
        text("payment_method", shop.specification.paymentMethods.pick(&generator)),
      ]
    case .purchaseFailed:
      return [
        text("cart_id", cartID), text("reason", shop.specification.failureReasons.pick(&generator)),
        number("amount", amount),
      ]
    default:
      return [text("order_id", orderID), number("amount", amount)]
    }
  }

  private mutating func pickQuantity() -> Int {
    1 + shop.specification.quantities.pickIndex(&generator)
  }

  private func text(_ key: String, _ value: String) -> JSONMember {
    JSONMember(key, .string(value))
  }
  private func number(_ key: String, _ value: Int) -> JSONMember {
    JSONMember(key, .integer(Int64(value)))
  }
}
