import Course
import CourseAuthoring
import Foundation
import Testing
import TestSupport

/// The content of this checkout keeps the rules, and planted bad content is found by each of them.
@Suite struct ContentCheckTests {
  @Test func `everything that a learner reads is looked at`() throws {
    #expect(ContentTexts(root: RepositoryFiles.root).count > 1_000)
  }

  @Test func `the content keeps every rule`() throws {
    if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] != nil {
      try Self.renewLedger(RepositoryFiles.root)
    }
    let findings = CourseContent(root: RepositoryFiles.root).findings()
    #expect(findings.isEmpty, "\n\(findings.map(\.description).joined(separator: "\n"))")
  }

  @Test func `the ledger knows every text and no other`() throws {
    let lock = try String(contentsOfFile: RepositoryFiles.root + "/Lessons/translations.lock", encoding: .utf8)
    let known = lock.split(separator: "\n").filter { !$0.hasPrefix("#") }.count
    #expect(known * 2 == ContentTexts(root: RepositoryFiles.root).count, "run `make texts`")
  }

  // MARK: Planted

  private static let planted = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "PlantedBad")

  static let rules: [String] = {
    let names = try? FileManager.default.contentsOfDirectory(atPath: planted.path)
    return (names ?? []).filter { $0 != "sound" && !$0.hasSuffix(".md") && !$0.hasPrefix(".") }
      .sorted()
  }()

  /// Writes the ledger of a content folder anew; stale entries stay stale.
  private static func renewLedger(_ root: String) throws {
    let renewed = TranslationLedger.read(root: root).renewed(ContentTexts(root: root))
    try Data(renewed.utf8).write(to: URL(filePath: root + "/Lessons/translations.lock"))
  }

  /// The sound course with the files of a folder laid over it.
  ///
  /// The ledger is of the whole, except for the rules of the ledger: there it is of the sound one.
  private func course(_ folder: String?) throws -> ScratchDirectory {
    let scratch = try ScratchDirectory("course")
    let isLedgerSound = folder?.hasPrefix("translation.") == true
    for source in ["sound", folder].compactMap({ $0 }) {
      let root = Self.planted.appending(path: source).path
      for path in try FileManager.default.subpathsOfDirectory(atPath: root) {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: root + "/" + path, isDirectory: &isFolder),
          !isFolder.boolValue
        else { continue }
        try scratch.write(path, String(contentsOfFile: root + "/" + path, encoding: .utf8))
      }
      if source == "sound", isLedgerSound { try Self.renewLedger(scratch.path) }
    }
    if !isLedgerSound { try Self.renewLedger(scratch.path) }
    return scratch
  }

  @Test func `the sound course has no finding`() throws {
    let course = try course(nil)
    #expect(CourseContent(root: course.path).findings() == [])
  }

  @Test func `there is planted content for every rule`() {
    #expect(Set(Self.rules.map { $0.prefix { $0 != "+" } }).count >= 18)
  }

  @Test(arguments: rules)
  func `planted bad content is found by its rule and by no other`(folder: String) throws {
    let course = try course(folder)
    let findings = CourseContent(root: course.path).findings()
    let rule = String(folder.prefix { $0 != "+" })
    #expect(Set(findings.map(\.rule)) == [rule], "\(findings)")
    for finding in findings {
      #expect(FileManager.default.fileExists(atPath: course.path + "/" + finding.file), "\(finding)")
      #expect(!finding.fix.isEmpty)
      #expect(finding.line != nil, "\(finding)")
    }
  }

  @Test(arguments: [
    ("spelling.forbidden", "Lessons/00-a/lesson.ko.md", 7, "`옵셋`"),
    ("speech.level+because", "Lessons/00-a/lesson.ko.md", 17, "해요체"),
    ("speech.level+casual", "Lessons/catalogue/prompt.ko.texts", 4, "이어졌어"),
    ("yaml.syntax", "Lessons/notes.yaml", 2, "not YAML"),
    ("minutes.short", "Lessons/course.yaml", 26, "promises 4 minutes"),
    ("term.missing", "Lessons/course.yaml", 28, "`topic`"),
    ("introduced.late+term", "Exercises/00-a/01-find/task.ko.md", 1, "`랙`"),
    ("introduced.late+hint", "Exercises/00-a/01-find/hints.ko.md", 3, "`kafka`"),
    ("translation.stale", "Exercises/00-a/01-find/task.en.md", 1, "older Korean text"),
    ("course.languages-differ", "Lessons/00-a/lesson.en.md", 3, "In section 0.1 the steps"),
  ])
  func `a finding names the file, the line and the text`(
    folder: String,
    file: String,
    line: Int,
    text: String
  ) throws {
    let course = try course(folder)
    let findings = CourseContent(root: course.path).findings()
    #expect(findings.map(\.file) == [file])
    #expect(findings.map(\.line) == [line], "\(findings)")
    #expect(findings.first?.text.contains(text) == true, "\(findings)")
  }

  @Test func `sections that differ between the languages are named in both ways`() throws {
    let course = try course(nil)
    let file = "Lessons/01-b/lesson.en.md"
    let text = try String(contentsOfFile: course.path + "/" + file, encoding: .utf8)
    try course.write(file, text.replacingOccurrences(of: "## 1.1", with: "## 1.2"))
    let findings = CourseContent(root: course.path).findings()
    #expect(
      findings.map { "\($0.rule) \($0.file):\($0.line ?? 0)" } == [
        "translation.missing Lessons/01-b/lesson.ko.md:3", "translation.missing \(file):3",
        "course.languages-differ \(file):3",
      ])
  }

  @Test func `speech that is quoted, and endings that only look alike, are no findings`() throws {
    let folder = try course(nil)
    try folder.write(
      "Lessons/00-a/lesson.ko.md",
      try String(contentsOfFile: folder.path + "/Lessons/00-a/lesson.ko.md", encoding: .utf8)
        .replacingOccurrences(
          of: "먼저 앱을 봅니다.",
          with: """
            온콜은 "지금 봐요"라고 합니다. '그래요'라고도 하고 `했어요`라고도 씁니다.
            > 인용한 줄이에요.

            날짜마다. 이것보다. 용어. 제목입니다(그렇습니다). 눌러 보세요. 어떨까요? 바다.

                print("코드예요")
            """))
    try FileManager.default.removeItem(atPath: folder.path + "/Lessons/translations.lock")
    try Self.renewLedger(folder.path)
    #expect(CourseContent(root: folder.path).findings().map(\.text) == [])
  }

  @Test func `a Korean text that changed alone makes its translation stale`() throws {
    let folder = try course(nil)
    func renew() throws { try Self.renewLedger(folder.path) }
    func stale() -> [String] {
      CourseContent(root: folder.path).findings().map { "\($0.rule) \($0.file)" }
    }
    func change(_ path: String, _ old: String, _ new: String) throws {
      let text = try String(contentsOfFile: folder.path + "/" + path, encoding: .utf8)
      #expect(text.contains(old))
      try folder.write(path, text.replacingOccurrences(of: old, with: new))
    }
    try renew()
    #expect(stale() == [])
    let task = "Exercises/00-a/01-find/task"
    try change(task + ".ko.md", "찾습니다", "적습니다")
    #expect(stale() == ["translation.stale \(task).en.md"])
    // Writing the ledger anew does not hide it.
    try renew()
    #expect(stale() == ["translation.stale \(task).en.md"])
    try change(task + ".en.md", "Find", "Write down")
    #expect(stale() == ["translation.unrecorded \(task).en.md"])
    try renew()
    #expect(stale() == [])
    // White space and the Unicode form are no change.
    try change(task + ".ko.md", "오프셋을", "오프셋을".decomposedStringWithCanonicalMapping)
    #expect(stale() == [])
    try change("Lessons/course.yaml", "title: {ko: 하나,", "title: {ko: 첫째,")
    try change("Lessons/00-a/lesson.ko.md", "## 0.1 하나", "## 0.1 첫째")
    #expect(
      stale() == [
        "translation.stale Lessons/00-a/lesson.en.md", "translation.stale Lessons/course.yaml",
      ])
  }
}
