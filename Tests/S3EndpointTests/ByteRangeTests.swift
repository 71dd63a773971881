import S3Endpoint
import Testing

struct ByteRangeTests {
  @Test(arguments: [
    ("bytes=0-0", 0..<1), ("bytes=4-7", 4..<8), ("bytes=4-", 4..<11), ("bytes=-7", 4..<11),
    ("bytes=0-10", 0..<11), ("bytes=5-15", 5..<11), ("bytes=10-10", 10..<11), ("bytes=-11", 0..<11),
    ("bytes=-500", 0..<11), ("bytes=0-99999999999999999999", 0..<11),
    ("bytes=-99999999999999999999", 0..<11), ("Bytes=1-2", 1..<3), ("bytes= 1 - 2 ", 1..<3),
  ]) func `a range is cut off at the object's end`(header: String, range: Range<Int>) throws {
    #expect(try ByteRange.resolve(header, size: 11) == range)
  }

  @Test(arguments: [
    "bytes=0-1,3-4", "bytes=0-1,", "bytes=5-4", "bytes=-", "bytes=", "bytes", "bytes=a-b", "bytes=1-b",
    "bytes=+1-2", "bytes=1", "items=0-1", "0-1", "", "bytes=0-1-2", "bytes=--1", "bytes==0-1",
  ]) func `what is no single range is ignored`(header: String) throws {
    #expect(try ByteRange.resolve(header, size: 11) == nil)
  }

  @Test(arguments: [
    ("bytes=11-", 11), ("bytes=40-50", 11), ("bytes=11-11", 11), ("bytes=-0", 11), ("bytes=0-", 0),
    ("bytes=0-0", 0), ("bytes=40-50", 0), ("bytes=-0", 0), ("bytes=99999999999999999999-", 11),
  ]) func `a range that begins behind the end cannot be answered`(header: String, size: Int) {
    let error = refusal { try ByteRange.resolve(header, size: size) }
    #expect(error?.code == .invalidRange)
    #expect(error?.element("ActualObjectSize") == String(size))
    #expect(error?.element("RangeRequested") == header)
  }

  @Test func `the end of nothing is nothing, and no header is everything`() throws {
    #expect(try ByteRange.resolve("bytes=-5", size: 0) == nil)
    #expect(try ByteRange.resolve(nil, size: 11) == nil)
  }

  @Test func `the range of a copy is exact`() throws {
    #expect(try CopyRange("bytes=0-9").resolve(size: 10) == 0..<10)
    #expect(try CopyRange("bytes=3-3").resolve(size: 10) == 3..<4)
    #expect(refusal { try CopyRange("bytes=0-10").resolve(size: 10) }?.code == .invalidRange)
    for header in [
      "0-2", "bytes=0", "bytes=hello-world", "bytes=0-bar", "bytes=hello-", "bytes=0-2,3-5", "bytes=5-4",
      "bytes=-4", "bytes=4-", "Bytes=0-1",
    ] {
      let error = refusal { try CopyRange(header) }
      #expect(error?.code == .invalidArgument, "\(header)")
      #expect(error?.element("ArgumentName") == "x-amz-copy-source-range")
    }
  }
}
