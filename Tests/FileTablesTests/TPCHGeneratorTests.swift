import Columnar
import Connector
import Foundation
import Simulation
import TestSupport
import Testing

import FileTables

/// Our generated tables against the files of the public generator, row by row.
///
/// Needs the interop Python with `tpchgen-cli` beside it; the values are read from its CSV files.
@Suite(
  .enabled(
    if: TPCHReference.executable != nil,
    "TAPLINE_INTEROP_PYTHON names no environment with tpchgen-cli"))
struct TPCHGeneratorTests {
  private static let catalog = TPCHCatalog(form: .specification)
  /// Keeps the text between tests: making it takes long in a debug build.
  private static let text = catalog.pool.get()
  static let reference = Result { try TPCHReference() }

  @Test(arguments: TPCHTable.allCases)
  func `every row is the public generator's`(_ table: TPCHTable) throws {
    let reference = try Self.reference.get()
    _ = Self.text
    let source = try #require(try Self.catalog.table(schema: "sf0.01", name: table.rawValue))
    let expected = reference.lines(of: table)
    var row = 0
    for split in try source.splits(
      for: ScanRequest(columns: Array(source.schema.fields.indices)))
    {
      let reader = try split.open()
      while let batch = try reader.next() {
        for index in 0..<batch.rowCount {
          let line = batch.row(index).enumerated().map {
            TPCHReference.text(
              $0.element, batch.schema[$0.offset].type,
              isQuantity: batch.schema[$0.offset].name == "l_quantity")
          }
          guard row < expected.count else { break }
          if line != expected[row] {
            #expect(line == expected[row], "row \(row) of \(table)")
            return
          }
          row += 1
        }
      }
    }
    #expect(row == expected.count)
  }

  @Test func `columns made alone are those of the whole row`() throws {
    _ = Self.text
    let source = try #require(try Self.catalog.table(schema: "tiny", name: "lineitem"))
    let all = Array(source.schema.fields.indices)
    let split = try source.splits(for: ScanRequest(columns: all))[1]
    let whole = try #require(try split.open().next())
    for column in all {
      let alone = try source.splits(for: ScanRequest(columns: [column]))[1].open().next()
      let batch = try #require(alone)
      #expect(batch.rowCount == whole.rowCount)
      for row in stride(from: 0, to: whole.rowCount, by: 97) {
        #expect(batch.columns[0].scalar(row) == whole.columns[column].scalar(row))
      }
    }
  }
}

/// The rows that the public generator gives at scale factor 0.01.
struct TPCHReference: Sendable {
  private var rows: [TPCHTable: [[String]]] = [:]

  static let executable: String? = {
    guard let python = ProcessInfo.processInfo.environment["TAPLINE_INTEROP_PYTHON"] else {
      return nil
    }
    let path = URL(fileURLWithPath: python).deletingLastPathComponent().path + "/tpchgen-cli"
    return FileManager.default.isExecutableFile(atPath: path) ? path : nil
  }()

  init() throws {
    let directory = try ScratchDirectory("tpch")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Self.executable ?? "")
    process.arguments = ["csv", "-s", "0.01", "--output-dir", directory.path]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    for table in TPCHTable.allCases {
      let text = try String(
        contentsOfFile: directory.path + "/\(table.rawValue).csv", encoding: .utf8)
      // The first line is the header.
      rows[table] = text.utf8.split(separator: UInt8(ascii: "\n")).dropFirst().map(Self.fields)
    }
  }

  func lines(of table: TPCHTable) -> [[String]] { rows[table] ?? [] }

  private static func fields(_ line: Substring.UTF8View) -> [String] {
    var result: [String] = []
    var current: [UInt8] = []
    var isQuoted = false
    for byte in line {
      switch byte {
      case UInt8(ascii: "\""): isQuoted.toggle()
      case UInt8(ascii: ",") where !isQuoted:
        result.append(String(decoding: current, as: UTF8.self))
        current.removeAll(keepingCapacity: true)
      default: current.append(byte)
      }
    }
    result.append(String(decoding: current, as: UTF8.self))
    return result
  }

  /// The generator's CSV writes quantities without decimals.
  static func text(_ scalar: Scalar, _ type: DataType, isQuantity: Bool) -> String {
    switch (scalar, type) {
    case (.integer(let value), .decimal):
      let digits = String(value.magnitude)
      let padded = String(repeating: "0", count: max(0, 3 - digits.count)) + digits
      let isWhole = padded.hasSuffix("00") && isQuantity
      return (value < 0 ? "-" : "") + padded.dropLast(2) + (isWhole ? "" : "." + padded.suffix(2))
    case (.integer(let value), .date):
      let date = CivilDate(daysSinceEpoch: Int(value))
      return date.description
    case (.integer(let value), _): return String(value)
    case (.text(let value), _): return value
    default: return "\(scalar)"
    }
  }
}
