// The catalogue's format, its sentences, and what is wrong with one.

import Foundation
import Terminal
import Testing

@Suite struct CatalogueTests {
  private func catalogue(_ text: String, _ language: Language = .ko) throws -> Catalogue {
    let folder = try Folder(["a.\(language.rawValue).texts": text])
    return try Catalogue.load(directory: folder.path, language: language)
  }

  @Test func `reads texts, comments and continuations`() throws {
    let texts = try catalogue(
      """
      # 주석
      one: 하나: 둘

      two:
        첫 줄
          들여쓴 줄

        빈 줄 뒤
      three:   앞 빈칸
      """
    )
    #expect(texts.keys == ["one", "three", "two"])
    #expect(texts.text("one") == "하나: 둘")
    #expect(texts.text("two") == "첫 줄\n  들여쓴 줄\n\n빈 줄 뒤")
    #expect(texts.text("three") == "  앞 빈칸")
  }

  @Test func `fills placeholders, with particles that fit`() throws {
    let texts = try catalogue("found: {name|을/를} {count}건 {place|으로/로} {{그대로}}")
    #expect(
      texts.text("found", ["name": "토픽", "count": "3", "place": "서울"]) == "토픽을 3건 서울로 {그대로}"
    )
    #expect(
      texts.text("found", ["name": "{count}", "count": "3", "place": "x"]) == "{count}를 3건 x로 {그대로}"
    )
  }

  @Test func `counts in English`() throws {
    let texts = try catalogue("sent: {count|event/events} sent", .en)
    #expect(texts.text("sent", ["count": "1"]) == "1 event sent")
    #expect(texts.text("sent", ["count": "20"]) == "20 events sent")
  }

  @Test func `marks what is missing`() throws {
    let texts = try catalogue("a: {name}")
    #expect(texts.text("b") == "[[b]]")
    #expect(texts.text("a") == "[[name]]")
  }

  @Test func `marks every text, so that what comes from no catalogue shows`() throws {
    let folder = try Folder(["a.ko.texts": "one: 하나\ntwo: {name|을/를} 봅니다\nword: 토픽"])
    let texts = try Catalogue.load(
      directory: folder.path, language: .ko, environment: ["TAPLINE_MARK_TEXTS": "1"])
    #expect(texts.text("one") == "⟦하나⟧")
    let nested = texts.text("two", ["name": texts.text("word")])
    #expect(nested == "⟦⟦토픽⟧을 봅니다⟧")
    #expect(Catalogue.unmarked("  \(nested) kafka lag\n\(texts.text("one"))!") == "kafkalag!")
    let plain = try Catalogue.load(directory: folder.path, language: .ko, environment: [:])
    #expect(plain.text("one") == "하나")
  }

  @Test func `merges all files of a language`() throws {
    let folder = try Folder(["a.ko.texts": "x: 1", "b.ko.texts": "y: 2\r\n", "b.en.texts": "z: 3"])
    let texts = try Catalogue.load(directory: folder.path, language: .ko)
    #expect(texts.keys == ["x", "y"])
    #expect(texts.text("y") == "2")
  }

  @Test func `throws where there is no folder`() {
    #expect(throws: CatalogueError.unreadable(path: "/nowhere/at/all")) {
      try Catalogue.load(directory: "/nowhere/at/all", language: .ko)
    }
  }

  @Test func `finds nothing wrong with a good catalogue`() throws {
    let folder = try Folder(["a.ko.texts": "x: {n|을/를}", "a.en.texts": "x: {n|event/events}"])
    #expect(try Catalogue.findings(directory: folder.path) == [])
  }

  @Test func `finds every kind of mistake`() throws {
    let folder = try Folder([
      "a.ko.texts": """
      twice: 1
      twice: 2
      also: 1
      ko.only: 1
      names: {a} {b}
      broken: {a b} {
      particle: {a|을/를을}
      한글키: 1
      """,
      "b.ko.texts": "also: 2",
      "a.en.texts": """
      twice: 1
      also: 1
      en.only: 1
      names: {a} {c}
      broken: x
      particle: {a|이/가}
      no colon here
      """,
    ])
    let found = try Catalogue.findings(directory: folder.path).map(\.description)
    #expect(
      found == [
        "a.ko.texts:2: twice is given twice",
        "a.ko.texts:8: 한글키: 1 is not `key: text`, a comment or an indented continuation",
        "a.ko.texts: broken has the malformed placeholder {a b}",
        "a.ko.texts: broken has the malformed placeholder {",
        "a.ko.texts: particle uses the unknown particle 을/를을",
        "b.ko.texts: also is given twice",
        "a.en.texts:7: no colon here is not `key: text`, a comment or an indented continuation",
        "a.en.texts: particle uses the unknown particle 이/가",
        "en: en.only has no text in ko",
        "ko: ko.only has no text in en",
        "ko, en: names uses {b} in one language only",
      ]
    )
  }

  @Test func `reports bytes that are not UTF-8`() throws {
    let folder = try Folder()
    try folder.write("a.ko.texts", Data([0x61, 0x3A, 0x20, 0xFF, 0x0A]))
    try folder.write("a.en.texts", Data("a: b\n".utf8))
    let found = try Catalogue.findings(directory: folder.path)
    #expect(found.map(\.kind) == [.notUTF8])
  }
}
