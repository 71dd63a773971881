// What the collector is measured beside: servers that keep events on a disk, where they are installed.

import Foundation

enum CollectPeer: String, CaseIterable {
  /// Redis Streams, synced before each answer (`appendfsync always`), without HTTP and checks.
  case redis
  /// NATS JetStream in a file, without HTTP and checks. Where the server knows `sync_interval: always`
  /// (2.10) it syncs before each answer; an older one answers from memory, and the line says so.
  case nats

  private var places: [String] {
    ["/usr/bin/", "/usr/sbin/", "/usr/local/bin/", "/opt/homebrew/bin/"].map {
      $0 + (self == .redis ? "redis-server" : "nats-server")
    }
  }

  /// Nil where the server is not installed.
  func line(_ benchmark: CollectBenchmark) throws -> CollectBenchmark.Line? {
    guard let server = places.first(where: { FileManager.default.isExecutableFile(atPath: $0) })
    else { return nil }
    let path = NSTemporaryDirectory() + "/tapline-\(rawValue)-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    let port = Int(try LoadConnection.freePort())
    var name = "redis streams"
    let process = Process()
    process.executableURL = URL(fileURLWithPath: server)
    switch self {
    case .redis:
      process.arguments = [
        "--port", String(port), "--bind", "127.0.0.1", "--appendonly", "yes", "--appendfsync",
        "always", "--save", "", "--dir", path,
      ]
    case .nats:
      let syncs = try natsSyncs(server)
      name = syncs ? "nats jetstream" : "nats jetstream (no sync)"
      let settings = """
        listen: "127.0.0.1:\(port)"
        jetstream { store_dir: "\(path)"\(syncs ? ", sync_interval: always" : "") }
        """
      try Data(settings.utf8).write(to: URL(fileURLWithPath: path + "/nats.conf"))
      process.arguments = ["-c", path + "/nats.conf"]
    }
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    defer {
      process.terminate()
      process.waitUntilExit()
    }
    var tries = 100
    while LoadConnection(port: UInt16(port)) == nil {
      tries -= 1
      guard tries > 0 else { throw BenchmarkFailure("\(server) does not listen on \(port)") }
      usleep(50_000)
    }
    let kind: LoadKind = self == .redis ? .redis : .nats
    _ = try benchmark.load(port, kind, seconds: 1)
    let report = try benchmark.load(port, kind, seconds: benchmark.seconds)
    return CollectBenchmark.Line(
      name: name, report: report, syncs: nil,
      residentMegabytes: CollectBenchmark.resident(of: process.processIdentifier))
  }

  /// Whether the server can sync before it answers.
  private func natsSyncs(_ server: String) throws -> Bool {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: server)
    process.arguments = ["--version"]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    let numbers = text.split { !$0.isNumber }.compactMap { Int($0) }
    return numbers.count >= 2 && (numbers[0], numbers[1]) >= (2, 10)
  }
}
