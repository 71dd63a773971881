// What becomes of the messages of one append: a slot for each, filled when the cluster has answered.

internal import CRDKafka
internal import Dispatch
internal import Synchronization

/// The fate of the messages of one append.
///
/// It keeps itself alive until every message that was handed over has been reported, so a report that
/// comes after the waiter has given up finds its slot.
///
/// `@unchecked Sendable`: a slot is written once, by the polling thread, before that thread counts the
/// message as reported; slots are read only after the semaphore said that all are.
final class Delivery: @unchecked Sendable {
  /// One message: where it went, or why not.
  struct Slot {
    fileprivate var owner: Unmanaged<Delivery>
    fileprivate(set) var code: Int32 = 0
    /// -1 where the cluster did not say: a record that was sent again and had been there already.
    fileprivate(set) var offset: Int64 = -1
  }

  private let slots: UnsafeMutablePointer<Slot>
  private let count: Int
  /// Messages without a report, and one more while messages are still being handed over.
  private let waiting = Atomic<Int>(1)
  private let isReported = DispatchSemaphore(value: 0)

  init(count: Int) {
    self.count = count
    slots = .allocate(capacity: max(count, 1))
    let owner = Unmanaged.passUnretained(self)
    for index in 0..<count { (slots + index).initialize(to: Slot(owner: owner)) }
    // Given back with the last report.
    _ = Unmanaged.passRetained(self)
  }

  deinit { slots.deallocate() }

  /// Called before message `index` is handed over; the pointer travels with it.
  func expect(_ index: Int) -> UnsafeMutableRawPointer {
    waiting.add(1, ordering: .relaxed)
    return UnsafeMutableRawPointer(slots + index)
  }

  /// Message `index` was not taken after all.
  func refuse(_ index: Int, _ code: Int32) {
    slots[index].code = code
    countDown()
  }

  /// Waits until every message is reported; false where `deadline` came first. Once only.
  func wait(until deadline: DispatchTime) -> Bool {
    countDown()
    return isReported.wait(timeout: deadline) == .success
  }

  /// How many have no report yet.
  var unreportedCount: Int { waiting.load(ordering: .relaxed) }

  /// The slot of message `index`; only after `wait` answered true.
  subscript(index: Int) -> Slot { slots[index] }

  /// librdkafka's delivery report: on the polling thread.
  static let report: tapline_delivery = { _, message, _ in
    guard let message, let slot = message.pointee._private?.assumingMemoryBound(to: Slot.self)
    else { return }
    slot.pointee.code = message.pointee.err
    if message.pointee.offset >= 0 { slot.pointee.offset = message.pointee.offset }
    slot.pointee.owner.takeUnretainedValue().countDown()
  }

  private func countDown() {
    guard waiting.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 else { return }
    isReported.signal()
    Unmanaged.passUnretained(self).release()
  }
}
