package import KafkaProtocol

/// Where the records of one append went: their offsets in its partition, in order.
///
/// They follow each other unless somebody else wrote in between.
package struct AppendedOffsets: Sendable, Hashable {
  private let offsets: [Int64]

  init(_ offsets: [Int64]) { self.offsets = offsets }

  package var count: Int { offsets.count }

  /// The offset of record `index`; -1 where the cluster did not say, because the record had been there
  /// already when it was sent again.
  package subscript(index: Int) -> Offset { Offset(offsets[index]) }

  /// The first record's; nil where none was appended.
  package var first: Offset? { offsets.first.map { Offset($0) } }
}
