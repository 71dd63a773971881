/// What a statement runs in: default names, time zone, clock and limits.
public struct Session: Sendable {
  public var catalog: String?
  public var schema: String?
  public var timeZone: SessionZone
  /// The session's clock, in milliseconds since 1970: story time in the course.
  public var now: @Sendable () -> Int64
  public var memoryBytesMax: Int

  public init(
    catalog: String? = nil,
    schema: String? = nil,
    timeZone: SessionZone = .utc,
    now: @escaping @Sendable () -> Int64 = { 0 },
    memoryBytesMax: Int = 2 << 30
  ) {
    self.catalog = catalog
    self.schema = schema
    self.timeZone = timeZone
    self.now = now
    self.memoryBytesMax = memoryBytesMax
  }
}
