internal import HTTPServer

extension [HTTPHeader] {
  /// The first value of a header without spaces around it, its name compared without case; nil where
  /// there is none.
  func value(_ name: String) -> String? {
    for header in self where header.isCalled(name) {
      return String(header.value[...].trimmingSpaces())
    }
    return nil
  }

  /// All values of a header that is a list, joined by commas; nil where there is none.
  func joinedValue(_ name: String) -> String? {
    let values = filter { $0.isCalled(name) }.map(\.value)
    return values.isEmpty ? nil : values.joined(separator: ",")
  }
}

extension HTTPHeader {
  /// True where the names differ in the case of ASCII letters at most.
  func isCalled(_ other: String) -> Bool {
    name.utf8.count == other.utf8.count && begins(with: other)
  }

  /// True where the name begins so, but for the case of ASCII letters.
  func begins(with prefix: String) -> Bool {
    name.utf8.count >= prefix.utf8.count
      && zip(name.utf8, prefix.utf8).allSatisfy { left, right in
        left == right || (left | 0x20 == right | 0x20 && (left | 0x20) &- 0x61 < 26)
      }
  }
}
