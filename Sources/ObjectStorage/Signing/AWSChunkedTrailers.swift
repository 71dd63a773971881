/// The headers behind the last chunk of an `aws-chunked` body, and the signature over them.
struct AWSChunkedTrailers {
  static let signatureName = "x-amz-trailer-signature"
  private static let bytesMax = 8 * 1_024

  /// What the request's headers have announced.
  private let announced: Set<String>
  private let needsSignature: Bool
  private var byteCount = 0
  private var isSigned = false
  private var signedText = ""
  private(set) var values: [(name: String, value: String)] = []

  init(announced: Set<String>, needsSignature: Bool) {
    self.announced = announced
    self.needsSignature = needsSignature
  }

  /// Takes a line without its end.
  ///
  /// An empty one ends the list; some clients write several, and some before it.
  mutating func take(
    _ line: [UInt8],
    _ signatures: inout ChunkSignatures?
  ) throws(S3SignatureError) {
    byteCount += line.count + 1
    if byteCount > Self.bytesMax { throw .trailer("it has more than \(Self.bytesMax) bytes") }
    let text = HeaderTable.folded(String(decoding: line, as: UTF8.self))
    if text.isEmpty { return }
    guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")), colon != text.startIndex else {
      throw .trailer("\"\(text)\" is no header")
    }
    let name = HeaderTable.folded(String(text[..<colon])).lowercased()
    let value = HeaderTable.folded(String(text[text.utf8.index(after: colon)...]))
    if isSigned { throw .trailer("\(name) follows the signature") }
    if needsSignature, name == Self.signatureName {
      try signatures?.endTrailers(claimed: value, text: signedText)
      isSigned = true
      return
    }
    guard announced.contains(name) else {
      throw .trailer("x-amz-trailer does not announce \(name)")
    }
    if values.contains(where: { $0.name == name }) { throw .trailer("\(name) is there twice") }
    values.append((name, value))
    signedText += "\(name):\(value)\n"
  }

  /// Throws unless everything that was announced is there.
  func checkComplete() throws(S3SignatureError) {
    let missing = announced.subtracting(values.map(\.name)).sorted()
    if let first = missing.first { throw .trailer("\(first) is announced and missing") }
    if needsSignature, !isSigned { throw .trailer("\(Self.signatureName) is missing") }
  }
}
