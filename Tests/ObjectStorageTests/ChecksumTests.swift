import ObjectStorage
import Testing

/// Checksums and entity tags against values that other implementations print.
@Suite struct ChecksumTests {
  static let digits = Array("123456789".utf8)
  static let parts = ["first part", "second part", "third"].map { Array($0.utf8) }

  private func digests(
    _ bytes: [UInt8],
    _ algorithms: Set<ChecksumAlgorithm>,
    payloadHash: Bool = false,
    cuts: [Int] = []
  ) -> ObjectDigests {
    var hasher = ObjectHasher(checksums: algorithms, payloadHash: payloadHash)
    bytes.withUnsafeBytes { all in
      var start = 0
      for end in cuts + [all.count] {
        hasher.update(UnsafeRawBufferPointer(rebasing: all[start..<end]))
        start = end
      }
    }
    return hasher.finalize()
  }

  private func checksum(_ algorithm: ChecksumAlgorithm, _ bytes: [UInt8]) -> ObjectChecksum {
    var sum = RunningChecksum(algorithm)
    bytes.withUnsafeBytes { sum.update($0) }
    return sum.finalize()
  }

  @Test(arguments: [
    (ChecksumAlgorithm.crc32, "y/Q5Jg=="), (.crc32c, "4waSgw=="), (.crc64nvme, "rosUhgp5mIg="),
    (.sha1, "98O8HYCOBHMq32eZZczDTKeuNEE="),
    (.sha256, "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU="),
  ]) func `gives the published check values`(algorithm: ChecksumAlgorithm, value: String) {
    let sum = checksum(algorithm, Self.digits)
    #expect(sum.value == value)
    #expect(sum.typeName == "FULL_OBJECT")
    #expect(sum.digest.count == algorithm.byteCount)
    #expect(ObjectChecksum(algorithm, value: value) == sum)
    #expect(checksum(algorithm, Array("123456780".utf8)) != sum)
  }

  @Test func `one pass gives the entity tag, the payload's hash and every checksum`() {
    let all = digests(Self.digits, Set(ChecksumAlgorithm.allCases), payloadHash: true)
    #expect(all.byteCount == 9)
    #expect(all.entityTag == "25f9e794323b453885f5181f1b624d0b")
    #expect(all.contentMD5 == "JfnnlDI7RTiF9RgfG2JNCw==")
    #expect(all.sha256 == "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225")
    #expect(all.checksums.map(\.algorithm) == ChecksumAlgorithm.allCases)
    #expect(all.checksum(.crc64nvme)?.value == "rosUhgp5mIg=")
    #expect(
      digests(Self.digits, Set(ChecksumAlgorithm.allCases), payloadHash: true, cuts: [0, 1, 8])
        == all
    )

