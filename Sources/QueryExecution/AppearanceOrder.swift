// The order in which groups first appeared in the input, kept by each thread and put together at the
// end: so that groups come out in the same order however many threads there were.

/// Where a group appeared first: the batch, then the row in it.
struct Appearance: Comparable {
  /// Feed and morsel.
  var morsel: UInt64
  /// The batch's number in its morsel, and the row.
  var place: UInt64

  static func < (left: Appearance, right: Appearance) -> Bool {
    (left.morsel, left.place) < (right.morsel, right.place)
  }
}

/// The first appearances of one thread's groups, by group number; ascending, as the thread takes
/// morsels in ascending order.
struct AppearanceOrder {
  private var items: [Appearance] = []

  var byteCount: Int { items.count * MemoryLayout<Appearance>.stride }

  /// Notes the groups from `items.count` up to `groupCount`, which appeared in this batch.
  mutating func note(
    _ groups: UnsafePointer<Int32>, rowCount: Int, groupCount: Int, at position: BatchPosition
  ) {
    guard groupCount > items.count else { return }
    let morsel = UInt64(position.feed) << 48 | UInt64(position.morsel)
    let sequence = UInt64(position.sequence) << 32
    var row = 0
    while items.count < groupCount, row < rowCount {
      if Int(groups[row]) >= items.count {
        items.append(Appearance(morsel: morsel, place: sequence | UInt64(row)))
      }
      row += 1
    }
  }

  /// The order of all groups, by number in the first thread's table.
  ///
  /// `threads` are the appearances of each thread with the numbers that its groups have there; nil
  /// for the first one, whose groups keep theirs. Merges the ascending lists.
  static func merged(
    _ threads: [(order: AppearanceOrder, numbers: [Int32]?)], groupCount: Int
  ) -> [Int32] {
    var order: [Int32] = []
    order.reserveCapacity(groupCount)
    var isGiven = [Bool](repeating: false, count: groupCount)
    var places = [Int](repeating: 0, count: threads.count)
    while order.count < groupCount {
      var best = -1
      for thread in threads.indices where places[thread] < threads[thread].order.items.count {
        if best < 0
          || threads[thread].order.items[places[thread]]
            < threads[best].order.items[places[best]]
        {
          best = thread
        }
      }
      guard best >= 0 else { break }
      let place = places[best]
      places[best] = place + 1
      let group = threads[best].numbers?[place] ?? Int32(truncatingIfNeeded: place)
      if !isGiven[Int(group)] {
        isGiven[Int(group)] = true
        order.append(group)
      }
    }
    return order
  }
}
