/// A bounded run over random input: a few seconds, from a seed that is printed, so that a failure can
/// be run again.
import Foundation

/// Random numbers of one run, and the time it may take.
///
/// The seed is the clock's, unless `TAPLINE_FUZZ_SEED` names one; `TAPLINE_FUZZ_SECONDS` is how long a
/// run takes, 2 where it is not set.
package struct FuzzRun: RandomNumberGenerator {
  package let seed: UInt64
  private var state: UInt64
  private let deadline: ContinuousClock.Instant
  package private(set) var rounds = 0

  /// Prints the seed under a name.
  package init(_ name: String) {
    let environment = ProcessInfo.processInfo.environment
    seed =
      environment["TAPLINE_FUZZ_SEED"].flatMap { UInt64($0) }
      ?? UInt64(Date().timeIntervalSince1970 * 1_000)
    let seconds = environment["TAPLINE_FUZZ_SECONDS"].flatMap { Double($0) } ?? 2
    state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    deadline = ContinuousClock.now + .milliseconds(Int(seconds * 1_000))
    print("fuzz \(name): TAPLINE_FUZZ_SEED=\(seed), for \(seconds) s")
  }

  package mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state &* 0x2545_F491_4F6C_DD1D
  }

  /// 0 ..< `bound`.
  package mutating func pick(_ bound: Int) -> Int { Int(next() % UInt64(max(1, bound))) }

  /// True while there is time for another round; 50 are run on the slowest machine.
  package mutating func goesOn() -> Bool {
    guard rounds < 50 || ContinuousClock.now < deadline else { return false }
    rounds += 1
    return true
  }

  /// The bytes with a few of them cut, changed, repeated or replaced by one of `pieces`.
  package mutating func damaged(_ bytes: [UInt8], pieces: [String] = []) -> [UInt8] {
    var result = bytes
    for _ in 0...pick(3) {
      let place = pick(result.count + 1)
      switch pick(pieces.isEmpty ? 4 : 5) {
      case 0: result.removeSubrange(place..<min(result.count, place + 1 + pick(6)))
      case 1: result.insert(UInt8(truncatingIfNeeded: next()), at: place)
      case 2:
        let from = pick(result.count + 1)
        result.insert(contentsOf: Array(result[from..<min(result.count, from + pick(20))]), at: place)
      case 3: if place < result.count { result[place] = UInt8(truncatingIfNeeded: next()) }
      default: result.insert(contentsOf: pieces[pick(pieces.count)].utf8, at: place)
      }
    }
    return result
  }
}
