import Course
import Foundation
import Grading
import Testing

/// Exercises from packs and single files, and what is broken beside what works.
@Suite struct PackTests {
  static let manifest = """
    id: ID
    version: 1
    status: draft
    kind: state
    title: {ko: 제목}
    minutes: 5

    """

  /// A course with one exercise, `00-1`, and a pack beside it.
  private func folders() throws -> (course: ScratchFolder, pack: ScratchFolder) {
    let course = try ScratchFolder()
    try course.write("Lessons/course.yaml", ScratchCourse.outline)
    try write(course, "Exercises/00-a/01-a", "00-1")
    return (course, try ScratchFolder())
  }

  private func write(_ folder: ScratchFolder, _ path: String, _ id: String) throws {
    try folder.write(path + "/exercise.yaml", Self.manifest.replacing("ID", with: id))
    try folder.write(path + "/task.ko.md", "하세요\n")
  }

  private func content(_ course: ScratchFolder, _ pack: ScratchFolder) -> CourseContent {
    CourseContent(root: course.path, packs: [pack.path])
  }

  @Test func `a pack's exercises stand beside the course's, in folders and in single files`() throws {
    let (course, pack) = try folders()
    try write(pack, "Exercises/team/01-x", "team-1")
    try pack.write("Exercises/team/02-y.md", MarkdownExerciseTests.choice)
    let other = try ScratchFolder()
    try write(other, "01-z", "other-1")
    try other.write("README.md", "# nothing to be done\n")
    let content = CourseContent(root: course.path, packs: [pack.path, other.path])
    let found = content.inventory()
    #expect(found.broken == [])
    #expect(found.folders.keys.sorted() == ["00-1", "other-1", "team-1", "team-2"])
    #expect(found.isOfPack("team-1", course: content) && !found.isOfPack("00-1", course: content))
    #expect(try content.exercise(id: "team-2").kind == .choice)
    #expect(content.brokenExercises() == [])
    let status = try CourseStatus.make(
      outline: content.outline(), exercises: content.exerciseSummaries().summaries,
      progress: ProgressStore(path: nil), role: nil)
    #expect(status.others.map(\.id) == ["other-1", "team-1", "team-2"])
  }

  @Test func `an id that is taken stays with its first owner, and both places are named`() throws {
    let (course, pack) = try folders()
    try write(pack, "Exercises/team/01-x", "00-1")
    let content = content(course, pack)
    let broken = try #require(content.inventory().broken.first)
    #expect(content.inventory().folders["00-1"] == course.path + "/Exercises/00-a/01-a")
    #expect(broken.error.code == "course.taken-id")
    #expect(broken.error.message.contains("Exercises/00-a/01-a"))
    #expect(broken.error.message.contains(pack.path + "/Exercises/team/01-x"))
    #expect(throws: CourseError.self) { try content.exerciseFolders() }
  }

  @Test func `whatever is broken is named with its file and line, and the rest works`() throws {
    let (course, pack) = try folders()
    try course.write("Exercises/00-a/02-yaml/exercise.yaml", "id: 00-2\nminutes: 5: 6\n")
    try course.write("Exercises/00-a/02-yaml/task.ko.md", "x\n")
    try write(course, "Exercises/00-a/03-check", "00-3")
    try course.write("Exercises/00-a/03-check/checks/10-a.yaml", "goal: {ko: 가}\nfeedbak: x\n")
    try course.write("Exercises/00-a/04-gone/task.ko.md", "x\n")
    try course.write("Exercises/00-a/05-anon/exercise.yaml", "version: 1\n")
    try Data([0xFF, 0xFE, 0x00]).write(to: URL(filePath: course.path + "/Exercises/00-a/06.md"))
    try course.write("Exercises/00-a/07.md", "---\nid: t-7\n")
    let content = CourseContent(
      root: course.path, packs: [pack.path + "/nowhere"])
    let broken = content.brokenExercises()
    func error(_ place: String) throws -> CourseError {
      try #require(broken.first { $0.place.hasSuffix(place) }?.error, "\(broken)")
    }
    #expect(try error("02-yaml").place?.hasSuffix("02-yaml/exercise.yaml:2") == true)
    #expect(try error("03-check").place?.contains("checks/10-a.yaml:2 feedbak") == true)
    #expect(try error("03-check").advice?.contains("Did you mean `feedback`?") == true)
    #expect(try error("04-gone").code == "course.missing-file")
    #expect(try error("05-anon").code == "course.missing-key")
    #expect(try error("07.md").code == "course.front-matter")
    #expect(try error("nowhere").code == "course.missing-pack")
    // What is no exercise at all is passed over.
    #expect(broken.count == 6, "\(broken)")
    #expect(try content.exercise(id: "00-1").id == "00-1")
    #expect(try content.exerciseSummaries().summaries.keys.sorted() == ["00-1", "00-3"])
    #expect(throws: CourseError.self) { try content.exercise(id: "00-3") }
  }

