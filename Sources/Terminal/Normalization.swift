// Canonical composition. A Mac's file names and some input methods deliver Hangul as separate
// letters; everything typed is composed once, here, so that comparing it is comparing bytes.

import Foundation

/// Unicode normal form C.
package enum Normalization {
  /// `text` in normal form C; returned as it is, after one cheap pass, where nothing can change.
  package static func composed(_ text: String) -> String {
    let mayChange = text.unicodeScalars.contains { mayCompose($0.value) }
    return mayChange ? text.precomposedStringWithCanonicalMapping : text
  }

  /// Whether a code point can combine with the one before it, or has another composed form.
  static func mayCompose(_ value: UInt32) -> Bool {
    switch value {
    case 0..<0x300, 0x3131..<0xA000, 0xAC00...0xD7A3: false
    case 0x2000..<0x20D0, 0x2190..<0x2ADC: value == 0x2000 || value == 0x2001 || value == 0x2126
      || value == 0x212A || value == 0x212B || value == 0x2329 || value == 0x232A
    case 0x1F300..<0x20000: false
    default: true
    }
  }
}
