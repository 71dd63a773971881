import Commands
import TestSupport
import Testing

/// An answer typed without `answer` is known for one, and nothing else is.
struct AnswerWithoutItsWordTests {
  @Test(arguments: ["1:200", "partition 2 offset 100"])
  func `an answer without its word is told how to be typed`(_ line: String) throws {
    let world = try TestWorld()
    world.run("exercise 00-1")
    let told = world.run(line)
    #expect(told.text.contains("answer \(line)"), "\(told.text)")
    #expect(told.status == .usage)
  }

  @Test func `a word that is no command stays one, and so does an answer to nothing`() throws {
    let world = try TestWorld()
    #expect(!world.run("1:200").text.contains("answer 1:200"))
    world.run("exercise 00-1")
    #expect(!world.run("frobnicate").text.contains("answer frobnicate"))
  }
}
