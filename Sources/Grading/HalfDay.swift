/// Which half of a day a learner says an hour is in: `오후 3시`, `3:05 PM`.
enum HalfDay: Hashable {
  case morning, afternoon

  private static let marks: [(text: String, half: HalfDay)] = [
    ("오전", .morning), ("새벽", .morning), ("아침", .morning), ("오후", .afternoon), ("저녁", .afternoon),
    ("a.m.", .morning), ("a.m", .morning), ("am", .morning),
    ("p.m.", .afternoon), ("p.m", .afternoon), ("pm", .afternoon),
  ]

  /// Takes the marks out of a normalized answer; nil where they contradict each other. The half is nil
  /// where there is no mark.
  static func taken(from text: String) -> (text: String, half: HalfDay?)? {
    var rest = Array(text)
    var found: Set<HalfDay> = []
    for mark in marks {
      let word = Array(mark.text)
      var index = 0
      while index + word.count <= rest.count {
        let end = index + word.count
        let stands =
          rest[index..<end].elementsEqual(word)
          && (index == 0 || !isLatin(rest[index - 1]) || !isLatin(word[0]))
          && (end == rest.count || !isLatin(rest[end]) || !isLatin(word[0]))
        if stands {
          rest.replaceSubrange(index..<end, with: [" "])
          found.insert(mark.half)
        }
        index += 1
      }
    }
    return found.count > 1 ? nil : (String(rest), found.first)
  }

  private static func isLatin(_ character: Character) -> Bool {
    character.isASCII && character.isLetter
  }

  /// The hour of 24 that an hour in this half is; nil where there is none, as 15 in the morning.
  func hour(_ hour: Int64) -> Int64? {
    switch (self, hour) {
    case (.morning, 12): 0
    case (.morning, 0...11), (.afternoon, 12...23): hour
    case (.afternoon, 1...11): hour + 12
    default: nil
    }
  }
}
