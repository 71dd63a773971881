// A copy of a whole world that costs little: what is never written again is linked, the rest copied.
//
// ```
// lake/ warehouse/                   linked: objects come by rename or link, and are never rewritten
// kafka/<partition>/<sealed>.log     linked
// s3/…/versions, s3/…/uploads        linked: what a bucket keeps beside its objects
// everything else                    copied: active segments, indexes, phone, runs, journal, pipeline
// .tapline-staging                   left out: bytes on their way
// ```
// The copy is made under another name and renamed at its end, so that a half one is never taken for a
// world. The caller sees to it that nobody writes meanwhile.

internal import Foundation

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Copies world directories.
package enum WorldCopy {
  /// What a copy did.
  package struct Summary: Sendable, Equatable {
    package var linkedFiles = 0
    package var copiedFiles = 0
    package var copiedBytes = 0
  }

  /// Copies the world at `source` to `target`, which must not exist; its parent must.
  ///
  /// `isDurable` waits for the disk, so that the copy survives a power cut.
  ///
  /// - Throws: `platform.diskFull` or `platform.homeUnusable`; nothing is left at `target` then.
  @discardableResult
  package static func make(
    from source: String, to target: String, isDurable: Bool = false
  ) throws -> Summary {
    let staging = target + ".new"
    try remove(staging)
    var copier = Copier(isDurable: isDurable)
    do {
      try copier.directory(source, staging, [])
      guard rename(staging, target) == 0 else { throw Home.unusable(target, errno) }
    } catch {
      try? remove(staging)
      throw error
    }
    return copier.summary
  }

  /// Removes a directory with all that is in it; nothing happens where there is none.
  package static func remove(_ path: String) throws {
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    do {
      try FileManager.default.removeItem(atPath: path)
    } catch {
      throw Home.unusable(path, errno)
    }
  }
}

/// One run over a world's directories.
private struct Copier {
  let isDurable: Bool
  var summary = WorldCopy.Summary()
  private var buffer = [UInt8](repeating: 0, count: 1 << 18)

  init(isDurable: Bool) {
    self.isDurable = isDurable
  }

  /// Copies a directory; `place` is its path below the world, as names.
  mutating func directory(_ source: String, _ target: String, _ place: [String]) throws {
    guard mkdir(target, 0o755) == 0 else { throw Home.unusable(target, errno) }
    let entries = try list(source)
    let active = entries.filter { $0.name.hasSuffix(".log") }.map(\.name).max()
    for entry in entries {
      let from = source + "/" + entry.name
      let to = target + "/" + entry.name
      if entry.isDirectory {
        if entry.name != ".tapline-staging" { try directory(from, to, place + [entry.name]) }
      } else if isSealed(entry.name, in: place, active: active) {
        try link(from, to)
      } else {
        try copy(from, to)
      }
    }
    if isDurable { try sync(target) }
  }

  private func isSealed(_ name: String, in place: [String], active: String?) -> Bool {
    switch place.first {
    // A checkpoint's pointer is the one object that gets new content under its name.
    case "lake", "warehouse": return !name.hasPrefix("_last_checkpoint")
    case "s3": return place.contains("versions") || place.contains("uploads") || place.contains("objects")
    case "kafka": return place.count == 2 && name.hasSuffix(".log") && name != active
    default: return false
    }
  }

  private func list(_ path: String) throws -> [(name: String, isDirectory: Bool)] {
    guard let stream = opendir(path) else { throw Home.unusable(path, errno) }
    defer { closedir(stream) }
    var entries: [(name: String, isDirectory: Bool)] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { field in
        field.withMemoryRebound(
          to: CChar.self, capacity: MemoryLayout.size(ofValue: field.pointee)
        ) { String(cString: $0) }
      }
      guard name != ".", name != ".." else { continue }
      var status = stat()
      guard lstat(path + "/" + name, &status) == 0 else { throw Home.unusable(path, errno) }
      switch status.st_mode & S_IFMT {
      case S_IFDIR: entries.append((name, true))
      case S_IFREG: entries.append((name, false))
      default: break
      }
    }
    return entries.sorted { $0.name < $1.name }
  }

  private mutating func link(_ source: String, _ target: String) throws {
    #if canImport(Glibc)
    let result = Glibc.link(source, target)
    #else
    let result = Darwin.link(source, target)
    #endif
    if result == 0 {
      summary.linkedFiles += 1
      return
    }
    // Another file system, one without links, or too many of them.
    guard [EXDEV, EPERM, ENOTSUP, EOPNOTSUPP, EMLINK].contains(errno) else {
      throw Home.unusable(target, errno)
    }
    try copy(source, target)
  }

  private mutating func copy(_ source: String, _ target: String) throws {
    let from = open(source, O_RDONLY | O_CLOEXEC)
    guard from >= 0 else { throw Home.unusable(source, errno) }
    defer { close(from) }
    var status = stat()
    guard fstat(from, &status) == 0 else { throw Home.unusable(source, errno) }
    let to = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, status.st_mode & 0o777)
    guard to >= 0 else { throw Home.unusable(target, errno) }
    defer { close(to) }
    while true {
      let count = buffer.withUnsafeMutableBytes { read(from, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw Home.unusable(source, errno) }
      if count == 0 { break }
      try write(count, to, target)
      summary.copiedBytes += count
    }
    // Modification times of the lake are story time.
    #if canImport(Darwin)
    let times = [status.st_atimespec, status.st_mtimespec]
    #else
    let times = [status.st_atim, status.st_mtim]
    #endif
    guard futimens(to, times) == 0, !isDurable || fsync(to) == 0 else {
      throw Home.unusable(target, errno)
    }
    summary.copiedFiles += 1
  }

  private func write(_ count: Int, _ file: Int32, _ path: String) throws {
    var written = 0
    while written < count {
      let step = buffer.withUnsafeBytes {
        Foundation.write(file, $0.baseAddress?.advanced(by: written), count - written)
      }
      if step < 0, errno == EINTR { continue }
      guard step > 0 else { throw Home.unusable(path, step == 0 ? ENOSPC : errno) }
      written += step
    }
  }

  private func sync(_ path: String) throws {
    let directory = open(path, O_RDONLY | O_CLOEXEC)
    guard directory >= 0 else { throw Home.unusable(path, errno) }
    defer { close(directory) }
    guard fsync(directory) == 0 else { throw Home.unusable(path, errno) }
  }
}
