#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#endif

/// The bytes of a file of the content, such as a specification.
///
/// - Throws: an error of the given code for a file that cannot be opened or read.
func contentBytes(_ path: String, code: String, advice: String) throws -> [UInt8] {
  let file = open(path, O_RDONLY | O_CLOEXEC)
  guard file >= 0 else {
    throw WorldError(
      code, "the file cannot be opened: \(String(cString: strerror(errno)))", place: path,
      advice: advice)
  }
  defer { close(file) }
  var bytes: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 65_536)
  while true {
    let count = chunk.withUnsafeMutableBytes { read(file, $0.baseAddress, $0.count) }
    guard count > 0 else {
      if count == 0 { return bytes }
      throw WorldError(code, "the file cannot be read", place: path, advice: advice)
    }
    bytes.append(contentsOf: chunk[0..<count])
  }
}
