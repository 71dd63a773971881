// The 300 MiB of pseudo-English that every TPC-H comment is a piece of.
//
// The pool is one stream of sentences from one seed. `TextPool.checkpoints` names, for about every
// MiB, where a sentence begins and the seed there; so a segment is made when a comment first needs it
// (a millisecond), any thread can make any segment, and 25 nations cost 25 segments, not 300.

import Synchronization

/// The pool; segments are kept as long as this object lives.
///
/// `@unchecked Sendable`: a segment's bytes are written before its pointer is published with release
/// ordering and read after an acquire; a thread that loses the race to publish frees its own copy.
package final class TextPool: @unchecked Sendable {
  package static let byteCount = 300 * 1_024 * 1_024
  package static let seed: Int64 = 933_588_178
  /// What a segment may be longer than the distance to the next checkpoint: one sentence cut off.
  private static let sentenceBytesMax = 512

  private let segments: UnsafeMutablePointer<Atomic<UInt>>

  package init() {
    segments = .allocate(capacity: Self.checkpoints.count)
    for index in Self.checkpoints.indices {
      (segments + index).initialize(to: Atomic(0))
    }
  }

  deinit {
    for index in Self.checkpoints.indices {
      let address = segments[index].load(ordering: .acquiring)
      UnsafeMutableRawPointer(bitPattern: address)?.deallocate()
    }
    segments.deinitialize(count: Self.checkpoints.count)
    segments.deallocate()
  }

  /// Appends the pool's bytes `offset ..< offset + count`.
  package func append(_ offset: Int, _ count: Int, to output: inout [UInt8]) {
    var index = min(offset >> 20, Self.checkpoints.count - 1)
    while Self.checkpoints[index].start > offset { index -= 1 }
    var place = offset
    let end = offset + count
    while place < end {
      while index + 1 < Self.checkpoints.count, Self.checkpoints[index + 1].start <= place {
        index += 1
      }
      let start = Self.checkpoints[index].start
      let stop = Self.end(of: index)
      let take = min(end, stop) - place
      output.append(
        contentsOf: UnsafeRawBufferPointer(start: segment(index) + (place - start), count: take))
      place += take
    }
  }

  private static func end(of index: Int) -> Int {
    index + 1 < checkpoints.count ? checkpoints[index + 1].start : byteCount
  }

  private func segment(_ index: Int) -> UnsafeRawPointer {
    let known = segments[index].load(ordering: .acquiring)
    if let address = UnsafeRawPointer(bitPattern: known) { return address }
    let count = Self.end(of: index) - Self.checkpoints[index].start
    let memory = UnsafeMutableRawPointer.allocate(
      byteCount: count + Self.sentenceBytesMax, alignment: 16)
    var writer = SentenceWriter(
      memory.assumingMemoryBound(to: UInt8.self), state: Self.checkpoints[index].state)
    while writer.count < count { writer.writeSentence() }
    let (won, other) = segments[index].compareExchange(
      expected: 0, desired: UInt(bitPattern: memory), ordering: .acquiringAndReleasing)
    if won { return UnsafeRawPointer(memory) }
    memory.deallocate()
    return UnsafeRawPointer(bitPattern: other) ?? UnsafeRawPointer(memory)
  }

  /// The checkpoint that follows one: the table of `TextPoolCheckpoints.generated.swift` is made of
  /// these steps, and checked by them.
  package static func checkpoint(after last: (start: Int, state: Int64)) -> (start: Int, state: Int64) {
    let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: (1 << 20) + sentenceBytesMax)
    defer { memory.deallocate() }
    var writer = SentenceWriter(memory, state: last.state)
    while writer.count < 1 << 20 { writer.writeSentence() }
    return (last.start + writer.count, writer.random.state)
  }
}

/// Writes sentence after sentence by the specification's grammar.
struct SentenceWriter {
  private let base: UnsafeMutablePointer<UInt8>
  private(set) var count = 0
  private(set) var random: RowRandom

  /// `base` has room for what will be written.
  init(_ base: UnsafeMutablePointer<UInt8>, state: Int64) {
    self.base = base
    random = RowRandom(state: state)
  }

  mutating func writeSentence() {
    let syntax = TPCHWords.sentences.words[TPCHWords.sentences.pick(&random)]
    for index in stride(from: 0, to: syntax.count, by: 2) {
      switch syntax[index] {
      case UInt8(ascii: "V"): verbPhrase()
      case UInt8(ascii: "N"): nounPhrase()
      case UInt8(ascii: "P"):
        word(TPCHWords.prepositions)
        for byte in " the ".utf8 { put(byte) }
        nounPhrase()
      default:
        // The terminator follows the last word without a space.
        count -= 1
        word(TPCHWords.terminators)
      }
      if base[count - 1] != UInt8(ascii: " ") { put(UInt8(ascii: " ")) }
    }
  }

  private mutating func verbPhrase() {
    let syntax = TPCHWords.verbPhrases.words[TPCHWords.verbPhrases.pick(&random)]
    for index in stride(from: 0, to: syntax.count, by: 2) {
      switch syntax[index] {
      case UInt8(ascii: "D"): word(TPCHWords.adverbs)
      case UInt8(ascii: "V"): word(TPCHWords.verbs)
      default: word(TPCHWords.auxiliaries)
      }
      put(UInt8(ascii: " "))
    }
  }

  private mutating func nounPhrase() {
    let syntax = TPCHWords.nounPhrases.words[TPCHWords.nounPhrases.pick(&random)]
    for symbol in syntax {
      switch symbol {
      case UInt8(ascii: "J"): word(TPCHWords.adjectives)
      case UInt8(ascii: "D"): word(TPCHWords.adverbs)
      case UInt8(ascii: "N"): word(TPCHWords.nouns)
      case UInt8(ascii: ","):
        count -= 1
        put(UInt8(ascii: ","))
      default: continue
      }
      put(UInt8(ascii: " "))
    }
  }

  @inline(__always)
  private mutating func word(_ distribution: WordDistribution) {
    let bytes = distribution.words[distribution.pick(&random)]
    for byte in bytes { put(byte) }
  }

  @inline(__always)
  private mutating func put(_ byte: UInt8) {
    base[count] = byte
    count += 1
  }
}
