/// The numbers and rules an app may choose: how eagerly events leave the phone, what is kept, and what
/// an answer means.
///
/// Every default trades battery and radio time against freshness. Small batches show events sooner
/// and cost more requests; large ones lose more when an install is deleted. Some values can only be
/// wrong, and are here so that a wrong client can be run and watched: each says why it is wrong.
public struct Configuration: Sendable, Hashable {
  /// A flush starts as soon as this many events wait. At 1 the radio wakes up for every event.
  public var flushAt = 20
  /// A flush starts at the latest this long after the first waiting event.
  public var flushIntervalMilliseconds: Int64 = 30_000
  /// True to send everything as the app leaves the screen. Without it the rest of a visit arrives
  /// with the next one, which may be tomorrow or never.
  public var flushesOnBackground = true
  /// Names of events that leave at once when there is a network: those that cost money if late.
  public var priorityEvents: Set<String> = []
  /// The most events in one request; a long queue leaves in several.
  public var batchEventsMax = 100
  /// The most bytes of events in one request, before compression; one event always fits.
  public var batchBytesMax = 475_000
  /// A larger event is dropped as it is tracked: no server would take it.
  public var eventBytesMax = 32_768
  /// The most events kept on the phone; beyond it some go, by `queuePolicy`, and are reported.
  public var queueEventsMax = 10_000
  public var queuePolicy = QueuePolicy.dropOldestOrdinary
  /// What to do about each kind of answer.
  public var retryTable = RetryTable()
  /// How long to wait between attempts.
  public var backoff = Backoff()
  /// True to compress request bodies.
  public var usesGzip = true
  /// Categories of events that need consent, by event name; an event without one needs none.
  public var consentCategories: [String: String] = [:]
  /// Properties whose values never leave the phone.
  public var maskedProperties: Set<String> = []
  /// True to replace texts that look like telephone numbers or e-mail addresses.
  public var masksPersonalData = false
  /// Wrong ways of doing it, off by default.
  public var mistakes: Set<Mistake> = []

  public init() {}

  /// What gives way when the queue is full.
  public enum QueuePolicy: String, Sendable, Hashable, CaseIterable {
    /// The oldest that is not a priority event; of priority events alone, the oldest.
    case dropOldestOrdinary = "drop-oldest-ordinary"
    /// The oldest, whatever it is: a purchase goes for a screen view.
    case dropOldest = "drop-oldest"
    /// The one that was just tracked: the phone keeps last week and forgets the present.
    case dropNewest = "drop-newest"
  }

  /// What clients have really got wrong.
  public enum Mistake: String, Sendable, Hashable, CaseIterable {
    /// A new `event_id` at each attempt: the server cannot tell a copy from a second event.
    case newIDOnRetry = "new-id-on-retry"
    /// `sent_at` is written once, as the batch is made: what the phone waited before it could send
    /// looks like a wrong clock, and the corrected time collapses to the moment of arrival.
    case sentAtOfBatch = "sent-at-of-batch"
    /// The queue forgets events as they are sent, not as they are confirmed: an app that is killed in
    /// between, or a lost answer, loses them.
    case deleteBeforeAnswer = "delete-before-answer"
  }

  /// The first wait after a failure; each further failure multiplies it.
  public var retryBaseMilliseconds: Int64 {
    get { backoff.baseMilliseconds }
    set { backoff.baseMilliseconds = newValue }
  }
  /// The longest wait between two attempts.
  public var retryCapMilliseconds: Int64 {
    get { backoff.capMilliseconds }
    set { backoff.capMilliseconds = newValue }
  }
}
