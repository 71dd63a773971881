import Commands
import ETL
import Foundation
import Platform
import Simulation
import Terminal
import TestSupport
import Testing
import TrinoSQL

/// Forks: two worlds that share what is sealed and never touch each other, and the way back.
struct ForkTests {
  /// Every file below a directory with its bytes.
  private static func bytes(below root: String) throws -> [String: Data] {
    var files: [String: Data] = [:]
    for path in try FileManager.default.subpathsOfDirectory(atPath: root) {
      var isDirectory: ObjCBool = false
      _ = FileManager.default.fileExists(atPath: root + "/" + path, isDirectory: &isDirectory)
      if !isDirectory.boolValue { files[path] = FileManager.default.contents(atPath: root + "/" + path) }
    }
    return files
  }

  private static func differences(
    _ left: [String: Data], _ right: [String: Data]
  ) -> [String] {
    Set(left.keys).union(right.keys).filter { left[$0] != right[$0] }.sorted()
  }

  /// Everything a learner can write to: phone, log, Bronze, Silver, Gold, warehouse, runs, pipeline.
  private static func live(_ world: TestWorld) throws {
    world.run(JourneyTests.purchase)
    world.run("app background")
    #expect(world.run("clock +1d").status == .success)
    #expect(world.run("dag run nightly").status == .success)
    try "changed: true\n".write(
      toFile: world.worldPath + "/pipeline/sdk.yaml", atomically: true, encoding: .utf8)
  }

  @Test func `what is done in a world leaves its fork as it was, byte by byte`() throws {
    let world = try TestWorld()
    #expect(world.run("fork before").status == .success)
    let path = world.path + "/forks/sandbox/before"
    let before = try Self.bytes(below: path)
    #expect(before.count > 100)
    try Self.live(world)
    let differences = Self.differences(before, try Self.bytes(below: path))
    #expect(differences.isEmpty, "\(differences)")
    // Sealed files are shared, the others are not.
    #expect(try Self.links(path + "/lake") == Self.links(world.worldPath + "/lake", onlyIn: path))
    #expect(try Self.linkCount(path + "/world.yaml") == 1)
    #expect(try Self.linkCount(path + "/kafka/app-events-0/00000000000000000000.log") == 1)
  }

  @Test func `what is done in a fork leaves the world as it was, byte by byte`() throws {
    let world = try TestWorld()
    #expect(world.run("fork before").status == .success)
    world.shell.close()
    let before = try Self.bytes(below: world.worldPath)
    let home = try GradingHomes.make(
      below: world.path + "-other", copying: world.path + "/forks/sandbox/before",
      secret: Home.secret(of: world.path))
    let platform = try Platform(
      home: home, options: Platform.Options(contentRoot: TestWorld.content))
    try platform.advance(to: platform.now.adding(seconds: 86_400))
    let nightly = try #require(try platform.pipeline.dags().first { $0.name == "nightly" })
    try platform.run(nightly)
    _ = try platform.phone.track("app_open", properties: [])
    _ = try platform.phone.flush()
    try platform.close()
    let differences = Self.differences(before, try Self.bytes(below: world.worldPath))
    #expect(differences.isEmpty, "\(differences)")
    // And both go on alike: the copy is the same world, with the same pseudonyms.
    try world.restart()
    world.run("clock +1d")
    world.run("dag run nightly")
    let sql = """
      SELECT event_id || coalesce(user_id, '-') FROM lake.silver.events
      ORDER BY 1
      """
    let result = try platform.engine.execute(sql, session: platform.session())
    let theirs = Set(result.rows().map { result.text($0[0], column: 0) })
    let mine = Set(try world.texts(sql))
    #expect(mine.count > 5_000)
    #expect(mine == theirs)
    withExtendedLifetime(home) {}
  }

  @Test func `rewind puts the whole world back, and the journal with it`() throws {
    let world = try TestWorld()
    world.run("fork before")
    let before = try Self.bytes(below: world.path + "/forks/sandbox/before")
    let stations = try world.stations()
    let clock = world.run("clock").text
    try Self.live(world)
    #expect(try world.stations() != stations)
    let refused = world.run("rewind before")
    #expect(refused.status == .usage && refused.text.contains("--yes"), "\(refused.text)")
    #expect(world.run("rewind before --yes").status == .success)
    #expect(try world.stations() == stations)
    #expect(world.run("clock").text == clock)
    #expect(world.run("pipeline diff").text.contains("as it was installed"))
    let again = try Self.bytes(below: world.path + "/forks/sandbox/before")
    #expect(Self.differences(before, again).isEmpty)
    // It can be done again from there, and comes to the same.
    try Self.live(world)
    #expect(world.run("rewind --yes").status == .success)
    #expect(try world.stations() == stations)
  }

