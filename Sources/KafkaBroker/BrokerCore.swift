// What all connections share: the log, its groups, the threads and queues that answers wait in.

internal import EventLog
internal import KafkaProtocol
internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// The broker without its sockets.
final class BrokerCore: Sendable {
  /// The only node there is.
  static let nodeID: Int32 = 1
  static let host = "127.0.0.1"
  static let clusterID = "tapline"

  let log: EventLog
  let groups: GroupCoordinator
  let configuration: BrokerConfiguration
  let budget: MemoryBudget
  let waiting = WaitingFetches()
  let rooms: FetchRooms
  let storyTime: @Sendable () -> Int64
  let loop: any EventLoop
  private let pool: NIOThreadPool
  private let bound = Mutex<Int32>(0)
  private let groupAlarm = Mutex<Int64?>(nil)
  private let housekeeping = Mutex<RepeatedTask?>(nil)
  private let isClosed = Atomic<Bool>(false)

  init(
    log: EventLog,
    configuration: BrokerConfiguration,
    loop: any EventLoop,
    storyTime: @escaping @Sendable () -> Int64
  ) {
    self.log = log
    self.configuration = configuration
    self.loop = loop
    self.storyTime = storyTime
    groups = GroupCoordinator(log: log, limits: configuration.groups)
    budget = MemoryBudget(bytesMax: configuration.bytesInFlightMax)
    rooms = FetchRooms(bytesMax: configuration.fetchBytesMax)
    pool = NIOThreadPool(numberOfThreads: max(1, configuration.threadCount))
    pool.start()
  }

  /// The port that clients are told.
  var port: Int32 { bound.withLock { $0 } }

  func open(port: Int) {
    bound.withLock { $0 = Int32(truncatingIfNeeded: port) }
    log.onAppend { [waiting] partition, bytes in waiting.appended(partition, bytes: bytes) }
    let interval = TimeAmount.milliseconds(max(100, configuration.retentionCheckMilliseconds))
    let task = loop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { [weak self] _ in
      self?.onThread { core in core.forgetOld() }
    }
    housekeeping.withLock { $0 = task }
  }

  /// Nothing waits any more.
  func quiesce() {
    housekeeping.withLock { $0?.cancel() }
    waiting.close()
    groups.close()
  }

  /// Waits for what is being done, ends the threads, and makes the log durable.
  ///
  /// After it nothing of the broker speaks to an event loop any more.
  func close() {
    guard !isClosed.exchange(true, ordering: .acquiringAndReleasing) else { return }
    log.onAppend(nil)
    try? pool.syncShutdownGracefully()
    log.waitForActions()
    try? log.sync()
  }

  // MARK: Threads and clocks

  /// Runs `body` where it may block.
  func onThread(_ body: @escaping @Sendable (BrokerCore) -> Void) {
    pool.submit { state in
      guard state == .active else { return }
      body(self)
    }
  }

  func answer(
    _ frame: Frame,
    host: String,
    _ reply: @escaping @Sendable (RequestOutcome) -> Void
  ) {
    let router = RequestRouter(core: self, frame: frame, host: host, reply: reply)
    // A fetch decides by itself whether it has to wait for a disk.
    if RequestHeader.api(of: frame.bytes) == .fetch { return router.route() }
    pool.submit { state in
      guard state == .active else { return reply(.close) }
      router.route()
    }
  }

  /// Milliseconds of wall time that never go back: what sessions and rebalances go by.
  var now: Int64 { Int64(NIODeadline.now().uptimeNanoseconds / 1_000_000) }

  /// Sees to it that the groups are looked at when the next of their deadlines comes.
  func setGroupAlarm() {
    guard let next = groups.nextDeadline else { return }
    let isNew = groupAlarm.withLock { alarm in
      if let alarm, alarm <= next { return false }
      alarm = next
      return true
    }
    guard isNew else { return }
    loop.scheduleTask(in: .milliseconds(max(1, next - now))) { [weak self] in
      self?.onThread { core in
        core.groupAlarm.withLock { if $0 == next { $0 = nil } }
        core.groups.tick(now: core.now)
        core.setGroupAlarm()
      }
    }
  }

  /// Whether clients may make so many partitions more: each of them keeps files open.
  func hasRoom(forPartitions count: Int) -> Bool {
    let existing = log.topicNames().reduce(0) { $0 + (log.topic($1)?.partitionCount ?? 0) }
    return existing + count <= configuration.partitionsMax
  }

  /// Old segments by their topics' settings, and old offsets of groups without members.
  private func forgetOld() {
    let time = storyTime()
    for name in log.topicNames() { _ = try? log.applyRetention(now: time, topic: name) }
    try? groups.expireOffsets(before: time - configuration.offsetsRetentionMilliseconds)
  }
}
