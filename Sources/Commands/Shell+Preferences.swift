// What a learner sets for all lines: language, accessible mode.

internal import EventModel
internal import Terminal

extension Shell {
  /// `lang`, `lang ko|en`.
  func lang(_ words: [String]) throws -> Reply {
    guard let word = words.first else {
      return Reply(
        [.text(text("lang.current"))],
        data: .record(["language": .string(settings.language.rawValue)])
      )
    }
    guard let chosen = languageNamed(word) else {
      throw CommandError(
        .unknownSubcommand,
        ["command": "lang", "word": word, "known": "ko, en"]
      )
    }
    setLanguage(chosen)
    return Reply(
      [.text(text("lang.changed"))],
      data: .record(["language": .string(chosen.rawValue)])
    )
  }

  func languageNamed(_ word: String) -> Language? {
    switch word.lowercased() {
    case "ko", "kr", "korean", "한국어", "1": .ko
    case "en", "english", "영어", "2": .en
    default: nil
    }
  }

  /// `accessible`, `accessible on|off`.
  func accessible(_ words: [String]) throws -> Reply {
    if let word = words.first?.lowercased() {
      guard let isOn = ["on": true, "off": false, "켜기": true, "끄기": false][word] else {
        throw CommandError(
          .unknownSubcommand,
          ["command": "accessible", "word": word, "known": "on, off"])
      }
      setAccessible(isOn)
    }
    let isOn = settings.isAccessible
    return Reply(
      [.text(text(isOn ? "accessible.on" : "accessible.off"))],
      data: .record(["accessible": .bool(isOn)]))
  }

  /// `clear`: an empty screen; nothing where there is no screen.
  func clearScreen() -> Reply {
    if output.isInteractive, !output.style.isAccessible { output.write("\u{1B}[H\u{1B}[2J") }
    return Reply()
  }
}
