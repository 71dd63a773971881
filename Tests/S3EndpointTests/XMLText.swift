import S3Endpoint
import Testing

/// A body as text, without the declaration that begins each.
func text(_ body: [UInt8]) -> String {
  let declaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
  let text = String(decoding: body, as: UTF8.self)
  #expect(text.hasPrefix(declaration))
  return String(text.dropFirst(declaration.count))
}

/// The attribute that stands in the outermost element of every answer but an error.
let namespace = "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\""

/// The refusal that `body` throws; nil where it throws none.
func refusal(_ body: () throws -> some Any) -> S3Error? {
  do {
    _ = try body()
    return nil
  } catch {
    return error as? S3Error
  }
}
