// One advisory lock on a file, for the moments in which a progress file is opened or mended.

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Runs the body while holding the lock; without it where the lock file cannot be made.
///
/// The system lets go of the lock when its holder dies, so it never outlives a crash.
func withFileLock<Result>(_ path: String, _ body: () throws -> Result) rethrows -> Result {
  let descriptor = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
  guard descriptor >= 0 else { return try body() }
  defer { close(descriptor) }
  while flock(descriptor, LOCK_EX) != 0 && errno == EINTR {}
  return try body()
}
