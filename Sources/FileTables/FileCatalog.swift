// Files as tables: any path by `table(path:)`, and a directory's files by name.

import Columnar
package import Connector
import Foundation

/// The catalog `files`: paths as tables; and, where it has a directory, that directory's files as the
/// tables of its one schema `default`. Read-only.
package final class FileCatalog: CatalogProvider {
  package let name: String
  private let directory: String?

  /// `directory` nil: paths alone.
  package init(name: String = "files", directory: String? = nil) {
    self.name = name
    self.directory = directory
  }

  package func schemaNames() throws -> [String] { directory == nil ? [] : ["default"] }

  package func tableNames(schema: String) throws -> [String] {
    guard schema == "default", let directory else { return [] }
    return Set(try Self.files(in: directory).map(Self.tableName)).sorted()
  }

  package func table(schema: String, name: String) throws -> (any TableSource)? {
    guard schema == "default", let directory else { return nil }
    let paths = try Self.files(in: directory).filter { Self.tableName($0) == name }
    return paths.isEmpty ? nil : try Self.table(of: paths, named: directory + "/" + name)
  }

  /// A file, all files of a directory, or those that match a pattern with `*`.
  package func table(path: String) throws -> (any TableSource)? {
    try Self.table(of: try Self.expand(path), named: path)
  }

  private static let endings = ["parquet", "ndjson", "jsonl", "json", "csv"]

  private static func ending(_ path: String) -> String {
    path.split(separator: ".").last.map { $0.lowercased() } ?? ""
  }

  private static func tableName(_ path: String) -> String {
    let file = path.split(separator: "/").last.map(String.init) ?? path
    return (file.split(separator: ".").first.map(String.init) ?? file).lowercased()
  }

  private static func files(in directory: String) throws -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: directory)
        .filter { !$0.hasPrefix(".") && !$0.hasPrefix("_") && endings.contains(ending($0)) }
        .sorted().map { directory + "/" + $0 }
    } catch {
      throw FileTablesError(.notFound, path: directory, "the directory cannot be listed")
    }
  }

  private static func expand(_ path: String) throws -> [String] {
    var isDirectory: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) {
      return isDirectory.boolValue ? try files(in: path) : [path]
    }
    guard path.contains("*"), let slash = path.lastIndex(of: "/") else {
      throw FileTablesError(.notFound, path: path, "there is no such file")
    }
    let directory = String(path[..<slash])
    let pattern = Array(path[path.index(after: slash)...].utf8)
    guard !directory.contains("*") else {
      throw FileTablesError(.notFound, path: path, "* may stand in the file's name alone")
    }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    let found = names.filter { matches(Array($0.utf8)[...], pattern[...]) }.sorted()
    guard !found.isEmpty else {
      throw FileTablesError(.notFound, path: path, "no file matches")
    }
    return found.map { directory + "/" + $0 }
  }

  private static func matches(_ name: ArraySlice<UInt8>, _ pattern: ArraySlice<UInt8>) -> Bool {
    guard let first = pattern.first else { return name.isEmpty }
    if first == UInt8(ascii: "*") {
      return matches(name, pattern.dropFirst())
        || (!name.isEmpty && matches(name.dropFirst(), pattern))
    }
    return name.first == first && matches(name.dropFirst(), pattern.dropFirst())
  }

  private static func table(of paths: [String], named name: String) throws -> any TableSource {
    let kinds = Set(paths.map(ending))
    guard let kind = kinds.first, kinds.count == 1 else {
      throw FileTablesError(.schemasDiffer, path: name, "the files are of different formats")
    }
    switch kind {
    case "parquet": return try ParquetTable(paths: paths)
    case "ndjson", "jsonl", "json": return try TextTable(paths: paths, format: .json)
    case "csv": return try TextTable(paths: paths, format: .csv)
    default:
      throw FileTablesError(.unknownFormat, path: name, "the format .\(kind) is not read")
    }
  }
}
