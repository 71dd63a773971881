/// The time at which an event really happened, estimated without trusting the phone's clock.
public enum ClockCorrection {
  /// `received_at − (sent_at − event_time)`: the phone's clock measures only a duration.
  ///
  /// All in milliseconds since the epoch. Where a time is missing, or the phone says that it sent
  /// before the event happened, the phone's own `eventTime` is all there is.
  public static func corrected(eventTime: Int64, sentAt: Int64?, receivedAt: Int64?) -> Int64 {
    guard let sentAt, let receivedAt, sentAt >= eventTime else { return eventTime }
    return receivedAt - (sentAt - eventTime)
  }
}

/// What a purchase is worth.
public enum PurchaseAmount {
  /// Won paid: `amount`, else `price` × `quantity` (one where absent), else nothing.
  ///
  /// A product that does not fit 64 bits counts as nothing rather than as a wrong number.
  public static func won(amount: Int64?, price: Int64?, quantity: Int64?) -> Int64 {
    if let amount { return amount }
    guard let price else { return 0 }
    let (product, overflow) = price.multipliedReportingOverflow(by: quantity ?? 1)
    return overflow ? 0 : product
  }
}
