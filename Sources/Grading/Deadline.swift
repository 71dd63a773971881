internal import Foundation

/// The moment until which a grader may ask.
///
/// A verdict that comes late is no verdict: every grader looks at the clock before each question it
/// asks of a host, and what is not done in time is `checkerFailed`, never wrong.
package struct Deadline: Sendable {
  /// How long one check may take: 10 s, or `TAPLINE_CHECK_SECONDS`, for machines on which much else
  /// runs beside it, as the tests do.
  package static let checkSecondsMax: Double = {
    let asked = ProcessInfo.processInfo.environment["TAPLINE_CHECK_SECONDS"].flatMap(Double.init)
    guard let asked, asked.isFinite else { return 10 }
    return min(max(asked, 1), 3_600)
  }()
  /// How long one search for the smallest counterexample may take.
  package static let searchSecondsMax = 2.0

  private let end: ContinuousClock.Instant
  private let seconds: Double

  /// A deadline so many seconds from now.
  package init(seconds: Double = Deadline.checkSecondsMax) {
    self.seconds = seconds
    end = .now + .milliseconds(Int64(seconds * 1_000))
  }

  package var isOver: Bool { ContinuousClock.now >= end }

  /// Throws `course.too-slow` once the time is over.
  package func check() throws {
    guard isOver else { return }
    throw CourseError(
      code: "course.too-slow",
      message: "The check took longer than \(seconds.formatted) s.",
      advice: "Try again; the answer was not judged.",
      fields: ["seconds": seconds.formatted]
    )
  }
}

extension Double {
  /// Without `.0` where it is whole.
  var formatted: String {
    self == rounded() && magnitude < 1e15 ? String(Int64(self)) : String(self)
  }
}
