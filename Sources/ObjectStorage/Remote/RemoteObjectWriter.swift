#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Takes an object's bytes, in memory or in a file without a name, until they are sent.
final class RemoteObjectWriter: ObjectWriter {
  private var memory: [UInt8] = []
  private var file: StagingFile?
  private var isGone = false
  private var sealed: StagedBytes?
  private let directory: String
  private(set) var byteCount = 0

  /// Bytes that are kept in memory; more go to a file.
  private static let memoryMax = 1 << 20

  init(directory: String) {
    self.directory = directory
  }

  func write(_ bytes: UnsafeRawBufferPointer) throws {
    guard !isGone, sealed == nil else { throw ObjectStorageError.discarded("") }
    do {
      if memory.count + bytes.count > Self.memoryMax { try flush() }
      if let file, bytes.count >= Self.memoryMax {
        try file.append(bytes)
      } else {
        memory.append(contentsOf: bytes)
      }
    } catch {
      discard()
      throw error
    }
    byteCount += bytes.count
  }

  /// Ends writing and gives what was written; a second call gives the same.
  func seal(key: String) throws -> StagedBytes {
    guard !isGone else { throw ObjectStorageError.discarded(key) }
    if let sealed { return sealed }
    if file != nil { try flush() }
    let staged =
      file.map { StagedBytes(file: $0, byteCount: byteCount) } ?? StagedBytes(memory: memory)
    (memory, file, sealed) = ([], nil, staged)
    return staged
  }

  private func flush() throws {
    let target = try file ?? StagingFile(directory: directory)
    file = target
    try memory.withUnsafeBytes { try target.append($0) }
    memory.removeAll(keepingCapacity: true)
  }

  func discard() {
    isGone = true
    (memory, file, sealed) = ([], nil, nil)
  }
}

/// A temporary file that has lost its name already, so that nothing is left of it after a crash.
final class StagingFile: Sendable {
  let descriptor: Int32
  private let directory: String

  init(directory: String) throws {
    self.directory = directory
    let template = directory + "/tapline-upload-XXXXXX"
    var path = Array(template.utf8CString)
    descriptor = path.withUnsafeMutableBufferPointer { path in
      path.baseAddress.map { mkstemp($0) } ?? -1
    }
    guard descriptor >= 0 else { throw Self.error(errno, directory) }
    path.withUnsafeBufferPointer { path in
      if let base = path.baseAddress { _ = unlink(base) }
    }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
  }

  deinit {
    close(descriptor)
  }

  func append(_ bytes: UnsafeRawBufferPointer) throws {
    if let number = FileDescriptors.write(bytes, to: descriptor) {
      throw Self.error(number, directory)
    }
  }

  private static func error(_ number: Int32, _ directory: String) -> ObjectStorageError {
    var error = ObjectStorageError.system(number, "written", key: "")
    error.message =
      "What is to be uploaded could not be kept in \(directory): "
      + String(cString: strerror(number)) + "."
    error.kind = error.kind == .notFound ? .failed : error.kind
    if error.kind == .failed { error.advice = "Choose another staging directory." }
    return error
  }
}

/// The bytes of an object that is to be sent.
///
/// Safe to share.
struct StagedBytes: Sendable {
  let byteCount: Int
  private let memory: [UInt8]
  private let file: StagingFile?

  init(memory: [UInt8]) {
    self.memory = memory
    file = nil
    byteCount = memory.count
  }

  init(file: StagingFile, byteCount: Int) {
    memory = []
    self.file = file
    self.byteCount = byteCount
  }

  /// A piece of them, as a request carries it: mapped where it lies in a file.
  func body(_ range: Range<Int>, key: String) throws -> RemoteBody {
    if range.isEmpty { return .none }
    guard let file else {
      return .bytes(range == 0..<memory.count ? memory : Array(memory[range]))
    }
    guard let mapped = MappedBytes(file.descriptor, range: range) else {
      throw ObjectStorageError.system(errno, "read", key: key)
    }
    return .mapped(mapped)
  }
}
