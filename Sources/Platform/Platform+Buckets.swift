internal import Crypto
internal import Foundation
package import ObjectStorage
package import S3Endpoint
internal import Simulation

// The world's buckets: the lake, the warehouse, and those that somebody has made.
extension Platform {
  /// The region that all buckets are in.
  package static let bucketRegion = "ap-northeast-2"

  static func buckets(
    _ home: Home, world: String, file: WorldFile, now: @escaping @Sendable () -> Int64
  ) throws -> BucketSet {
    func given(_ name: String) throws -> BucketSet.Given {
      BucketSet.Given(
        name: name,
        store: try LocalObjectStore(
          root: try home.directory("worlds/\(world)/\(name)"), now: now),
        createdMilliseconds: file.start.milliseconds)
    }
    return try BucketSet(
      side: home.path + "/worlds/\(world)/s3", given: [try given("lake"), try given("warehouse")],
      seed: file.seed, now: now)
  }

  /// Opens the buckets to S3's clients on loopback; port 0 takes any free one.
  package func openS3(port: Int, credentials: S3Credentials) throws -> S3Endpoint {
    try S3Endpoint.start(buckets: buckets, credentials: credentials, port: port)
  }

  /// Does what lifecycle rules ask for, once for each midnight in UTC that has passed.
  func applyLifecycle(since before: StoryTime) throws {
    let day: Int64 = 86_400_000
    guard before.milliseconds / day != now.milliseconds / day else { return }
    for entry in try buckets.list() {
      _ = try buckets.bucket(entry.name).applyLifecycle(now: now.milliseconds)
    }
  }
}

extension Home {
  /// The one key that S3's clients sign with: made from the home's secret, so that it is the same as
  /// long as the home is there, and another one in every other home.
  package func s3Credentials() throws -> S3Credentials {
    let key = SymmetricKey(data: try secret())
    func digits(_ purpose: String, _ letters: String, _ count: Int) -> String {
      let letters = Array(letters)
      var text = ""
      var round = 0
      while text.count < count {
        let code = HMAC<SHA256>.authenticationCode(for: Data("\(purpose) \(round)".utf8), using: key)
        // Bytes that would make some letters likelier are passed over.
        let limit = 256 - 256 % letters.count
        text += code.filter { Int($0) < limit }.map { String(letters[Int($0) % letters.count]) }.joined()
        round += 1
      }
      return String(text.prefix(count))
    }
    let capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    return S3Credentials(
      accessKeyID: "TAPLINE" + digits("s3 access key", capitals, 13),
      secretAccessKey: digits(
        "s3 secret key", capitals + "abcdefghijklmnopqrstuvwxyz0189", 40),
      region: Platform.bucketRegion)
  }
}