    let few = digests(Self.digits, [.crc32])
    #expect(few.sha256 == nil)
    #expect(few.checksum(.sha256) == nil)
    let hash = digests(Self.digits, [.crc32], payloadHash: true)
    #expect(hash.sha256 == all.sha256)
    #expect(hash.checksums.map(\.algorithm) == [.crc32])
  }

  @Test func `a long body gives the same whole and in pieces, and nothing gives what nothing has`()
  {
    let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) }
    let whole = digests(bytes, Set(ChecksumAlgorithm.allCases), payloadHash: true)
    let cuts = [1, 65_535, 65_536, 65_537, 200_000]
    #expect(digests(bytes, Set(ChecksumAlgorithm.allCases), payloadHash: true, cuts: cuts) == whole)
    for algorithm in ChecksumAlgorithm.allCases {
      #expect(checksum(algorithm, bytes) == whole.checksum(algorithm))
    }
    let none = digests([], [.crc64nvme, .crc32], payloadHash: true)
    #expect(none.entityTag == "d41d8cd98f00b204e9800998ecf8427e")
    #expect(none.checksum(.crc64nvme)?.value == "AAAAAAAAAAA=")
    #expect(none.sha256 == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
  }

  @Test func `names on the wire are S3's`() {
    #expect(
      ChecksumAlgorithm.allCases.map(\.headerName) == [
        "x-amz-checksum-crc32", "x-amz-checksum-crc32c", "x-amz-checksum-sha1",
        "x-amz-checksum-sha256", "x-amz-checksum-crc64nvme",
      ]
    )
    #expect(ChecksumAlgorithm(headerName: "X-Amz-Checksum-CRC64NVME") == .crc64nvme)
    #expect(ChecksumAlgorithm(headerName: "x-amz-checksum-md5") == nil)
    #expect(ChecksumAlgorithm(rawValue: "CRC32C") == .crc32c)
    #expect(ChecksumAlgorithm.crc32c.elementName == "ChecksumCRC32C")
    #expect(
      ChecksumAlgorithm.allCases.filter(\.canBeComposite) == [.crc32, .crc32c, .sha1, .sha256]
    )
    #expect(
      ChecksumAlgorithm.allCases.filter(\.canCoverMultipartObject) == [.crc32, .crc32c, .crc64nvme]
    )
  }

  @Test func `values that are no checksum are not read`() {
    #expect(ObjectChecksum(.crc32, value: "y/Q5Jg==") != nil)
    for value in [
      "", "y/Q5Jg", "y/Q5Jg=", "y/Q5J===", "y/Q5Jg==-", "y/Q5Jg==-0", "y/Q5Jg==--1",
      "y/Q5Jg==-10001",
      "y/Q5Jg==-+1", "y/Q5Jg==-1-1", "y_Q5Jg==", "rosUhgp5mIg=", "=/Q5Jg==", "한글",
    ] {
      #expect(ObjectChecksum(.crc32, value: value) == nil, "\(value)")
    }
    let composite = ObjectChecksum(.crc32, value: "y/Q5Jg==-3")
    #expect(composite?.isComposite == true)
    #expect(composite?.value == "y/Q5Jg==-3")
    #expect(composite?.digest == [0xCB, 0xF4, 0x39, 0x26])
    #expect(ObjectChecksum(.crc64nvme, value: "rosUhgp5mIg=") != nil)
    #expect(ObjectChecksum(.crc64nvme, value: "rosUhgp5mIg=-1") == nil)
  }

  @Test func `the tag of an object of parts is the MD5 of their MD5s`() {
    let tags = Self.parts.map { digests($0, []).entityTag }
    #expect(tags.first == "550cf6b6e60f65a0e3104a26e70fea42")
    let expected = "870289fda01259473d74ad515e21c1c1-3"
    #expect(MultipartDigests.entityTag(partTags: tags) == expected)
    #expect(MultipartDigests.entityTag(partTags: tags.map { "\"\($0)\"" }) == expected)
    #expect(MultipartDigests.entityTag(partTags: tags.reversed()) != expected)
    #expect(MultipartDigests.entityTag(partTags: []) == nil)
    #expect(MultipartDigests.entityTag(partTags: [expected]) == nil)
    #expect(MultipartDigests.entityTag(partTags: [String(repeating: "g", count: 32)]) == nil)
  }

  @Test(arguments: [
    (ChecksumAlgorithm.sha1, "7y6ac2MlbmgF5mrzk5MxYGMO7K8=-3"),
    (.sha256, "YqbAe4Eolq7+bbuqBzBoa9eGc4Wr8Su1sTal+akpMYM=-3"), (.crc32, "rTVVNg==-3"),
  ]) func `a composite checksum is the checksum of the parts' checksums`(
    algorithm: ChecksumAlgorithm,
    value: String
  ) {
    let sums = Self.parts.map { checksum(algorithm, $0) }
    let composite = MultipartDigests.compositeChecksum(algorithm, of: sums)
    #expect(composite?.value == value)
    #expect(composite?.typeName == "COMPOSITE")
    #expect(composite.flatMap { MultipartDigests.compositeChecksum(algorithm, of: [$0]) } == nil)
    #expect(MultipartDigests.compositeChecksum(.crc32c, of: sums) == nil)
    #expect(MultipartDigests.compositeChecksum(algorithm, of: []) == nil)
  }

  @Test(arguments: [ChecksumAlgorithm.crc32, .crc32c, .crc64nvme])
  func `the checksum of a whole object follows from its parts`(algorithm: ChecksumAlgorithm) {
    let parts = Self.parts.map { (checksum(algorithm, $0), $0.count) }
    let whole = MultipartDigests.fullObjectChecksum(algorithm, of: parts)
    #expect(whole == checksum(algorithm, Self.parts.flatMap { $0 }))
    #expect(MultipartDigests.fullObjectChecksum(algorithm, of: parts.reversed()) != whole)
    let wrong = parts.map { ($0.0, $0.1 + 1) }
    #expect(MultipartDigests.fullObjectChecksum(algorithm, of: wrong) != whole)
    #expect(MultipartDigests.fullObjectChecksum(algorithm, of: [(parts[0].0, -1)]) == nil)
    #expect(MultipartDigests.fullObjectChecksum(algorithm, of: []) == nil)
    #expect(MultipartDigests.fullObjectChecksum(.sha256, of: parts) == nil)
    let hashes = Self.parts.map { (checksum(.sha256, $0), $0.count) }
    #expect(MultipartDigests.fullObjectChecksum(.sha256, of: hashes) == nil)
  }
}