  @Test func `rewind asks once at the prompt, and says what would be lost`() throws {
    let world = try TestWorld()
    world.run("fork before repair")
    world.run("clock +2h")
    let asked = world.run("rewind before repair", atPrompt: true)
    #expect(asked.text.contains("1 commands") && asked.text.contains("02:00:00"), "\(asked.text)")
    #expect(world.run("no", atPrompt: true).text.contains("Nothing was changed"))
    #expect(world.run("clock").text.contains("11:10"))
    world.run("rewind", atPrompt: true)
    #expect(world.run("yes", atPrompt: true).text.contains("back at"))
    #expect(world.run("clock").text.contains("09:10"))
    // A line that is no answer is run, and nothing is asked any more.
    world.run("rewind", atPrompt: true)
    #expect(world.run("clock", atPrompt: true).text.contains("09:10"))
    #expect(world.run("yes", atPrompt: true).status != .success)
  }

  @Test func `fork lists what there is, and refuses names that are none`() throws {
    let world = try TestWorld(language: .ko)
    #expect(world.run("fork").text.contains("아직 포크가 없습니다"))
    world.run("fork 수리 전")
    world.run("clock +1h")
    world.run("fork exercise 01-3")
    let list = world.run("fork").text
    #expect(list.contains("수리 전") && list.contains("exercise 01-3"), "\(list)")
    #expect(world.run("rewind nowhere --yes").status == .usage)
    #expect(world.run("fork " + String(repeating: "긴", count: 40)).status == .failure)
    // A path is a name like any other: nothing outside of the forks is written.
    #expect(world.run("fork ../../escape").status == .success)
    #expect(!FileManager.default.fileExists(atPath: world.path + "/escape"))
  }

  @Test func `a rewind that a crash cut short is finished by the next start`() throws {
    for stage in 0..<3 {
      let world = try TestWorld()
      world.run("fork before")
      world.run("clock +1h")
      try world.restart {
        let path = world.worldPath
        let files = FileManager.default
        let fork = world.path + "/forks/sandbox/before"
        switch stage {
        case 0: try files.copyItem(atPath: fork, toPath: path + ".rewound")
        case 1:
          try files.copyItem(atPath: fork, toPath: path + ".rewound")
          try files.moveItem(atPath: path, toPath: path + ".before")
        default:
          try files.copyItem(atPath: path, toPath: path + ".before")
          try files.createDirectory(atPath: path + ".rewound.new", withIntermediateDirectories: false)
        }
      }
      // Before the first rename nothing has happened yet; after it, the fork is the world.
      #expect(world.run("clock").text.contains(stage == 1 ? "09:10" : "10:10"), "stage \(stage)")
      let left = try FileManager.default.contentsOfDirectory(atPath: world.path + "/worlds")
      #expect(left == ["sandbox"])
    }
  }

  @Test func `pipeline diff shows what was changed, as a unified diff`() throws {
    let world = try TestWorld()
    #expect(world.run("pipeline diff").text.contains("as it was installed"))
    let pipeline = world.worldPath + "/pipeline"
    let sdk = try String(contentsOfFile: pipeline + "/sdk.yaml", encoding: .utf8)
    try sdk.replacing("flushAt: 20", with: "flushAt: 5")
      .write(toFile: pipeline + "/sdk.yaml", atomically: true, encoding: .utf8)
    try "new\n".write(toFile: pipeline + "/notes.txt", atomically: true, encoding: .utf8)
    try FileManager.default.removeItem(atPath: pipeline + "/dbt_project.yml")
    let diff = world.run("pipeline diff").text
    for line in [
      "--- a/pipeline/sdk.yaml", "-flushAt: 20", "+flushAt: 5", "--- /dev/null",
      "+++ b/pipeline/notes.txt", "@@ -0,0 +1,1 @@", "+++ /dev/null",
    ] {
      #expect(diff.contains(line), "\(line)\n\(diff)")
    }
    // The patch, turned round, gives the original back by the field's own tool.
    let scratch = try ScratchDirectory("diff")
    try FileManager.default.copyItem(atPath: pipeline, toPath: scratch.path + "/pipeline")
    try (diff + "\n").write(
      toFile: scratch.path + "/patch", atomically: true, encoding: .utf8)
    let patch = Process()
    patch.executableURL = URL(fileURLWithPath: "/usr/bin/git")
    patch.arguments = ["apply", "-R", "--unsafe-paths", "--directory=" + scratch.path, scratch.path + "/patch"]
    patch.currentDirectoryURL = URL(fileURLWithPath: scratch.path)
    try patch.run()
    patch.waitUntilExit()
    #expect(patch.terminationStatus == 0)
    let original = TestWorld.content + "/Datasets/shop/pipeline"
    #expect(
      Self.differences(
        try Self.bytes(below: original), try Self.bytes(below: scratch.path + "/pipeline")
      ).isEmpty)
  }

  private static func linkCount(_ path: String) throws -> Int {
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    return (attributes[.referenceCount] as? NSNumber)?.intValue ?? 0
  }

  /// The files below a directory that are linked more than once.
  private static func links(_ root: String, onlyIn other: String? = nil) throws -> Set<String> {
    var linked: Set<String> = []
    for path in try FileManager.default.subpathsOfDirectory(atPath: root) {
      if let other, !FileManager.default.fileExists(atPath: other + "/lake/" + path) { continue }
      var isDirectory: ObjCBool = false
      _ = FileManager.default.fileExists(atPath: root + "/" + path, isDirectory: &isDirectory)
      if !isDirectory.boolValue, try linkCount(root + "/" + path) > 1 { linked.insert(path) }
    }
    return linked
  }
}
