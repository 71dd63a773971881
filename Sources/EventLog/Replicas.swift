// Replicas of partitions, simulated: who leads, who is in sync, and how far each follower has come.
//
// A follower is a number over the leader's segments, not a second copy of them: what it lacks is what
// lies behind its number. That is enough to lose what acks=1 can lose, and to keep what acks=all
// keeps, and it costs nothing to write; it is no protection against a lost disk.
//
// ```
//   leader 1     |#########|####|     end of the log
//   follower 3   |#########|          high watermark: what all of the ISR have
//   follower 3   |######              stopped; not in the ISR
// ```
// 1. acks=all waits until everybody in the ISR has come to the end; acks=1 does not wait.
// 2. A stopped broker leaves the ISR. Where it led, the next of the ISR leads, in a new epoch, and the
//    log ends where that one had come to. What acks=1 had promised beyond it is gone.
// 3. A broker that comes back catches up, and is in sync again.

internal import KafkaProtocol

/// The replicas of one partition.
package struct ReplicaSet: Sendable, Hashable {
  /// Brokers, the preferred leader first.
  package var replicas: [Int32]
  /// Nil while nobody in sync is alive.
  package var leader: Int32?
  /// In-sync replicas, in the order of `replicas`.
  package var inSync: [Int32]
  /// How far each follower has come; the leader is at the end of the log.
  package var positions: [Int32: Int64] = [:]

  /// The first `factor` brokers behind the partition's own, in a ring.
  init(factor: Int, partition: Int32) {
    replicas = (0..<Int32(factor)).map { (partition + $0) % ReplicaStates.brokers + 1 }
    leader = replicas.first
    inSync = replicas
  }

  /// What every replica in sync has, of a log that ends at `end`.
  package func highWatermark(end: Int64) -> Int64 {
    guard leader != nil else { return min(end, positions.values.min() ?? end) }
    return inSync.filter { $0 != leader }.reduce(end) { min($0, positions[$1] ?? end) }
  }

  /// Lets the live followers come to `end`.
  mutating func replicate(end: Int64, down: Set<Int32>) {
    guard let leader else { return }
    for replica in replicas where replica != leader && !down.contains(replica) {
      positions[replica] = end
    }
    inSync = replicas.filter { $0 == leader || !down.contains($0) }
  }

  /// A broker is gone: what the partition's log is cut to, nil where it stays.
  ///
  /// - Returns: whether somebody else leads now, and the end of what they have.
  mutating func stop(_ broker: Int32, end: Int64, down: Set<Int32>) -> (hasNewLeader: Bool, Int64) {
    guard replicas.contains(broker) else { return (false, end) }
    if leader != broker {
      if inSync.count > 1 { inSync.removeAll { $0 == broker } }
      return (false, end)
    }
    positions[broker] = end
    let next = inSync.first { $0 != broker && !down.contains($0) }
    guard let next else {
      // The last one in sync keeps its place: nobody else may lead without losing records.
      inSync = [broker]
      leader = nil
      return (false, end)
    }
    let cut = min(end, positions[next] ?? end)
    inSync.removeAll { $0 == broker }
    leader = next
    positions[next] = nil
    positions = positions.mapValues { min($0, cut) }
    return (true, cut)
  }

  /// A broker is back: true where it leads what nobody led.
  mutating func start(_ broker: Int32) -> Bool {
    guard leader == nil, inSync.contains(broker) else { return false }
    leader = broker
    inSync = [broker]
    positions[broker] = nil
    return true
  }
}

/// The brokers and all partitions that have more than one replica: the file `replicas`.
///
/// ```
/// 1
/// down 3
/// payments 0 1 1,2,3 1,2 -,8871,8400          leader, replicas, in sync, positions
/// ```
struct ReplicaStates: Sendable, Equatable {
  static let path = "replicas"
  /// Brokers 1, 2 and 3, all of them this process.
  static let brokers: Int32 = 3
  /// The broker of partitions with one replica.
  static let only: Int32 = 1

  var down: Set<Int32> = []
  var partitions: [TopicPartition: ReplicaSet] = [:]

  func bytes() -> [UInt8] {
    func list(_ numbers: [Int32]) -> String { numbers.map { "\($0)" }.joined(separator: ",") }
    var text = "1\n"
    for broker in down.sorted() { text += "down \(broker)\n" }
    for (place, set) in partitions.sorted(by: { $0.key < $1.key }) {
      let positions = set.replicas.map { set.positions[$0].map { "\($0)" } ?? "-" }
      text += "\(place.topic) \(place.partition) \(set.leader.map { "\($0)" } ?? "-") "
        + "\(list(set.replicas)) \(list(set.inSync)) \(positions.joined(separator: ","))\n"
    }
    return Array(text.utf8)
  }

  init() {}

  /// - Throws: `eventLog.corruptMetadata`.
  init(parsing bytes: [UInt8]) throws {
    func list(_ text: Substring) -> [Int32] { text.split(separator: ",").compactMap { Int32($0) } }
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    guard lines.first == "1" else { throw Self.corrupt("its first line is not version 1") }
    for line in lines.dropFirst() {
      let words = line.split(separator: " ")
      if words.count == 2, words[0] == "down", let broker = Int32(words[1]) {
        down.insert(broker)
        continue
      }
      guard words.count == 6, let number = Int32(words[1]) else {
        throw Self.corrupt("the line \"\(line)\" is not understood")
      }
      let replicas = list(words[3])
      let positions = words[5].split(separator: ",").map { Int64($0) }
      guard !replicas.isEmpty, positions.count == replicas.count else {
        throw Self.corrupt("the line \"\(line)\" is not understood")
      }
      var set = ReplicaSet(factor: replicas.count, partition: number)
      set.replicas = replicas
      set.leader = Int32(words[2])
      set.inSync = list(words[4])
      for (replica, position) in zip(replicas, positions) { set.positions[replica] = position }
      partitions[TopicPartition(String(words[0]), number)] = set
    }
  }

  private static func corrupt(_ reason: String) -> EventLogError {
    EventLogError(
      .corruptMetadata,
      "The replicas' state cannot be read: \(reason).",
      place: path,
      advice: "Restore the file from a copy, or delete it: every broker is in sync then.",
      fields: ["file": path, "reason": reason]
    )
  }
}
