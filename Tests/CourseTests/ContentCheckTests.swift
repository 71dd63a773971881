import Course
import Foundation
import Testing

/// The content of this checkout keeps the rules, and planted bad content is found by each of them.
@Suite struct ContentCheckTests {
  @Test func `everything that a learner reads is looked at`() throws {
    #expect(ContentTexts(root: contentRoot).count > 1_000)
  }

  @Test func `the content keeps every rule`() throws {
    // UPDATE_GOLDEN=1 writes the ledger of translations anew; stale entries stay stale.
    if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] != nil {
      let renewed = TranslationLedger.read(root: contentRoot)
        .renewed(ContentTexts(root: contentRoot))
      try Data(renewed.utf8)
        .write(to: URL(filePath: contentRoot + "/Lessons/translations.lock"))
    }
    let findings = try CourseContent(root: contentRoot).findings()
    #expect(findings.isEmpty, "\n\(findings.map(\.description).joined(separator: "\n"))")
  }

  @Test func `the ledger knows most of the texts`() throws {
    let lock = try String(contentsOfFile: contentRoot + "/Lessons/translations.lock", encoding: .utf8)
    let known = lock.split(separator: "\n").filter { !$0.hasPrefix("#") }.count
    #expect(Double(known) > Double(ContentTexts(root: contentRoot).count) / 2 * 0.7)
  }

  // MARK: Planted

  private static let planted = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "PlantedBad")

  static let rules: [String] = {
    let names = try? FileManager.default.contentsOfDirectory(atPath: planted.path)
    return (names ?? []).filter { $0 != "sound" && !$0.hasSuffix(".md") && !$0.hasPrefix(".") }
      .sorted()
  }()

  /// The sound course with the files of a folder laid over it.
  private func course(_ folder: String?) throws -> ScratchFolder {
    let scratch = try ScratchFolder()
    for source in ["sound", folder].compactMap({ $0 }) {
      let root = Self.planted.appending(path: source).path
      for path in try FileManager.default.subpathsOfDirectory(atPath: root) {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: root + "/" + path, isDirectory: &isFolder),
          !isFolder.boolValue
        else { continue }
        try scratch.write(path, String(contentsOfFile: root + "/" + path, encoding: .utf8))
      }
    }
    return scratch
  }

  @Test func `the sound course has no finding`() throws {
    let findings = try CourseContent(root: course(nil).path).findings()
    #expect(findings == [])
  }

  @Test func `there is planted content for every rule`() {
    #expect(Self.rules.count >= 20)
  }

  @Test(arguments: rules)
  func `planted bad content is found by its rule and by no other`(folder: String) throws {
    let course = try course(folder)
    let findings = try CourseContent(root: course.path).findings()
    let rule = String(folder.prefix { $0 != "-" })
    #expect(Set(findings.map(\.rule)) == [rule], "\(findings)")
    for finding in findings {
      #expect(FileManager.default.fileExists(atPath: course.path + "/" + finding.file), "\(finding)")
      #expect(!finding.fix.isEmpty)
    }
  }

  @Test func `a finding names the line`() throws {
    let spelling = try CourseContent(root: course("spelling.forbidden").path).findings()
    #expect(spelling.map(\.line) == [7])
    #expect(spelling.first?.fix == "Write `오프셋`.")
    let because = try CourseContent(root: course("speech.level-because").path).findings()
    #expect(because.map(\.line) == [17])
    let catalogue = try CourseContent(root: course("speech.level-casual").path).findings()
    #expect(catalogue.map(\.line) == [4])
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
    #expect(try CourseContent(root: folder.path).findings().map(\.text) == [])
  }

  @Test func `a Korean text that changed alone makes its translation stale`() throws {
    let folder = try course(nil)
    let lock = folder.path + "/Lessons/translations.lock"
    func renew() throws {
      let renewed = TranslationLedger.read(root: folder.path).renewed(ContentTexts(root: folder.path))
      try Data(renewed.utf8).write(to: URL(filePath: lock))
    }
    func stale() throws -> [String] {
      try CourseContent(root: folder.path).findings().map { "\($0.rule) \($0.file)" }
    }
    func change(_ path: String, _ old: String, _ new: String) throws {
      let text = try String(contentsOfFile: folder.path + "/" + path, encoding: .utf8)
      #expect(text.contains(old))
      try folder.write(path, text.replacingOccurrences(of: old, with: new))
    }
    try renew()
    #expect(try stale() == [])
    let task = "Exercises/00-a/01-find/task"
    try change(task + ".ko.md", "찾습니다", "적습니다")
    #expect(try stale() == ["translation.stale \(task).en.md"])
    // Writing the ledger anew does not hide it.
    try renew()
    #expect(try stale() == ["translation.stale \(task).en.md"])
    try change(task + ".en.md", "Find", "Write down")
    #expect(try stale() == [])
    try renew()
    // White space and the Unicode form are no change.
    try change(task + ".ko.md", "오프셋을", "오프셋을".decomposedStringWithCanonicalMapping)
    #expect(try stale() == [])
    try change("Lessons/course.yaml", "title: {ko: 하나,", "title: {ko: 첫째,")
    try change("Lessons/00-a/lesson.ko.md", "## 0.1 하나", "## 0.1 첫째")
    #expect(
      try stale() == [
        "translation.stale Lessons/00-a/lesson.en.md", "translation.stale Lessons/course.yaml",
      ])
  }
}
