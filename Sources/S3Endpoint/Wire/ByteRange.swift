// Ranges of bytes: `Range` of a GET, which asks and may be ignored, and `x-amz-copy-source-range`, which
// must be exact.

/// The header `Range` of GetObject and HeadObject.
package enum ByteRange {
  /// The bytes of an object that are answered; nil for all of it, with a 200.
  ///
  /// `bytes=a-b`, `bytes=a-` and `bytes=-n` (the last n) are ranges, cut off at the object's end. What is
  /// none of them (several ranges, another unit, an end before the beginning) is ignored, as HTTP asks
  /// and S3 does. Throws `S3Error` of the code `invalidRange` where the range begins behind the end, or
  /// asks for the last 0 bytes.
  package static func resolve(_ header: String?, size: Int) throws -> Range<Int>? {
    guard let header, let bounds = bounds(of: header, unitMayVaryInCase: true) else { return nil }
    switch (bounds.first, bounds.last) {
    case (nil, nil): return nil
    case (nil, let count?):
      guard count > 0 else { throw S3Error.invalidRange(header, size: size) }
      guard size > 0 else { return nil }
      return (size - min(count, size))..<size
    case (let first?, let last):
      if let last, last < first { return nil }
      guard first < size else { throw S3Error.invalidRange(header, size: size) }
      return first..<(min(last ?? size, size - 1) + 1)
    }
  }

  /// The two numbers of `bytes=a-b`, each nil where nothing stands; nil for any other text.
  ///
  /// Numbers that do not fit are the largest that does.
  fileprivate static func bounds(
    of text: String,
    unitMayVaryInCase: Bool
  ) -> (first: Int?, last: Int?)? {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2,
      (unitMayVaryInCase ? parts[0].lowercased() : String(parts[0])) == "bytes"
    else { return nil }
    let bounds = parts[1].split(separator: "-", omittingEmptySubsequences: false)
      .map { $0.trimmingSpaces() }
    guard bounds.count == 2,
      bounds.allSatisfy({ $0.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 } })
    else { return nil }
    return (number(bounds[0]), number(bounds[1]))
  }

  private static func number(_ digits: Substring) -> Int? {
    digits.isEmpty ? nil : Int(digits) ?? Int.max
  }
}

/// The header `x-amz-copy-source-range` of UploadPartCopy: `bytes=first-last` and nothing else.
package struct CopyRange: Sendable, Hashable {
  package var first: Int
  /// The last byte itself.
  package var last: Int
  /// As sent.
  private let header: String

  /// Throws `S3Error` of the code `invalidArgument`.
  package init(_ header: String) throws {
    guard let bounds = ByteRange.bounds(of: header, unitMayVaryInCase: false),
      let first = bounds.first, let last = bounds.last, first <= last
    else {
      throw S3Error.invalidArgument(
        "x-amz-copy-source-range",
        header,
        "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last "
          + "are the zero-based offsets of the first and last bytes to copy"
      )
    }
    self.first = first
    self.last = last
    self.header = header
  }

  /// The bytes to copy.
  ///
  /// Throws `S3Error` of the code `invalidRange` where they are not all there.
  package func resolve(size: Int) throws -> Range<Int> {
    guard last < size else { throw S3Error.invalidRange(header, size: size) }
    return first..<(last + 1)
  }
}
