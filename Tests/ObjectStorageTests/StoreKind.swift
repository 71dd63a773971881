import Foundation
import ObjectStorage
import TestSupport
import Testing

/// The stores that must not differ in anything a caller sees.
enum StoreKind: String, CaseIterable, CustomTestStringConvertible {
  case local, memory

  var testDescription: String { rawValue }

  /// An empty store; the scratch directory is its root, where it has one.
  func make() throws -> (store: any ObjectStore, scratch: ScratchDirectory) {
    let scratch = try ScratchDirectory(inMemory: true)
    return (try make(root: scratch.path), scratch)
  }

  func make(root: String) throws -> any ObjectStore {
    switch self {
    case .local: try LocalObjectStore(root: root)
    case .memory: MemoryObjectStore()
    }
  }
}

/// What an attempt failed with; nil where it did not.
func kind(_ body: () throws -> Void) -> ObjectStorageError.Kind? {
  do {
    try body()
    return nil
  } catch {
    return (error as? ObjectStorageError)?.kind
  }
}

/// Keys as bytes: Swift takes two spellings of one letter for the same text.
func bytes(_ keys: [String]) -> [[UInt8]] {
  keys.map { Array($0.utf8) }
}

extension ObjectStore {
  func keys(_ prefix: String = "") throws -> [[UInt8]] {
    bytes(try list(prefix: prefix).map(\.key))
  }
}
