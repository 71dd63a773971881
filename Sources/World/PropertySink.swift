// What an event says goes into a sink, value by value. The same code draws the values for a phone,
// which needs them as JSON members, and for bulk generation, which needs their bytes and cannot
// afford an array for each event.

import EventModel

/// The keys of properties, over both apps.
enum PropertyKey: UInt8, Sendable {
  case screen, previousScreen, productID, price, currency, position, source, listID, cold
  case referrer, durationMilliseconds, query, resultCount, quantity, cartValue, adID, placement
  case campaignID, cartID, value, step, method, orderID, amount, paymentMethod, reason, isTest
  case mode, stageID, attempt, stars, result, itemID, priceMinor, receiptID, virtualCurrencyDelta
  case adUnit, network, rewarded, completed, watchMilliseconds, ecpmMicros, items

  /// The key as it stands in JSON.
  var literal: StaticString {
    switch self {
    case .screen: "screen"
    case .previousScreen: "previous_screen"
    case .productID: "product_id"
    case .price: "price"
    case .currency: "currency"
    case .position: "position"
    case .source: "source"
    case .listID: "list_id"
    case .cold: "cold"
    case .referrer: "referrer"
    case .durationMilliseconds: "duration_ms"
    case .query: "query"
    case .resultCount: "result_count"
    case .quantity: "quantity"
    case .cartValue: "cart_value"
    case .adID: "ad_id"
    case .placement: "placement"
    case .campaignID: "campaign_id"
    case .cartID: "cart_id"
    case .value: "value"
    case .step: "step"
    case .method: "method"
    case .orderID: "order_id"
    case .amount: "amount"
    case .paymentMethod: "payment_method"
    case .reason: "reason"
    case .isTest: "is_test"
    case .mode: "mode"
    case .stageID: "stage_id"
    case .attempt: "attempt"
    case .stars: "stars"
    case .result: "result"
    case .itemID: "item_id"
    case .priceMinor: "price_minor"
    case .receiptID: "receipt_id"
    case .virtualCurrencyDelta: "virtual_currency_delta"
    case .adUnit: "ad_unit"
    case .network: "network"
    case .rewarded: "rewarded"
    case .completed: "completed"
    case .watchMilliseconds: "watch_ms"
    case .ecpmMicros: "ecpm_usd_micros"
    case .items: "items"
    }
  }

  var name: String { "\(literal)" }
}

/// Takes the properties of one event in their order.
protocol PropertySink {
  /// One of a table's names.
  mutating func name(_ key: PropertyKey, _ table: NameTable, _ index: Int)
  /// A text without characters that JSON escapes.
  mutating func text(_ key: PropertyKey, _ value: String)
  mutating func number(_ key: PropertyKey, _ value: Int)
  mutating func bool(_ key: PropertyKey, _ value: Bool)
  /// A prefix and a number with leading zeros: `SKU00042`.
  mutating func padded(_ key: PropertyKey, _ prefix: StaticString, _ value: Int, _ digits: Int)
  /// A prefix and the upper hexadecimal digits of a random number: `ord_0f3a…`.
  mutating func hex(_ key: PropertyKey, _ prefix: StaticString, _ value: UInt64, _ digits: Int)
}

/// Properties as JSON members, for a phone's `track`.
struct MemberSink: PropertySink {
  private(set) var members: [JSONMember] = []

  mutating func name(_ key: PropertyKey, _ table: NameTable, _ index: Int) {
    text(key, table.names[index])
  }
  mutating func text(_ key: PropertyKey, _ value: String) {
    members.append(JSONMember(key.name, .string(value)))
  }
  mutating func number(_ key: PropertyKey, _ value: Int) {
    members.append(JSONMember(key.name, .integer(Int64(value))))
  }
  mutating func bool(_ key: PropertyKey, _ value: Bool) {
    members.append(JSONMember(key.name, .bool(value)))
  }
  mutating func padded(_ key: PropertyKey, _ prefix: StaticString, _ value: Int, _ count: Int) {
    text(key, "\(prefix)" + digits(value, count))
  }
  mutating func hex(_ key: PropertyKey, _ prefix: StaticString, _ value: UInt64, _ count: Int) {
    text(key, "\(prefix)" + hexadecimal(value, count))
  }
}

/// Properties as the bytes of a JSON object, as `[JSONMember].appendJSON` writes them.
struct ByteSink: PropertySink {
  var bytes: [UInt8] = []
  private var isFirst = true

  mutating func begin() {
    bytes.append(0x7B)
    isFirst = true
  }
  mutating func end() { bytes.append(0x7D) }

  private mutating func key(_ key: PropertyKey) {
    if isFirst { isFirst = false } else { bytes.append(0x2C) }
    bytes.append(0x22)
    append(key.literal)
    bytes.append(0x22)
    bytes.append(0x3A)
  }
  mutating func append(_ literal: StaticString) { JSONText.append(literal: literal, to: &bytes) }

  mutating func name(_ key: PropertyKey, _ table: NameTable, _ index: Int) {
    self.key(key)
    table.appendJSON(index, to: &bytes)
  }
  mutating func text(_ key: PropertyKey, _ value: String) {
    self.key(key)
    JSONText.append(value, to: &bytes)
  }
  mutating func number(_ key: PropertyKey, _ value: Int) {
    self.key(key)
    JSONText.append(Int64(value), to: &bytes)
  }
  mutating func bool(_ key: PropertyKey, _ value: Bool) {
    self.key(key)
    append(value ? "true" : "false")
  }
  mutating func padded(_ key: PropertyKey, _ prefix: StaticString, _ value: Int, _ count: Int) {
    self.key(key)
    bytes.append(0x22)
    append(prefix)
    appendPadded(value, count, to: &bytes)
    bytes.append(0x22)
  }
  mutating func hex(_ key: PropertyKey, _ prefix: StaticString, _ value: UInt64, _ count: Int) {
    self.key(key)
    bytes.append(0x22)
    append(prefix)
    appendHexadecimal(value, count, to: &bytes)
    bytes.append(0x22)
  }
}

/// A number in decimal with leading zeros; longer numbers keep all their digits.
func digits(_ value: Int, _ count: Int) -> String {
  let text = String(value)
  return text.utf8.count >= count
    ? text : String(repeating: "0", count: count - text.utf8.count) + text
}

func appendPadded(_ value: Int, _ count: Int, to bytes: inout [UInt8]) {
  var limit = 10
  var digits = 1
  while value >= limit, digits < 18 {
    limit *= 10
    digits += 1
  }
  for _ in 0..<max(0, count - digits) { bytes.append(0x30) }
  JSONText.append(Int64(value), to: &bytes)
}

/// Lower-case hexadecimal digits of the upper bits of a random number.
func hexadecimal(_ value: UInt64, _ count: Int) -> String {
  var bytes: [UInt8] = []
  appendHexadecimal(value, count, to: &bytes)
  return String(decoding: bytes, as: UTF8.self)
}

func appendHexadecimal(_ value: UInt64, _ count: Int, to bytes: inout [UInt8]) {
  for index in 0..<count {
    let digit = UInt8(truncatingIfNeeded: value >> UInt64(60 - 4 * index)) & 0xF
    bytes.append(digit < 10 ? 0x30 + digit : 0x57 + digit)
  }
}
