// The client of `log`: librdkafka itself, in a process of its own, with as little as possible around it.
//
//     Benchmarks log-load BROKERS TOPIC RECORDS ACKS    prints records per second, produced and fetched
//     Benchmarks log-mock                               the mock broker, until its input ends
//
// Both are the system's librdkafka, opened at run time, or the one that TAPLINE_LIBRDKAFKA names.

import CRDKafka
import Foundation
import RemoteKafka
import Simulation

enum LogLoad {
  static let argument = "log-load"
  static let mockArgument = "log-mock"

  struct Failure: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
  }

  /// Bytes of a record's value.
  private static let valueSize = 200
  /// The newest records that are fetched, of all partitions together: the mock keeps a few megabytes.
  private static let fetchedCount = 200_000
  /// How often they are.
  private static let fetchRounds = 10

  /// Runs the client or the mock; ends the process.
  static func run(_ arguments: [String]) -> Never {
    do {
      _ = try RDKafkaLibrary.open()
      if arguments.first == mockArgument { try serveMock() }
      guard arguments.count == 5, let count = Int(arguments[3]), count > 0 else {
        throw Failure("log-load BROKERS TOPIC RECORDS ACKS")
      }
      let produced = try produce(arguments[1], arguments[2], count, acks: arguments[4])
      let fetched = try fetch(arguments[1], arguments[2], of: count)
      say("\(produced) \(fetched)")
      exit(0)
    } catch {
      FileHandle.standardError.write(Data("\(error)\n".utf8))
      exit(1)
    }
  }

  /// A line for whoever started this process.
  private static func say(_ line: String) {
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
  }

  /// A mock cluster of one broker; its address is the first line of the output.
  private static func serveMock() throws -> Never {
    let client = try makeClient(RD_KAFKA_PRODUCER, [("bootstrap.servers", "127.0.0.1:1")])
    guard tapline_rdkafka_has_mock(), let cluster = rd_kafka_mock_cluster_new(client, 1) else {
      throw Failure("this librdkafka has no mock cluster")
    }
    say(String(cString: rd_kafka_mock_cluster_bootstraps(cluster)))
    while readLine() != nil {}
    exit(0)
  }

  private static func makeClient(
    _ type: Int, _ settings: [(String, String)]
  ) throws -> OpaquePointer {
    let conf = rd_kafka_conf_new()
    var problem = [CChar](repeating: 0, count: 512)
    for (name, value) in settings {
      guard Int(rd_kafka_conf_set(conf, name, value, &problem, problem.count)) == RD_KAFKA_CONF_OK else {
        throw Failure("\(name)=\(value) is refused")
      }
    }
    rd_kafka_conf_set_log_cb(conf, nil)
    guard let client = rd_kafka_new(Int32(type), conf, &problem, problem.count) else {
      throw Failure("librdkafka makes no client")
    }
    return client
  }

  /// JSON as an app's events are, so that zstd finds what it finds there.
  private static func values() -> [[UInt8]] {
    var generator = SeededGenerator(seed: 7, label: "log-load")
    let words = ["purchase_completed", "screen_view", "product_id", "KRW", "ios", "3.2.1", "home"]
    return (0..<20_000).map { number in
      let id = String(generator.next(), radix: 16) + String(generator.next(), radix: 16)
      let name = words[Int(generator.next() % UInt64(words.count))]
      let screen = words[Int(generator.next() % UInt64(words.count))]
      let time = 1_705_302_000_000 + number * 37
      let text =
        "{\"event_id\":\"\(id)\",\"name\":\"\(name)\",\"screen\":\"\(screen)\",\"time\":\(time)}"
      let bytes = Array(text.utf8.prefix(valueSize))
      return bytes + [UInt8](repeating: 0x20, count: valueSize - bytes.count)
    }
  }

  /// Records per second from the first call to the last acknowledgement.
  private static func produce(
    _ brokers: String, _ name: String, _ count: Int, acks: String
  ) throws -> Double {
    let client = try makeClient(
      RD_KAFKA_PRODUCER,
      [
        ("bootstrap.servers", brokers), ("compression.codec", "zstd"), ("acks", acks),
        ("linger.ms", "20"), ("batch.num.messages", "10000"),
        ("max.in.flight.requests.per.connection", "5"),
        ("queue.buffering.max.messages", "200000"), ("queue.buffering.max.kbytes", "1000000"),
      ])
    guard let topic = rd_kafka_topic_new(client, name, nil) else { throw Failure("no topic \(name)") }
    _ = try partitions(client, name)
    let values = values()
    let began = DispatchTime.now().uptimeNanoseconds
    for number in 0..<count {
      let code = values[number % values.count].withUnsafeBytes { value -> Int32 in
        while true {
          let isTaken = rd_kafka_produce(
            topic, -1, Int32(RD_KAFKA_MSG_F_COPY), UnsafeMutableRawPointer(mutating: value.baseAddress),
            value.count, nil, 0, nil)
          if isTaken == 0 { return 0 }
          let code = rd_kafka_last_error()
          guard Int(code) == RD_KAFKA_RESP_ERR__QUEUE_FULL else { return code }
          _ = rd_kafka_poll(client, 5)
        }
      }
      guard code == 0 else { throw Failure(String(cString: rd_kafka_err2str(code))) }
    }
    guard rd_kafka_flush(client, 60_000) == 0 else { throw Failure("not all was acknowledged") }
    let seconds = Double(DispatchTime.now().uptimeNanoseconds - began) / 1e9
    rd_kafka_topic_destroy(topic)
    rd_kafka_destroy_flags(client, 0)
    return Double(count) / seconds
  }

  private static func partitions(_ client: OpaquePointer, _ name: String) throws -> Int {
    guard let topic = rd_kafka_topic_new(client, name, nil) else { throw Failure("no topic \(name)") }
    defer { rd_kafka_topic_destroy(topic) }
    var metadata: UnsafePointer<rd_kafka_metadata_t>?
    guard rd_kafka_metadata(client, 0, topic, &metadata, 10_000) == 0, let metadata else {
      throw Failure("no metadata of \(name)")
    }
    defer { rd_kafka_metadata_destroy(metadata) }
    guard metadata.pointee.topic_cnt == 1, let first = metadata.pointee.topics?.pointee,
      first.err == 0, first.partition_cnt > 0
    else { throw Failure("\(name) is not there") }
    return Int(first.partition_cnt)
  }

  /// Records per second of reading the newest ones again and again; throws where fewer were kept than
  /// produced.
  private static func fetch(_ brokers: String, _ name: String, of count: Int) throws -> Double {
    let client = try makeClient(
      RD_KAFKA_CONSUMER,
      [
        ("bootstrap.servers", brokers), ("group.id", "bench"), ("enable.auto.commit", "false"),
        ("fetch.wait.max.ms", "50"), ("max.partition.fetch.bytes", "4000000"),
        ("queued.min.messages", "2000000"),
      ])
    _ = rd_kafka_poll_set_consumer(client)
    guard let queue = rd_kafka_queue_get_consumer(client) else { throw Failure("no queue") }
    let partitionCount = try partitions(client, name)
    var held = 0
    var ends = 0
    let list = rd_kafka_topic_partition_list_new(Int32(partitionCount))
    for number in 0..<partitionCount {
      var (low, high): (Int64, Int64) = (0, 0)
      guard
        rd_kafka_query_watermark_offsets(client, name, Int32(number), &low, &high, 10_000) == 0
      else { throw Failure("no offsets of \(name) \(number)") }
      let from = max(low, high - Int64(fetchedCount / partitionCount))
      rd_kafka_topic_partition_list_add(list, name, Int32(number)).pointee.offset = from
      held += Int(high - from)
      ends += Int(high)
    }
    guard ends == count else { throw Failure("\(ends) of \(count) records are there") }
    var seconds = 0.0
    for _ in 0..<fetchRounds {
      let began = DispatchTime.now().uptimeNanoseconds
      guard rd_kafka_assign(client, list) == 0 else { throw Failure("nothing is assigned") }
      try take(held, from: queue)
      seconds += Double(DispatchTime.now().uptimeNanoseconds - began) / 1e9
      _ = rd_kafka_assign(client, nil)
      // A fetch that still waits for more would hold up the next round's first.
      usleep(100_000)
    }
    rd_kafka_topic_partition_list_destroy(list)
    rd_kafka_queue_destroy(queue)
    rd_kafka_destroy_flags(client, 0)
    return Double(held * fetchRounds) / seconds
  }

  private static func take(_ count: Int, from queue: OpaquePointer) throws {
    var messages = [UnsafeMutablePointer<rd_kafka_message_t>?](repeating: nil, count: 10_000)
    var left = count
    let deadline = DispatchTime.now().uptimeNanoseconds + 60_000_000_000
    while left > 0 {
      // A wait for many lasts until they are many: the first is waited for, the rest is taken.
      var taken = rd_kafka_consume_batch_queue(queue, 1_000, &messages, 1)
      if taken == 1 {
        taken += messages.withUnsafeMutableBufferPointer { buffer in
          buffer.baseAddress.map {
            max(0, rd_kafka_consume_batch_queue(queue, 0, $0 + 1, buffer.count - 1))
          } ?? 0
        }
      }
      for index in 0..<max(0, taken) {
        guard let message = messages[index] else { continue }
        if message.pointee.err == 0 { left -= 1 }
        rd_kafka_message_destroy(message)
      }
      guard DispatchTime.now().uptimeNanoseconds < deadline else { throw Failure("\(left) never came") }
    }
  }
}