  @Test func `no path leads out of a pack`() throws {
    let (course, pack) = try folders()
    let outside = try ScratchFolder()
    try write(outside, "01-secret", "secret-1")
    try outside.write("key.txt", "secret")
    try pack.write("Exercises/team/keep.txt", "")
    let team = pack.path + "/Exercises/team"
    let manager = FileManager.default
    try manager.createSymbolicLink(
      atPath: team + "/01-link", withDestinationPath: outside.path + "/01-secret")
    try write(pack, "Exercises/team/02-file", "team-2")
    try manager.removeItem(atPath: team + "/02-file/task.ko.md")
    try manager.createSymbolicLink(
      atPath: team + "/02-file/task.ko.md", withDestinationPath: outside.path + "/key.txt")
    let content = content(course, pack)
    let broken = content.brokenExercises()
    #expect(broken.map(\.error.code) == ["course.outside", "course.outside"], "\(broken)")
    #expect(content.inventory().folders["secret-1"] == nil)
    for name in ["../key.txt", "/etc/passwd", "a/../../key.txt", "~/x"] {
      #expect(throws: CourseError.self) {
        try ContentFolder(path: team).text(name, holds: "nothing")
      }
    }
  }

  @Test func `a pack's lessons come behind the course's, and ids that are taken are left out`() throws {
    let (course, pack) = try folders()
    try pack.write(
      "Lessons/course.yaml",
      """
      lessons:
        - id: T1
          slug: team
          title: {ko: 우리 팀, en: Our team}
          sections:
            - {id: "T1.1", title: {ko: 하나, en: One}, minutes: 5, exercises: [00-1]}
        - id: "00"
          slug: team
          title: {ko: 겹침, en: Taken}
          sections:
            - {id: "T2.1", title: {ko: 하나, en: One}, minutes: 5}
        - id: T3
          slug: ../../..
          title: {ko: 밖, en: Out}
          sections:
            - {id: "T3.1", title: {ko: 하나, en: One}, minutes: 5}
      """)
    try pack.write("Lessons/team/lesson.ko.md", "# 우리 팀\n## T1.1 하나\n읽습니다.\n")
    let content = content(course, pack)
    let outline = try content.outline()
    #expect(outline.lessons.map(\.id) == ["00", "01", "02", "T1"])
    #expect(content.inventory().broken.map(\.error.code) == ["course.taken-id", "course.outside"])
    // One language is enough for a pack.
    let lesson = try content.lesson(try #require(outline.lesson("T1")))
    #expect(lesson.sections.map(\.id) == ["T1.1"])
    // A pack's broken outline stops nothing.
    try pack.write("Lessons/course.yaml", "lessons: 5\n")
    #expect(try content.outline().lessons.count == 3)
    #expect(content.inventory().broken.map(\.error.code) == ["course.wrong-type"])
  }

  @Test func `a path list is read as a shell writes it`() {
    let home = FileManager.default.homeDirectoryForCurrentUser.path
    #expect(
      CourseContent.packPaths("a:/b/c/:~/d::a:./e/../f", currentDirectory: "/now") == [
        "/now/a", "/b/c", home + "/d", "/now/f",
      ])
    #expect(CourseContent.packPaths(nil, currentDirectory: "/") == [])
  }
}
