internal import ArgumentParser

/// Where `main` hands over.
package enum EntryPoint {
  /// Parses the process's arguments, runs, and exits with the status.
  package static func main() {
    Program.main()
  }
}
