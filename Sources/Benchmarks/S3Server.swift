// The server of `s3`: a process of its own, so that its memory is its own.
//
//     Benchmarks s3-serve DIRECTORY                 prints its port, and serves until its input ends
//     Benchmarks s3-list DIRECTORY PREFIX PAGE      lists without an endpoint; page 0 for all at once

import EngineBenchmarks
import Foundation
import ObjectStorage
import S3Endpoint

enum S3Server {
  static let argument = "s3-serve"
  static let listArgument = "s3-list"

  /// The files that are the bucket's objects.
  static func objects(_ directory: String) -> String { directory + "/objects" }

  /// The server's process.
  final class Child {
    let endpoint: String
    private let process = Process()
    private let input = Pipe()

    init(directory: String) throws {
      process.executableURL =
        URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
      process.arguments = [S3Server.argument, directory]
      let output = Pipe()
      process.standardInput = input
      process.standardOutput = output
      try process.run()
      var line = Data()
      while line.last != 0x0A {
        let piece = output.fileHandleForReading.availableData
        guard !piece.isEmpty else { throw BenchmarkFailure("the S3 server did not start") }
        line += piece
      }
      let port = String(decoding: line, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
      endpoint = "http://127.0.0.1:\(port)"
    }

    var processIdentifier: Int32 { process.processIdentifier }

    func stop() {
      try? input.fileHandleForWriting.close()
      process.waitUntilExit()
    }
  }

  static func serve(_ arguments: [String]) -> Never {
    do {
      guard let directory = arguments.first else {
        throw BenchmarkFailure("\(argument) DIRECTORY")
      }
      let buckets = try BucketSet(
        side: directory + "/side",
        given: [
          .init(
            name: S3Benchmark.bucket, store: try LocalObjectStore(root: objects(directory)),
            createdMilliseconds: 1_705_363_800_000)
        ])
      let endpoint = try S3Endpoint.start(
        buckets: buckets, credentials: S3Benchmark.credentials, port: 0)
      FileHandle.standardOutput.write(Data("\(endpoint.port)\n".utf8))
      _ = FileHandle.standardInput.readDataToEndOfFile()
      endpoint.stop()
      exit(0)
    } catch {
      FileHandle.standardError.write(Data("\(error)\n".utf8))
      exit(3)
    }
  }

  static func list(_ arguments: [String]) -> Never {
    ContestProcess.answer {
      guard arguments.count == 3, let page = Int(arguments[2]), page >= 0 else {
        throw BenchmarkFailure("\(listArgument) DIRECTORY PREFIX PAGE")
      }
      let store = try LocalObjectStore(root: objects(arguments[0]))
      let bucket = Bucket(
        name: S3Benchmark.bucket, store: store,
        side: arguments[0] + "/side/given/" + S3Benchmark.bucket)
      let prefix = arguments[1]
      return try Timing.once {
        if page == 0 { return [["\(try bucket.list(prefix: prefix, startAfter: nil).count)"]] }
        var count = 0
        var after: String?
        repeat {
          let found = try bucket.list(
            prefix: prefix, delimiter: nil, startAfter: after, limit: page)
          count += found.objects.count
          after = found.nextAfter
        } while after != nil
        return [["\(count)"]]
      }
    }
  }
}
