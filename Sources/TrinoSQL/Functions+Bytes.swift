// Functions over binary values, URLs and sketches.

import Columnar
import Kernels
import QueryPlanning

extension FunctionCatalog {
  private static let text = TrinoType.varchar(nil)

  private static func encoder(_ encoding: TextEncoding) -> GenericFunction {
    plain([.varbinary], to: text, isTotal: true) { a, _ in encode(a[0], as: encoding) }
  }

  private static func decoder(_ encoding: TextEncoding) -> GenericFunction {
    plain([text], to: .varbinary) { a, _ in try decode(a[0], as: encoding) }
  }

  private static func digest(_ digest: Digest) -> GenericFunction {
    plain([.varbinary], to: .varbinary, isTotal: true) { a, _ in digests(a[0], digest) }
  }

  private static func keyed(_ digest: Digest) -> GenericFunction {
    plain([.varbinary, .varbinary], to: .varbinary, isTotal: true) { a, _ in
      keyedDigests(a[0], key: a[1], digest)
    }
  }

  static let binaryFunctions: [String: GenericFunction] = [
    "to_utf8": plain([text], to: .varbinary, isTotal: true) { a, _ in a[0].retyped(.varbinary) },
    "from_utf8": plain([.varbinary, text], required: 1, to: text) { a, count in
      guard a.count > 1 else { return textFromUTF8(a[0]) }
      return try withConstant(a[1], [a[0]], count: count, to: .varchar) { replacement, columns in
        guard replacement.unicodeScalars.count <= 1 else {
          throw KernelError.invalidArgument(
            "Replacement character string must empty or a single character")
        }
        return textFromUTF8(columns[0], replacement: replacement)
      }
    },
    "to_hex": encoder(.hexadecimal), "from_hex": decoder(.hexadecimal),
    "to_base64": encoder(.base64), "from_base64": decoder(.base64),
    "to_base64url": encoder(.base64URL), "from_base64url": decoder(.base64URL),
    "to_base32": encoder(.base32), "from_base32": decoder(.base32),
    "to_big_endian_32": plain([.integer], to: .varbinary) { a, _ in
      try bigEndianBytes(a[0], width: 4)
    },
    "to_big_endian_64": plain([.bigint], to: .varbinary) { a, _ in
      try bigEndianBytes(a[0], width: 8)
    },
    "from_big_endian_32": plain([.varbinary], to: .integer) { a, _ in
      try numbers(fromBigEndian: a[0], to: .integer)
    },
    "from_big_endian_64": plain([.varbinary], to: .bigint) { a, _ in
      try numbers(fromBigEndian: a[0], to: .bigint)
    },
    "to_ieee754_32": plain([.real], to: .varbinary) { a, _ in try bigEndianBytes(a[0], width: 4) },
    "to_ieee754_64": plain([.double], to: .varbinary) { a, _ in
      try bigEndianBytes(a[0], width: 8)
    },
    "from_ieee754_32": plain([.varbinary], to: .real) { a, _ in
      try numbers(fromBigEndian: a[0], to: .real)
    },
    "from_ieee754_64": plain([.varbinary], to: .double) { a, _ in
      try numbers(fromBigEndian: a[0], to: .double)
    },
    "md5": digest(.md5), "sha1": digest(.sha1), "sha256": digest(.sha256),
    "sha512": digest(.sha512),
    "hmac_md5": keyed(.md5), "hmac_sha1": keyed(.sha1), "hmac_sha256": keyed(.sha256),
    "hmac_sha512": keyed(.sha512),
    "xxhash64": plain([.varbinary], to: .varbinary, isTotal: true) { a, _ in xxHash64(a[0]) },
    "crc32": plain([.varbinary], to: .bigint, isTotal: true) { a, _ in crc32(a[0]) },
    // Forms over bytes of functions that have overloads over texts.
    "length": plain([.varbinary], to: .bigint, isTotal: true) { a, _ in byteLength(a[0]) },
    "substr": bytesSubstring, "substring": bytesSubstring,
    "reverse": plain([.varbinary], to: .varbinary, isTotal: true) { a, _ in
      mapEachBytes(a[0], to: .varbinary) { bytes, out in out.append(contentsOf: bytes.reversed()) }
    },
    "concat": GenericFunction(arguments: ["varbinary, ..."], result: "varbinary") { given in
      guard given.count >= 2, given.allSatisfy({ $0 == .varbinary || $0 == .unknown }) else {
        return nil
      }
      return FunctionResolution(
        targets: given.map { _ in .varbinary }, result: .varbinary, isTotal: true
      ) { a, count in
        joinText(a.map { $0.retyped(.varchar) }, count: count).retyped(.varbinary)
      }
    },
  ]

  private static let bytesSubstring = plain(
    [.varbinary, .bigint, .bigint], required: 2, to: .varbinary, isTotal: true
  ) { a, _ in substringOfBytes(a[0], start: a[1], length: a.count > 2 ? a[2] : nil) }

  private static func ofURL(_ part: URLPart) -> GenericFunction {
    plain([text], to: text, isTotal: true) { a, _ in extractURL(part, a[0]) }
  }

  static let urlFunctions: [String: GenericFunction] = [
    "url_extract_protocol": ofURL(.scheme), "url_extract_host": ofURL(.host),
    "url_extract_path": ofURL(.path), "url_extract_query": ofURL(.query),
    "url_extract_fragment": ofURL(.fragment),
    "url_extract_port": plain([text], to: .bigint, isTotal: true) { a, _ in extractURLPort(a[0]) },
    "url_extract_parameter": plain([text, text], to: text, isTotal: true) { a, _ in
      extractURLParameter(a[0], a[1])
    },
    "url_encode": plain([text], to: text, isTotal: true) { a, _ in encodedURLs(a[0]) },
    "url_decode": plain([text], to: text) { a, _ in try decodedURLs(a[0]) },
  ]

  static let sketchFunctions: [String: GenericFunction] = [
    "empty_approx_set": plain([], to: .hyperLogLog, isTotal: true) { _, count in
      ColumnVector(constant: .binary(emptySketch), type: .varbinary, count: count)
    }
  ]
}
