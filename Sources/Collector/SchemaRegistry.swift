// The tracking plan's history: every version of every event that was ever in force, with ids.
//
//     schemas/registry.ndjson    {"id":1,"subject":"purchase_completed","version":1,
//                                 "fingerprint":"9f…","mode":"BACKWARD","schema":{…}}
//
// A line says nothing about when or by whom, so the same plans in the same order give the same file.

internal import Crypto
package import EventModel
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// One registered version of one subject.
package struct RegisteredSchema: Sendable, Hashable {
  /// Counts over all subjects, from 1; one content of one subject keeps its id.
  package var id: Int
  package var subject: String { schema.eventName }
  /// Counts within the subject, from 1.
  package var version: Int
  /// The first 16 hexadecimal digits of the SHA-256 of the canonical JSON.
  package var fingerprint: String
  /// The mode that it was checked with.
  package var mode: Compatibility
  package var schema: EventSchema
}

/// Registers schemas, and refuses those that do not fit what came before. Safe to share.
package final class SchemaRegistry: Sendable {
  private let path: String?
  private let state: Mutex<[RegisteredSchema]>

  /// A registry that continues where its file stands; nil keeps it in memory.
  ///
  /// A last line that was cut short is left out. Throws `collector.registry_unreadable` for a line that
  /// is no schema, and for a file that cannot be read.
  package init(path: String? = nil) throws {
    self.path = path
    var known: [RegisteredSchema] = []
    if let path, let bytes = try Self.contents(path) {
      let whole = bytes.lastIndex(of: 0x0A).map { bytes[..<$0] } ?? []
      for (number, line) in whole.split(separator: 0x0A).enumerated() {
        let json = Array(line).withUnsafeBytes { try? JSONValue(parsing: $0) }
        guard let entry = json.flatMap(Self.entry) else {
          throw CollectorError(
            .registryUnreadable, "line \(number + 1) is no registered schema",
            place: "\(path), line \(number + 1)",
            advice: "Take the file away: the tracking plan in force is registered again.")
        }
        known.append(entry)
      }
    }
    state = Mutex(known)
  }

  /// Every version, in the order of registering.
  package var all: [RegisteredSchema] { state.withLock { $0 } }

  /// The versions of a subject, oldest first.
  package func versions(of subject: String) -> [RegisteredSchema] {
    state.withLock { $0.filter { $0.subject == subject } }
  }

  /// What keeps a schema from being registered; `[]` where nothing does.
  package func conflicts(of schema: EventSchema, mode: Compatibility) -> [SchemaConflict] {
    state.withLock { Self.conflicts(of: schema, mode: mode, among: $0) }
  }

  /// Registers a schema and answers its id and version; the same content as the subject's last
  /// version is that version again.
  ///
  /// Throws `collector.incompatible_schema` with rule, property and advice of the first conflict, and
  /// what the disk says.
  package func register(_ schema: EventSchema, mode: Compatibility) throws -> RegisteredSchema {
    try state.withLock { known in
      let fingerprint = Self.fingerprint(schema)
      let own = known.filter { $0.subject == schema.eventName }
      if let last = own.last, last.fingerprint == fingerprint { return last }
      if let conflict = Self.conflicts(of: schema, mode: mode, among: known).first {
        throw Self.incompatible(schema, mode, conflict)
      }
      let entry = RegisteredSchema(
        id: own.first { $0.fingerprint == fingerprint }?.id
          ?? (known.map(\.id).max() ?? 0) + 1,
        version: own.count + 1,
        fingerprint: fingerprint,
        mode: mode,
        schema: schema
      )
      if let path { try Self.append(entry, to: path, after: known) }
      known.append(entry)
      return entry
    }
  }

  static func incompatible(
    _ schema: EventSchema,
    _ mode: Compatibility,
    _ conflict: SchemaConflict
  ) -> CollectorError {
    CollectorError(
      .incompatibleSchema,
      "\(schema.eventName) breaks \(mode.rawValue) against version \(conflict.version): "
        + "\(conflict.rule.rawValue) of `\(conflict.property)`",
      place: "tracking-plan.yaml, \(schema.eventName).\(conflict.property)",
      advice: conflict.advice,
      fields: [
        "event": schema.eventName, "mode": mode.rawValue, "rule": conflict.rule.rawValue,
        "property": conflict.property, "version": String(conflict.version),
      ]
    )
  }

  private static func conflicts(
    of schema: EventSchema,
    mode: Compatibility,
    among known: [RegisteredSchema]
  ) -> [SchemaConflict] {
    let versions = known.filter { $0.subject == schema.eventName }.map(\.schema)
    if versions.last == schema { return [] }
    return mode.conflicts(of: schema, with: versions)
  }

  private static func fingerprint(_ schema: EventSchema) -> String {
    let digest = SHA256.hash(data: Array(schema.canonicalJSON.text.utf8))
    return digest.prefix(8).map { byte in
      let text = String(byte, radix: 16)
      return text.count == 1 ? "0" + text : text
    }.joined()
  }

  // MARK: - The file

  private static func line(_ entry: RegisteredSchema) -> [UInt8] {
    let json = JSONValue.object([
      JSONMember("id", .integer(Int64(entry.id))), JSONMember("subject", .string(entry.subject)),
      JSONMember("version", .integer(Int64(entry.version))),
      JSONMember("fingerprint", .string(entry.fingerprint)),
      JSONMember("mode", .string(entry.mode.rawValue)),
      JSONMember("schema", entry.schema.canonicalJSON),
    ])
    return Array(json.text.utf8) + [0x0A]
  }

  private static func entry(_ json: JSONValue) -> RegisteredSchema? {
    guard let id = json["id"]?.integer, let version = json["version"]?.integer,
      let fingerprint = json["fingerprint"]?.string,
      let mode = json["mode"]?.string.flatMap(Compatibility.init(rawValue:)),
      let schema = json["schema"].flatMap(EventSchema.init(canonicalJSON:))
    else { return nil }
    return RegisteredSchema(
      id: Int(id), version: Int(version), fingerprint: fingerprint, mode: mode, schema: schema)
  }

  private static func contents(_ path: String) throws -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT { return nil }
      throw unreadable(path)
    }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = read(descriptor, &piece, piece.count)
      if count == 0 { return bytes }
      if count > 0 { bytes += piece[0..<count] } else if errno != EINTR { throw unreadable(path) }
    }
  }

  /// Writes the whole file anew beside the old one, syncs it and puts it in its place.
  private static func append(
    _ entry: RegisteredSchema,
    to path: String,
    after known: [RegisteredSchema]
  ) throws {
    let bytes = (known + [entry]).flatMap(line)
    let staging = path + ".new"
    var isWhole = false
    defer { if !isWhole { unlink(staging) } }
    let descriptor = open(staging, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw unreadable(path) }
    defer { close(descriptor) }
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes {
        write(descriptor, $0.baseAddress.map { $0 + written }, bytes.count - written)
      }
      if count > 0 { written += count } else if errno != EINTR { throw unreadable(path) }
    }
    guard fsync(descriptor) == 0, rename(staging, path) == 0 else { throw unreadable(path) }
    isWhole = true
  }

  private static func unreadable(_ path: String) -> CollectorError {
    if errno == ENOSPC || errno == EDQUOT {
      return CollectorError(
        .diskFull, "the disk is full: the schema registry was not written", place: path,
        advice: "Free some space and repeat.", fields: ["place": path])
    }
    return CollectorError(
      .registryUnreadable, "the registry cannot be read or written: "
        + String(cString: strerror(errno)),
      place: path, advice: "Check the permissions and the space of the directory.")
  }
}
