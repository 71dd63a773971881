// `course …`: what authors and instructors do. Each word after it is a `CourseTool`; their own files
// hold them: `Shell+CourseCheck.swift` (check, grade), `Shell+CourseAuthor.swift` (new, play, …).

internal import Platform
internal import Terminal

/// One word after `course`, with what it runs.
struct CourseTool: Sendable {
  var name: String
  /// Options that may follow, for completion.
  var options: [String]
  /// True where nothing of the learner's is read or changed.
  ///
  /// Typed in a shell, such a line runs in a home of its own below the learner's, so that it works
  /// beside an open prompt and can touch neither world nor progress.
  var isApart: Bool
  var run: @Sendable (Shell, [String]) throws -> Reply

  init(
    _ name: String, options: [String] = [], isApart: Bool = false,
    run: @escaping @Sendable (Shell, [String]) throws -> Reply
  ) {
    self.name = name
    self.options = options
    self.isApart = isApart
    self.run = run
  }

  /// All of them, in the order of `help course`.
  static let all = checking + authoring

  /// The tool of that name.
  static func named(_ word: String) -> CourseTool? {
    all.first { $0.name == word.lowercased() }
  }
}

extension CommandTable {
  /// What authors and instructors type.
  static let authoring: [Command] = [
    Command(
      "course", group: .authoring, subcommands: CourseTool.all.map(\.name),
      options: CourseTool.all.flatMap(\.options)
    ) { try $0.course($1) }
  ]
}

extension Shell {
  /// `course TOOL …`.
  func course(_ words: [String]) throws -> Reply {
    let (name, rest) = try subcommand(words, of: "course")
    guard let tool = CourseTool.named(name) else { return Reply() }
    return try tool.run(self, rest)
  }

  /// The home in which authors' worlds are made and what was checked is remembered.
  ///
  /// - Throws: `platform.homeInUse` where another check runs in it.
  func authoringHome() throws -> Home {
    if purpose == .authoring { return home }
    return try Home(path: home.path + "/authoring")
  }
}

/// A line of `course …` that was typed in a shell.
enum CourseLine {
  /// Homes that checks may use side by side.
  private static let homesMax = 8

  /// True where the line needs nothing of the learner's home.
  static func isApart(_ words: [String]) -> Bool {
    guard words.count > 1, words[0].lowercased() == "course" else { return false }
    return CourseTool.named(words[1])?.isApart == true
  }

  /// True where the prompt opens after the line: to go on playing, or in an exercise's world.
  static func opensPrompt(_ words: [String]) -> Bool {
    guard words.count > 2, words[0].lowercased() == "course" else { return false }
    switch words[1].lowercased() {
    case "play": return true
    case "shell":
      // With a query it is asked once.
      let positions = (try? Arguments(words.dropFirst(2)))?.positions ?? []
      return positions.count == 1
    default: return false
    }
  }

  /// A shell for such a line, in `HOME/authoring`, or in the next free one beside it.
  ///
  /// - Throws: `platform.homeInUse` where all of them are in use, and what the disk refuses.
  static func shell(
    below homePath: String, content: ContentRoot, language: Language?, output: DescriptorOutput
  ) throws -> Shell {
    var settings = Settings.read(homePath: homePath)
    if let language { settings.language = language }
    output.setAccessible(settings.isAccessible)
    return try Shell(
      home: try freeHome(below: homePath), content: content,
      options: Platform.Options(contentRoot: content.path), language: settings.language,
      output: output, purpose: .authoring)
  }

  private static func freeHome(below homePath: String, number: Int = 1) throws -> Home {
    do {
      return try Home(path: homePath + "/authoring" + (number == 1 ? "" : "-\(number)"))
    } catch let error as PlatformError where error.kind == .homeInUse && number < homesMax {
      return try freeHome(below: homePath, number: number + 1)
    }
  }
}
