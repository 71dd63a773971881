/// The discrete-event queue: a binary heap by time, and by insertion among equals.
///
/// The second key makes the order total, so that a run is the same on every platform.
public struct EventQueue<Element: Sendable>: Sendable {
  private struct Entry: Sendable {
    var time: StoryTime
    var order: UInt64
    var element: Element

    func isBefore(_ other: Entry) -> Bool {
      time == other.time ? order < other.order : time < other.time
    }
  }

  private var heap: [Entry] = []
  private var inserted: UInt64 = 0

  public init() {}

  public var count: Int { heap.count }
  public var isEmpty: Bool { heap.isEmpty }

  /// The time of the earliest element; nil when the queue is empty.
  public var nextTime: StoryTime? { heap.first?.time }

  public mutating func insert(_ element: Element, at time: StoryTime) {
    heap.append(Entry(time: time, order: inserted, element: element))
    inserted += 1
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard heap[child].isBefore(heap[parent]) else { break }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  /// Takes the earliest element, if its time is not after `limit`.
  public mutating func popFirst(through limit: StoryTime) -> (time: StoryTime, element: Element)? {
    guard let first = heap.first, first.time <= limit else { return nil }
    let last = heap.removeLast()
    if !heap.isEmpty {
      heap[0] = last
      siftDown()
    }
    return (first.time, first.element)
  }

  private mutating func siftDown() {
    var parent = 0
    while true {
      var smallest = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
        if heap[child].isBefore(heap[smallest]) { smallest = child }
      }
      guard smallest != parent else { return }
      heap.swapAt(parent, smallest)
      parent = smallest
    }
  }
}
