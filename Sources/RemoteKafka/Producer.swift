// Records into the cluster: acks=all, idempotent, each to the partition it is meant for.
//
// 1. Every record of an append is copied into librdkafka's queue, which is bounded.
// 2. A thread of ours polls: it receives what became of each (`Delivery`).
// 3. The append returns when all have been acknowledged, or with the first one's error.
//
// A producer that the cluster has fenced is of no more use: the next append makes another.

internal import CRDKafka
internal import Dispatch
internal import Foundation
internal import KafkaProtocol
internal import Synchronization

/// Polls a client until it is told to stop.
private final class PollingThread: Sendable {
  private let isStopped = Atomic<Bool>(false)
  private let hasEnded = DispatchSemaphore(value: 0)

  init(_ client: ClientHandle) {
    let thread = Thread { [self] in
      while !isStopped.load(ordering: .acquiring) { _ = rd_kafka_poll(client.pointer, 100) }
      hasEnded.signal()
    }
    thread.name = "tapline-kafka"
    thread.start()
  }

  /// Returns when no report can come any more.
  func stop() {
    guard !isStopped.exchange(true, ordering: .acquiringAndReleasing) else { return }
    hasEnded.wait()
  }
}

/// A producer and the thread that receives its reports.
final class Producer: Sendable {
  let client: ClientHandle
  private let thread: PollingThread
  private let queueKilobytesMax: Int

  init(_ configuration: RemoteKafkaConfiguration) throws {
    client = try ClientHandle(producerFor: configuration, onDelivery: Delivery.report)
    thread = PollingThread(client)
    queueKilobytesMax = configuration.queueKilobytesMax
  }

  /// Lets go of what the cluster has not taken: its reports say so, and nothing waits.
  deinit {
    _ = rd_kafka_purge(
      client.pointer, Int32(RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT))
    _ = rd_kafka_flush(client.pointer, 1_000)
    thread.stop()
  }

  /// Whether the cluster will take nothing from this producer any more.
  var isFenced: Bool {
    var text = [CChar](repeating: 0, count: 256)
    return rd_kafka_fatal_error(client.pointer, &text, text.count) != 0
  }

  /// Appends records and waits for the cluster to acknowledge every one.
  ///
  /// Nothing says that all or none are written: where this throws, some may be.
  ///
  /// - Parameter time: CreateTime of all records, milliseconds; each one's own where nil.
  func append(_ batches: [RemoteKafkaLog.Batch], time: Int64?) throws -> [AppendedOffsets] {
    let counts = batches.map(\.records.count)
    let total = counts.reduce(0, +)
    let started = DispatchTime.now()
    let deadline = started + .milliseconds(client.timeoutMilliseconds)
    let delivery = Delivery(count: total)
    var refusal: (code: Int32, partition: TopicPartition)?
    var index = 0
    handing: for batch in batches {
      for record in batch.records {
        let code = hand(record, batch.partition, time, delivery, index, until: deadline)
        index += 1
        guard code == 0 else {
          refusal = (code, batch.partition)
          break handing
        }
      }
    }
    // A record is given up by the client at its own time; the slack is for the report's way.
    let isComplete = delivery.wait(until: deadline + .seconds(5))
    if let refusal { throw error(refusal.code, refusal.partition) }
    guard isComplete else {
      throw error(Int32(RD_KAFKA_RESP_ERR__TIMED_OUT), batches.first?.partition)
    }
    var results: [AppendedOffsets] = []
    var first = 0
    for (batch, count) in zip(batches, counts) {
      for position in first..<(first + count) where delivery[position].code != 0 {
        throw error(delivery[position].code, batch.partition)
      }
      results.append(AppendedOffsets((first..<(first + count)).map { delivery[$0].offset }))
      first += count
    }
    client.notes.clear()
    return results
  }

  /// Copies one record into the queue; waits for room in it.
  private func hand(
    _ record: Record, _ partition: TopicPartition, _ time: Int64?, _ delivery: Delivery,
    _ index: Int, until deadline: DispatchTime
  ) -> Int32 {
    let slot = delivery.expect(index)
    while true {
      let headers = Producer.headers(record.headers)
      let code = withBytes(record.key) { key, keySize in
        withBytes(record.value) { value, valueSize in
          tapline_rdkafka_produce(
            client.pointer, partition.topic, partition.partition, key, keySize, value, valueSize,
            time ?? record.timestamp, headers, slot)
        }
      }
      if code == 0 { return 0 }
      if let headers { rd_kafka_headers_destroy(headers) }
      guard Int(code) == RD_KAFKA_RESP_ERR__QUEUE_FULL, DispatchTime.now() < deadline else {
        delivery.refuse(index, code)
        return code
      }
      usleep(2_000)
    }
  }

  private func error(_ code: Int32, _ partition: TopicPartition?) -> RemoteKafkaError {
    if Int(code) == RD_KAFKA_RESP_ERR__QUEUE_FULL {
      return .queueFull(client.place, kilobytes: queueKilobytesMax)
    }
    return .native(code, doing: "produce", of: partition, client.place)
  }

  private static func headers(_ headers: [RecordHeader]) -> OpaquePointer? {
    guard !headers.isEmpty else { return nil }
    let list = rd_kafka_headers_new(headers.count)
    for header in headers {
      withBytes(header.value) { value, size in
        var name = header.key
        name.withUTF8 { bytes in
          bytes.withMemoryRebound(to: CChar.self) { name in
            // An empty Swift string may have no address.
            var nothing: CChar = 0
            withUnsafePointer(to: &nothing) { empty in
              _ = rd_kafka_header_add(
                list, name.baseAddress ?? empty, name.count, value, size)
            }
          }
        }
      }
    }
    return list
  }

  /// Returns when the cluster has answered for everything, or the client's time is up.
  func flush() throws {
    let code = rd_kafka_flush(client.pointer, client.milliseconds)
    guard code == 0 else { throw error(code, nil) }
  }
}

/// Bytes with an address even where there are none; nil stays nil.
private func withBytes<Result>(
  _ bytes: [UInt8]?, _ body: (UnsafeRawPointer?, Int) -> Result
) -> Result {
  guard let bytes else { return body(nil, 0) }
  return bytes.withUnsafeBytes { buffer in
    var nothing: UInt8 = 0
    return withUnsafePointer(to: &nothing) { empty in
      body(buffer.baseAddress ?? UnsafeRawPointer(empty), buffer.count)
    }
  }
}
