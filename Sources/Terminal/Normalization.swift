// Canonical composition. A Mac's file names and some input methods deliver Hangul as separate
// letters; everything typed is composed once, here, so that comparing it is comparing bytes.

import Foundation

/// Unicode normal form C.
package enum Normalization {
  /// `text` in normal form C; returned as it is, after one cheap pass, where nothing can change.
  package static func composed(_ text: String) -> String {
    let mayChange = text.unicodeScalars.contains { mayCompose($0.value) }
    return mayChange ? joiningFinals(text.precomposedStringWithCanonicalMapping) : text
  }

  /// `text` with final consonants joined to the syllables before them, which Foundation leaves apart
  /// where the syllable came composed.
  private static func joiningFinals(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: { isFinal($0.value) }) else { return text }
    var points: [UInt32] = []
    for scalar in text.unicodeScalars {
      if isFinal(scalar.value), let last = points.last, last >= 0xAC00, last <= 0xD7A3,
        (last - 0xAC00) % 28 == 0
      {
        points[points.count - 1] = last + scalar.value - 0x11A7
      } else {
        points.append(scalar.value)
      }
    }
    var view = String.UnicodeScalarView()
    for point in points { view.append(Unicode.Scalar(point) ?? "\u{FFFD}") }
    return String(view)
  }

  private static func isFinal(_ value: UInt32) -> Bool {
    value >= 0x11A8 && value <= 0x11C2
  }

  /// Whether a code point can combine with the one before it, or has another composed form.
  static func mayCompose(_ value: UInt32) -> Bool {
    switch value {
    case 0..<0x300, 0x3131..<0xA000, 0xAC00...0xD7A3: false
    case 0x2000..<0x20D0, 0x2190..<0x2ADC:
      value == 0x2000 || value == 0x2001 || value == 0x2126
        || value == 0x212A || value == 0x212B || value == 0x2329 || value == 0x232A
    case 0x1F300..<0x20000: false
    default: true
    }
  }
}
