package import Columnar

/// The tables of the shop's operational database, and what they hold.
///
/// A moment is `timestamp(3) with time zone`, with one exception that real databases have and that is
/// planted here: `orders.paid_at` is a wall clock in Seoul and does not say so. Money is whole won.
package enum ShopTable: String, CaseIterable, Sendable {
  /// One row an order, as it stands now.
  case orders
  /// What each order is for: one row a product.
  case orderItems = "order_items"
  /// The change feed of the members: one row a change, by `seq`, in the order of its arrival.
  case usersCDC = "users_cdc"
  /// The change feed of the products.
  case productsCDC = "products_cdc"
  /// Which member has been seen on which device, and since when.
  case idMap = "id_map"
  case pushCampaigns = "push_campaigns"
  case botRules = "bot_rules"
  /// Members who want to be forgotten.
  case erasureRequests = "erasure_requests"
  case dimDate = "dim_date"
  case fxRates = "fx_rates"
  case appReleases = "app_releases"

  package var name: String { rawValue }

  /// The names of the columns that tell rows apart.
  package var key: [String] {
    switch self {
    case .orders: ["order_id"]
    case .orderItems: ["order_id", "line_no"]
    case .usersCDC, .productsCDC: ["seq"]
    case .idMap: ["device_id", "user_id"]
    case .pushCampaigns: ["campaign_id"]
    case .botRules: ["rule_id"]
    case .erasureRequests: ["request_id"]
    case .dimDate: ["date_key"]
    case .fxRates: ["rate_date", "currency", "revision"]
    case .appReleases: ["platform", "version", "date"]
    }
  }

  /// The columns in order. What is an order's or a feed's may be NULL only where it says so.
  package var schema: Schema { Schema(fields) }

  private static let moment = DataType.timestampWithTimeZone(precision: 3)

  private static func must(_ name: String, _ type: DataType) -> Field {
    Field(name, type, isNullable: false)
  }

  private static func may(_ name: String, _ type: DataType) -> Field { Field(name, type) }

  private var fields: [Field] {
    let must = Self.must
    let may = Self.may
    switch self {
    case .orders:
      return [
        must("order_id", .varchar), may("user_id", .varchar), must("status", .varchar),
        must("amount_krw", .bigint), must("currency", .varchar),
        may("paid_at", .timestamp(precision: 3)), may("payment_method", .varchar),
        may("app_version", .varchar), must("updated_at", Self.moment),
      ]
    case .orderItems:
      return [
        must("order_id", .varchar), must("line_no", .bigint), must("product_id", .varchar),
        must("quantity", .bigint), must("unit_price_krw", .bigint),
      ]
    case .usersCDC:
      return [
        must("user_id", .varchar), may("tier", .varchar), may("region", .varchar),
        may("marketing_consent", .boolean), must("op", .varchar), must("seq", .bigint),
        must("updated_at", Self.moment),
      ]
    case .productsCDC:
      return [
        must("product_id", .varchar), may("name_ko", .varchar), may("category", .varchar),
        may("brand", .varchar), may("list_price", .bigint), must("op", .varchar),
        must("seq", .bigint), must("updated_at", Self.moment),
      ]
    case .idMap:
      return [
        must("device_id", .varchar), must("user_id", .varchar), must("source", .varchar),
        must("linked_at", Self.moment),
      ]
    case .pushCampaigns:
      return [
        must("campaign_id", .varchar), must("title_ko", .varchar), must("sent_at", Self.moment),
        must("audience", .varchar), must("is_marketing", .boolean),
      ]
    case .botRules:
      return [
        must("rule_id", .varchar), must("field", .varchar), must("comparison", .varchar),
        must("value", .varchar), must("valid_from", .date), may("valid_until", .date),
      ]
    case .erasureRequests:
      return [
        must("request_id", .varchar), must("user_id", .varchar), must("requested_at", Self.moment),
        must("channel", .varchar), must("status", .varchar),
      ]
    case .dimDate:
      return [
        must("date_key", .bigint), must("date", .date), must("year", .bigint),
        must("quarter", .bigint), must("month", .bigint), must("day", .bigint),
        must("iso_weekday", .bigint), must("weekday_ko", .varchar), must("is_weekend", .boolean),
        must("is_holiday", .boolean), may("holiday_name_ko", .varchar), must("iso_week", .varchar),
      ]
    case .fxRates:
      return [
        must("rate_date", .date), must("currency", .varchar),
        must("krw_per_unit", .decimal(precision: 12, scale: 2)),
        must("published_at", Self.moment), must("revision", .bigint),
      ]
    case .appReleases:
      return [
        must("platform", .varchar), must("version", .varchar), must("released_on", .date),
        must("date", .date), must("adoption", .decimal(precision: 4, scale: 3)),
      ]
    }
  }
}
