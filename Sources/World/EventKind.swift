/// The events of the two apps: the shop's in the order of its tracking plan, then the game's.
///
/// Which of them a dataset has, and how often, its specification says.
enum EventKind: UInt8, CaseIterable, Sendable {
  case screenView, productViewed, productClicked, appOpen, sessionStart, sessionEnd, search
  case addToCart, cartViewed, adImpression, pushReceived, pushOpened, checkoutStarted
  case checkoutStepCompleted, login, purchaseCompleted, purchaseFailed, refundRequested
  case gameStart, stageClear, itemPurchase, adWatch, currencyEarned, currencySpent

  /// What a visitor does between coming and leaving, at random.
  static let body: [EventKind] = [
    .screenView, .productViewed, .productClicked, .search, .addToCart, .cartViewed, .adImpression,
    .gameStart, .stageClear, .adWatch, .currencyEarned, .currencySpent,
  ]

  var name: String {
    switch self {
    case .screenView: "screen_view"
    case .productViewed: "product_viewed"
    case .productClicked: "product_clicked"
    case .appOpen: "app_open"
    case .sessionStart: "session_start"
    case .sessionEnd: "session_end"
    case .search: "search"
    case .addToCart: "add_to_cart"
    case .cartViewed: "cart_viewed"
    case .adImpression: "ad_impression"
    case .pushReceived: "push_received"
    case .pushOpened: "push_opened"
    case .checkoutStarted: "checkout_started"
    case .checkoutStepCompleted: "checkout_step_completed"
    case .login: "login"
    case .purchaseCompleted: "purchase_completed"
    case .purchaseFailed: "purchase_failed"
    case .refundRequested: "refund_requested"
    case .gameStart: "game_start"
    case .stageClear: "stage_clear"
    case .itemPurchase: "item_purchase"
    case .adWatch: "ad_watch"
    case .currencyEarned: "currency_earned"
    case .currencySpent: "currency_spent"
    }
  }

  static func named(_ name: String) -> EventKind? { allCases.first { $0.name == name } }
}
