import Commands
import Foundation
import TestSupport
import Testing

/// What an acknowledgement of the Kafka broker means: the record is there, once, whatever happens to
/// the process afterwards.
@Suite(
  .enabled(
    if: InteropPython.has(module: "confluent_kafka"),
    "TAPLINE_INTEROP_PYTHON names no Python with confluent-kafka"))
struct KafkaKillTests {
  /// An idempotent producer that never hears of the kills but by broken connections.
  private static let producer = """
    import sys, time
    from confluent_kafka import Producer
    from confluent_kafka.admin import AdminClient, NewTopic
    broker, count = sys.argv[1], int(sys.argv[2])
    if sys.argv[3] == '0':
        admin = AdminClient({'bootstrap.servers': broker})
        for f in admin.create_topics([NewTopic('killed', 3, 1)]).values(): f.result(20)
        sys.exit()
    producer = Producer({'bootstrap.servers': broker, 'enable.idempotence': True, 'linger.ms': 2,
                         'reconnect.backoff.max.ms': 200, 'retry.backoff.ms': 50,
                         'message.timeout.ms': 120000, 'compression.type': 'snappy'})
    failures = []
    end = time.time() + float(sys.argv[3])
    i = 0
    while i < count or time.time() < end:
        producer.produce('killed', '%09d' % i, partition=i % 3, on_delivery=lambda e, m: e and failures.append(e))
        producer.poll(0)
        while len(producer) > 50000: producer.poll(0.05)
        i += 1
        if i % 100 == 0: time.sleep(0.01)
    assert producer.flush(60) == 0 and not failures, failures[:3]
    print(i)
    """

  private static let consumer = """
    import sys
    from confluent_kafka import Consumer, TopicPartition
    broker, count = sys.argv[1], int(sys.argv[2])
    consumer = Consumer({'bootstrap.servers': broker, 'group.id': 'reader', 'auto.offset.reset': 'earliest'})
    consumer.assign([TopicPartition('killed', p, 0) for p in range(3)])
    seen = {0: [], 1: [], 2: []}
    while sum(map(len, seen.values())) < count:
        message = consumer.poll(10)
        assert message and not message.error(), (message, {p: len(v) for p, v in seen.items()})
        seen[message.partition()].append(int(message.value()))
    extra = consumer.poll(1)
    assert extra is None, extra.value()
    for p, values in seen.items(): assert values == list(range(p, count, 3)), p
    print('ok')
    """

  @Test(.timeLimit(.minutes(5)))
  func `nothing acknowledged to a Kafka client is lost or doubled over kills`() throws {
    let isLong = ProcessInfo.processInfo.environment["TAPLINE_TEST_ALL"] == "1"
    let rounds = isLong ? 30 : 4
    let world = try TestWorld()
    let scratch = try ScratchDirectory("kafka-killed", inMemory: true)
    let home = scratch.path + "/home"
    world.shell.close()
    try FileManager.default.copyItem(atPath: world.path, toPath: home)
    var (process, port) = try Self.serve(home: home, kafkaPort: 0)
    defer {
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
    }
    let broker = "127.0.0.1:\(port)"
    let seconds = Double(rounds) * 0.9
    _ = try InteropPython.run(Self.producer, [broker, "0", "0"])
    let producing = Child(Self.producer, [broker, "2000", String(seconds)])
    for _ in 0..<rounds {
      usleep(UInt32.random(in: 300_000...700_000))
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      (process, port) = try Self.serve(home: home, kafkaPort: port)
    }
    let count = try producing.value()
    #expect(Int(count) ?? 0 >= 2_000)
    #expect(try InteropPython.run(Self.consumer, [broker, count]) == "ok")
  }

  private static func serve(home: String, kafkaPort: Int) throws -> (Process, Int) {
    let process = Binary.process([
      "--home", home, "--json", "serve", "--port", "0", "--kafka-port", String(kafkaPort),
    ])
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    try process.run()
    var text = Data()
    while !text.contains(0x0A) {
      let more = output.fileHandleForReading.availableData
      guard !more.isEmpty else { throw TestFailure("serve ended") }
      text.append(more)
    }
    let value = try JSONSerialization.jsonObject(with: text.prefix { $0 != 0x0A }) as? [String: Any]
    guard let data = value?["data"] as? [String: Any], let port = data["kafka"] as? Int else {
      throw TestFailure("serve answered \(String(decoding: text, as: UTF8.self))")
    }
    return (process, port)
  }
}

/// A Python program on a thread of its own, whose output is waited for later.
private final class Child: @unchecked Sendable {
  // `@unchecked Sendable`: `result` is written before `done` is signalled and read after it.
  private let done = DispatchSemaphore(value: 0)
  private var result: Result<String, any Error>?

  init(_ program: String, _ arguments: [String]) {
    Thread { [self] in
      result = Result { try InteropPython.run(program, arguments) }
      done.signal()
    }.start()
  }

  func value() throws -> String {
    done.wait()
    guard let result else { throw CancellationError() }
    return try result.get()
  }
}
