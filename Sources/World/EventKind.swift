/// The events of the shop app, in the order of its tracking plan.
enum EventKind: UInt8, CaseIterable, Sendable {
  case screenView, productViewed, productClicked, appOpen, sessionStart, sessionEnd, search
  case addToCart, cartViewed, adImpression, pushReceived, pushOpened, checkoutStarted
  case checkoutStepCompleted, login, purchaseCompleted, purchaseFailed, refundRequested

  /// What a visitor does between coming and leaving, at random.
  static let body: [EventKind] = [
    .screenView, .productViewed, .productClicked, .search, .addToCart, .cartViewed, .adImpression,
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
    }
  }
}
