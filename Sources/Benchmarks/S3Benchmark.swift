// `s3`: how fast the S3 endpoint gives, takes and lists objects.
//
// 1. A child process serves one bucket over a scratch directory; what it had in memory at most is what
//    the endpoint needs.
// 2. Clients run in other processes: curl with signed addresses, pyarrow's S3 file system (C++),
//    boto3 for lists, and our own store. Each line names its client.
// 3. Beside them the same bytes are read from and written to the disk by a plain loop, and the same
//    directory is walked by Python: what the machine can do without an endpoint.

import EngineBenchmarks
import Foundation
import ObjectStorage
import Terminal

struct S3Benchmark {
  /// Bytes of a part, and what sizes are a multiple of.
  static let partBytes = 64 << 20
  static let bucket = "bench"
  static let credentials = S3Credentials(
    accessKeyID: "TAPLINEBENCHMARK0001", secretAccessKey: "secret+of/the=benchmark",
    region: "us-east-1")

  /// Of the object that is sent and fetched.
  var megabytes: Int
  /// How many objects are listed.
  var keys: Int
  var runs: Int
  /// A directory that is made, and removed at the end.
  var scratch: String
  var peer: Peer

  /// What a client is asked to do.
  struct Request: Codable {
    var work: String
    var endpoint: String
    var key = S3Benchmark.credentials.accessKeyID
    var secret = S3Benchmark.credentials.secretAccessKey
    var region = S3Benchmark.credentials.region
    var bucket = S3Benchmark.bucket
    var object: String
    var file: String
    var bytes: Int
  }

  /// Runs all of it; `report` gets the lines of each contest.
  func run(_ report: ([ContestLine]) -> Void) throws -> (residentMegabytes: Double, lines: [ContestLine]) {
    try FileManager.default.createDirectory(atPath: objects, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: scratch) }
    try makeObjects()
    let server = try S3Server.Child(directory: scratch)
    defer { server.stop() }
    var lines: [ContestLine] = []
    for contest in transfers(server.endpoint) + lists(server.endpoint) {
      let measured = try contest.lines(runs: runs)
      report(measured)
      lines += measured
    }
    return (CollectBenchmark.resident(of: server.processIdentifier), lines)
  }

  private var objects: String { S3Server.objects(scratch) }
  private var wholeFile: String { scratch + "/whole.bin" }
  private var partFile: String { scratch + "/part.bin" }
  private var bytes: Int { megabytes << 20 }

  /// Objects that are there as files: a bucket takes what is below its directory as it is.
  private func makeObjects() throws {
    var generator = SystemRandomNumberGenerator()
    var part = Data(capacity: Self.partBytes)
    while part.count < Self.partBytes {
      withUnsafeBytes(of: generator.next()) { part.append(contentsOf: $0) }
    }
    try part.write(to: URL(fileURLWithPath: partFile))
    guard FileManager.default.createFile(atPath: wholeFile, contents: nil),
      let file = FileHandle(forWritingAtPath: wholeFile)
    else { throw BenchmarkFailure("\(wholeFile) cannot be written") }
    for _ in 0..<bytes / Self.partBytes { try file.write(contentsOf: part) }
    try file.close()
    try FileManager.default.copyItem(atPath: wholeFile, toPath: objects + "/get.bin")
    let perDirectory = 1_000
    for first in stride(from: 0, to: keys, by: perDirectory) {
      let directory = objects + "/deep/day=\(first / perDirectory)"
      try makeFiles(directory, first..<min(keys, first + perDirectory))
    }
    try makeFiles(objects + "/flat", 0..<keys)
  }

  private func makeFiles(_ directory: String, _ numbers: Range<Int>) throws {
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    for number in numbers {
      let path = "\(directory)/part-\(number).json"
      guard let file = fopen(path, "w") else { throw BenchmarkFailure("\(path) cannot be made") }
      fputs("{}\n", file)
      fclose(file)
    }
  }

  // MARK: What is measured

  private func client(
    _ name: String, _ work: String, _ endpoint: String, object: String, file: String = "",
    isOurs: Bool = true
  ) -> Contestant {
    let request = Request(
      work: work, endpoint: endpoint, object: object, file: file, bytes: bytes)
    return Contestant(name: name, isOurs: isOurs) {
      try ContestProcess.python(peer.python, S3Client.program, request)
    }
  }

  private func ours(_ work: String, _ endpoint: String, object: String) -> Contestant {
    Contestant(name: "our own store") {
      try ContestProcess.ours([S3Client.argument, work, endpoint, object, String(bytes)])
    }
  }

  private func transfers(_ endpoint: String) -> [Contest] {
    let hasCurl = ["/usr/bin/curl", "/usr/local/bin/curl", "/opt/homebrew/bin/curl"]
      .contains(where: FileManager.default.isExecutableFile)
    var get = [
      client("pyarrow, 4 ranges at once", "get_arrow", endpoint, object: "get.bin"),
      ours("get", endpoint, object: "get.bin"),
      client(
        "plain read of the file", "disk_read", endpoint, object: "", file: objects + "/get.bin",
        isOurs: false),
    ]
    var one = [
      client(
        "plain write and fsync", "disk_write", endpoint, object: "", file: scratch + "/plain.bin",
        isOurs: false)
    ]
    var parts = [
      client("pyarrow", "put_arrow", endpoint, object: "put/arrow.bin", file: partFile),
      ours("put", endpoint, object: "put/ours.bin"),
      one[0],
    ]
    if hasCurl {
      get.insert(client("curl", "get_curl", endpoint, object: "get.bin"), at: 0)
      one.insert(
        client("curl", "put_curl", endpoint, object: "put/one.bin", file: wholeFile), at: 0)
      parts.insert(
        client(
          "curl, 4 parts at once", "put_parts_curl", endpoint, object: "put/parts.bin",
          file: partFile),
        at: 0)
    }
    func contest(_ work: String, _ contestants: [Contestant]) -> Contest {
      Contest(work: work, amount: Double(bytes) / 1e6, unit: "MB", contestants: contestants)
    }
    return [contest("GET", get)] + (hasCurl ? [contest("PUT in one", one)] : [])
      + [contest("PUT in parts", parts)]
  }

  private func lists(_ endpoint: String) -> [Contest] {
    ["deep", "flat"].map { place in
      func bucket(_ name: String, _ page: Int) -> Contestant {
        Contestant(name: name) {
          try ContestProcess.ours([S3Server.listArgument, scratch, place + "/", String(page)])
        }
      }
      return Contest(
        work: "LIST \(place)", amount: Double(keys), unit: "keys",
        contestants: [
          bucket("bucket, all at once", 0), bucket("bucket, pages of 1,000", 1_000),
          client("endpoint, pyarrow", "list_arrow", endpoint, object: place),
          client("endpoint, boto3", "list_boto", endpoint, object: place),
          client(
            "os.scandir and stat", "walk", endpoint, object: "", file: objects + "/" + place,
            isOurs: false),
        ])
    }
  }
}
