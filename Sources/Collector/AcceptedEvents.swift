// What a request's answer knows of its accepted events. Most answers are only counted, so an event is
// made of it when somebody asks: the ids lie one behind the other, the addresses by partition.

package import KafkaProtocol

/// The accepted events of one request, in its order, with their addresses in the log.
package struct AcceptedEvents: Sendable, RandomAccessCollection {
  private struct Entry: Sendable {
    /// Position among the request's events.
    var index: Int32
    /// The partition's number, and the record's position among this request's there.
    var partition: Int32
    var position: Int32
    /// Behind its id in `ids`.
    var idEnd: Int32
  }

  private var entries: [Entry] = []
  private var ids: [UInt8] = []
  private var topic = ""
  /// By partition; empty while the events are not in the log yet.
  private var places: [RecordPlaces?] = []

  package init() {}

  package var startIndex: Int { 0 }
  package var endIndex: Int { entries.count }

  package subscript(position: Int) -> AcceptedEvent {
    let entry = entries[position]
    let start = position == 0 ? 0 : Int(entries[position - 1].idEnd)
    let number = Int(entry.partition)
    let places = number < places.count ? places[number] : nil
    return AcceptedEvent(
      index: Int(entry.index),
      eventID: String(decoding: ids[start..<Int(entry.idEnd)], as: UTF8.self),
      partition: TopicPartition(topic, entry.partition),
      offset: places.map { $0[Int(entry.position)] } ?? Offset(-1))
  }

  /// The first events only, at most `count`.
  func first(_ count: Int) -> AcceptedEvents {
    guard entries.count > count else { return self }
    var first = self
    first.entries.removeLast(entries.count - count)
    return first
  }

  mutating func add(
    index: Int, partition: Int, position: Int, eventID: UnsafeRawBufferPointer
  ) {
    if entries.isEmpty {
      // What an SDK's batch of twenty needs.
      entries.reserveCapacity(20)
      ids.reserveCapacity(20 * 36)
    }
    ids.append(contentsOf: eventID)
    entries.append(
      Entry(
        index: Int32(truncatingIfNeeded: index),
        partition: Int32(truncatingIfNeeded: partition),
        position: Int32(truncatingIfNeeded: position),
        idEnd: Int32(truncatingIfNeeded: ids.count)))
  }

  /// Names the topic, and says where the events are: by partition, nil for one without any.
  func placed(in topic: String, _ places: [RecordPlaces?] = []) -> AcceptedEvents {
    var placed = self
    placed.topic = topic
    placed.places = places
    return placed
  }
}

extension AcceptedEvents: Hashable {
  package static func == (left: AcceptedEvents, right: AcceptedEvents) -> Bool {
    left.elementsEqual(right)
  }

  package func hash(into hasher: inout Hasher) {
    for event in self { hasher.combine(event) }
  }
}
