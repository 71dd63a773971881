/// Phones by the time of what happens next; equal times in order of the user.
struct PhoneQueue {
  private var heap: [(time: Int64, user: Int)] = []

  var nextTime: Int64 { heap.first?.time ?? .max }

  private static func isBefore(
    _ left: (time: Int64, user: Int),
    _ right: (time: Int64, user: Int)
  ) -> Bool {
    left.time == right.time ? left.user < right.user : left.time < right.time
  }

  mutating func insert(_ user: Int, at time: Int64) {
    heap.append((time, user))
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard Self.isBefore(heap[child], heap[parent]) else { break }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  mutating func popFirst() -> (time: Int64, user: Int)? {
    guard let first = heap.first else { return nil }
    let last = heap.removeLast()
    guard !heap.isEmpty else { return first }
    heap[0] = last
    var parent = 0
    while true {
      var smallest = parent
      for child in (2 * parent + 1)..<(2 * parent + 3) where child < heap.count {
        if Self.isBefore(heap[child], heap[smallest]) { smallest = child }
      }
      guard smallest != parent else { return first }
      heap.swapAt(parent, smallest)
      parent = smallest
    }
  }
}
