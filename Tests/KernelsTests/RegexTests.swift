/// Regular expressions: meaning, groups, refusals, and time linear in the text.
import Columnar
import Kernels
import Testing

struct RegexTests {
  private func texts(_ values: [String?]) -> ColumnVector {
    RandomVectors.vector(.varchar, values.map { $0.map { .text($0) } ?? .null })
  }

  private func constant(_ pattern: String, _ count: Int = 1) -> ColumnVector {
    ColumnVector(constant: .text(pattern), type: .varchar, count: count)
  }

  private func extract(_ text: String, _ pattern: String, _ group: Int64 = 0) throws -> Scalar {
    try regexpExtract(
      texts([text]), constant(pattern),
      group: ColumnVector(constant: .integer(group), type: .bigint, count: 1)
    ).scalar(0)
  }

  @Test(arguments: [
    ("a+b", "xaaab", true), ("^a", "ba", false), ("a$", "ba\n", true), ("a\\z", "ba\n", false),
    ("(?i)straße", "STRASSE", false), ("(?i)KÖLN", "köln", true), ("[^a-c]", "abc", false),
    ("\\d{3}-\\d{4}", "tel 555-1234", true), ("^\\w+@\\w+\\.com$", "ann@example.com", true),
    ("^(a|b)*$", "abba", true), ("^(a|b)*$", "abca", false), ("\\bcat\\b", "a cat.", true),
    ("\\bcat\\b", "concat", false), ("^[가-힣]+$", "한국어", true), ("^[가-힣]+$", "한국x", false),
    ("^\\p{L}+$", "데이터ab", true), ("^.$", "한", true), ("^..$", "한", false), ("a.c", "a\nc", false),
    ("(?s)a.c", "a\nc", true), ("(?m)^b", "a\nb", true), ("x*", "", true), ("[[:digit:]]", "a1", true),
    ("[a-z&&[^aeiou]]", "aei", false), ("[a-z&&[^aeiou]]", "aeb", true), ("\\Qa.b\\E", "a.b", true),
    ("\\Qa.b\\E", "axb", false), ("a{2,3}", "aa", true), ("^a{2,3}$", "aaaa", false),
    ("\\x41\\u0042", "AB", true), ("(?:ab)+?c", "ababc", true), ("colou?r", "color", true), ("[]a]", "]", true),
  ])
  func `finds what matches and nothing else`(_ row: (String, String, Bool)) throws {
    let (pattern, text, wanted) = row
    #expect(try regexpLike(texts([text]), constant(pattern)).scalar(0) == .boolean(wanted))
    // The matcher that carries groups agrees with the one that does not.
    #expect(try (extract(text, pattern) != .null) == wanted)
  }

  @Test func `takes the leftmost match, greedy or lazy, and its groups`() throws {
    #expect(try extract("xaab ab", "a+b") == .text("aab"))
    #expect(try extract("<a><b>", "<.+>") == .text("<a><b>"))
    #expect(try extract("<a><b>", "<.+?>") == .text("<a>"))
    #expect(try extract("2024-01-15", "(\\d+)-(\\d+)-(\\d+)", 2) == .text("01"))
    #expect(try extract("ab", "(a)|(b)", 2) == .null)
    #expect(try extract("foobar", "foo|foobar") == .text("foo"))
    #expect(throws: KernelError.self) { try extract("a", "a", 1) }
    #expect(
      try regexpExtractAll(texts(["1a 2b 14m", nil]), constant("(\\d+)([a-z]+)", 2),
        group: ColumnVector(constant: .integer(2), type: .bigint, count: 2)).scalar(0)
        == .list([.text("a"), .text("b"), .text("m")]))
  }

  @Test func `replaces, splits and counts`() throws {
    func replace(_ text: String, _ pattern: String, _ by: String) throws -> Scalar {
      try regexpReplace(texts([text]), constant(pattern), constant(by)).scalar(0)
    }
    #expect(try replace("1a 2b 14m", "(\\d+)([ab]) ", "3c$2 ") == .text("3ca 3cb 14m"))
    #expect(try replace("ann lee", "(?<first>\\w+) (?<last>\\w+)", "${last}, ${first}") == .text("lee, ann"))
    #expect(try replace("abc", "", "-") == .text("-a-b-c-"))
    #expect(try replace("한국", "", "-") == .text("-한-국-"))
    #expect(try replace("a$b", "\\$", "\\$\\$") == .text("a$$b"))
    #expect(throws: KernelError.self) { try replace("a", "a", "$2") }
    #expect(try regexpReplace(texts(["1a 2b"]), constant("\\d")).scalar(0) == .text("a b"))
    #expect(
      try regexpSplit(texts(["1a 2b 14m"]), constant("\\s*[a-z]+\\s*")).scalar(0)
        == .list([.text("1"), .text("2"), .text("14"), .text("")]))
    #expect(try regexpCount(texts(["1a 2b 14m"]), constant("\\s*[a-z]+\\s*")).scalar(0) == .integer(3))
    #expect(try regexpPosition(texts(["한국 12"]), constant("\\d")).scalar(0) == .integer(4))
    #expect(try regexpPosition(texts(["한국"]), constant("\\d")).scalar(0) == .integer(-1))
  }

  @Test(arguments: [
    "(", ")", "a**+", "[a", "a{2", "a{3,2}", "a{1001}", "\\", "(?<n>a)(?<n>b)", "(a)\\1", "(?=a)",
    "(?<!a)b", "\\p{Nope}", "[z-a]", "*a", "(?q)a", "a{,2}",
  ])
  func `refuses a pattern with its place`(_ pattern: String) {
    #expect(throws: KernelError.self) { _ = try RegexPattern(pattern) }
  }

  @Test func `stays linear where backtracking would not end`() throws {
    let text = texts([String(repeating: "a", count: 20_000) + "!"])
    for pattern in ["^(a+)+$", "^(a|aa)+$", "(a*)*b", "(.*)(.*)(.*)(.*)(.*)x"] {
      #expect(try regexpLike(text, constant(pattern)).scalar(0) == .boolean(false))
    }
    let short = String(repeating: "a", count: 500)
    let optional = String(repeating: "a?", count: 500) + String(repeating: "a", count: 500)
    #expect(try extract(short, optional) == .text(short))
  }

  @Test func `tests a dictionary once a value, and each row's own pattern`() throws {
    let scalars: [Scalar] = [.text("ab"), .null, .text("cd"), .text("ab")]
    let like = try regexpLike(RandomVectors.dictionary(.varchar, scalars), constant("^a", 4))
    #expect(RandomVectors.scalars(like) == [.boolean(true), .null, .boolean(false), .boolean(true)])
    let patterns = texts(["^a", "x", "^c", nil])
    let each = try regexpLike(RandomVectors.vector(.varchar, scalars), patterns)
    #expect(RandomVectors.scalars(each) == [.boolean(true), .null, .boolean(true), .null])
  }
}
