import Grading
import Testing

/// A manifest's mistakes are answered with file, line, key and what to write instead.
@Suite struct ManifestNodeTests {
  @Test func `an unknown key is named with its line and the nearest known one`() throws {
    let node = try ManifestNode.parse("id: a\nworldd: xs\n", file: "exercise.yaml")
    let error = #expect(throws: CourseError.self) { try node.allowKeys(["id", "world"]) }
    #expect(error?.code == "course.unknown-key")
    #expect(error?.place == "exercise.yaml:2 worldd")
    #expect(error?.advice?.hasPrefix("Did you mean `world`?") == true)
  }
}
