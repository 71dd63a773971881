// Ctrl-C as a flag that running commands look at, so that it stops a job and not the session.

import CLibEdit

/// The interrupt state of the process.
///
/// While a line is edited, Ctrl-C clears it. While a command runs, the first Ctrl-C sets the flag;
/// a second one within two seconds ends the process with status 130, for work that does not look.
package enum Interrupt {
  /// Takes over SIGINT, and restores the terminal before the process ends by any other signal.
  ///
  /// Calling it again does nothing. Signal handlers of others installed before it stay in effect.
  package static func install() {
    tapline_interrupt_install()
  }

  /// Whether Ctrl-C was pressed since the last `clear`; cheap enough for every batch of work.
  package static var isRequested: Bool { tapline_interrupt_requested() }

  /// Forgets an earlier Ctrl-C; call it before a command starts.
  package static func clear() {
    tapline_interrupt_clear()
  }

  /// Asks running work to stop, as Ctrl-C does.
  package static func request() {
    tapline_interrupt_request()
  }

  /// Throws `Interrupted` if Ctrl-C was pressed.
  package static func check() throws {
    if isRequested { throw Interrupted() }
  }
}

/// Work that was stopped by the learner.
package struct Interrupted: Error, Hashable {
  package init() {}
}
