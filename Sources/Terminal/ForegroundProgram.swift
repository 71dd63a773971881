// Another program on our terminal: a pager, an editor.
//
// Foundation's Process gives a child a process group of its own, which the kernel stops as soon as it
// reads the terminal; this one stays in ours, as a shell's foreground job does.

import CLibEdit
import Foundation

/// Runs programs that use the terminal, and waits for them.
package enum ForegroundProgram {
  /// Runs `command` by the shell.
  ///
  /// Ctrl-C belongs to the program while it runs.
  ///
  /// - Parameters:
  ///   - command: a line for `/bin/sh`; `arguments` are its `$1`, `$2` ….
  ///   - input: what it reads from standard input; nil leaves the terminal to it.
  ///   - environment: all variables that it gets.
  /// - Returns: its exit status, 128 + the signal that ended it, 127 if there is no such program, or
  ///   nil if nothing could be run.
  @discardableResult
  package static func run(
    _ command: String,
    arguments: [String] = [],
    input: String? = nil,
    environment: [String: String]
  ) -> Int32? {
    var ends: [Int32] = [-1, -1]
    if input != nil {
      guard pipe(&ends) == 0 else { return nil }
      for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    }
    tapline_interrupt_ignore(true)
    defer { tapline_interrupt_ignore(false) }
    let words = ["/bin/sh", "-c", command, "sh"] + arguments
    let child = spawn(words, environment, input: ends[0])
    if ends[0] >= 0 { close(ends[0]) }
    guard let child else {
      if ends[1] >= 0 { close(ends[1]) }
      return nil
    }
    if var input {
      // A reader who leaves early closes the pipe; that is no failure.
      let previous = signal(SIGPIPE, SIG_IGN)
      _ = input.withUTF8 { writeAll(ends[1], UnsafeRawBufferPointer($0)) }
      signal(SIGPIPE, previous)
      close(ends[1])
    }
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0 {
      guard errno == EINTR else { return nil }
    }
    return status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
  }

  private static func spawn(
    _ words: [String],
    _ environment: [String: String],
    input: Int32
  ) -> pid_t? {
    #if canImport(Darwin)
    var actions: posix_spawn_file_actions_t?
    var attributes: posix_spawnattr_t?
    #else
    var actions = posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    #endif
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    var defaults = sigset_t()
    sigemptyset(&defaults)
    for number in [SIGINT, SIGPIPE, SIGTSTP, SIGWINCH, SIGCONT] { sigaddset(&defaults, number) }
    posix_spawnattr_setsigdefault(&attributes, &defaults)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF))
    if input >= 0 { posix_spawn_file_actions_adddup2(&actions, input, 0) }
    var argv = words.map { strdup($0) } + [nil]
    var envp = environment.map { strdup("\($0)=\($1)") } + [nil]
    defer { (argv + envp).forEach { free($0) } }
    var child: pid_t = 0
    guard posix_spawn(&child, words[0], &actions, &attributes, &argv, &envp) == 0 else { return nil }
    return child
  }
}
