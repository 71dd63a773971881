import Terminal
import Testing

/// A form on a screen: as few lines as it needs, and no option broken without need.
@Suite struct ChoiceFormTests {
  static let form = ChoiceFormView([
    .init(
      title: "무엇이 문제입니까  (kind)",
      options: ["1) 전부 없음", "2) 일부만 없음", "3) 늦게 옴 (적은 답)", "4) 중복됨", "5) 데이터는 정상"]),
    .init(title: "잃은 주문  (lost)", options: [], note: "숫자로 적습니다. 예: lost=123"),
  ])

  @Test func `options share a line as far as there is room`() {
    #expect(
      Self.form.lines(width: 80) == [
        "  무엇이 문제입니까  (kind)",
        "    1) 전부 없음   2) 일부만 없음   3) 늦게 옴 (적은 답)   4) 중복됨",
        "    5) 데이터는 정상",
        "  잃은 주문  (lost)",
        "    숫자로 적습니다. 예: lost=123",
      ])
  }

  @Test(arguments: [24, 40, 60, 80, 120])
  func `no line is wider than the screen, and every option is there`(width: Int) {
    let lines = Self.form.lines(width: width)
    #expect(lines.allSatisfy { TextWidth.columns($0) <= width }, "\(lines)")
    let all = lines.joined(separator: " ").split(separator: " ").joined(separator: " ")
    for option in Self.form.fields[0].options { #expect(all.contains(option), "\(lines)") }
  }

  @Test func `read aloud, each option has a line of its own`() {
    let lines = Self.form.lines(width: 80, style: Style(usesColour: false, isAccessible: true))
    #expect(lines.count == 1 + 5 + 2)
    #expect(lines[3] == "    3) 늦게 옴 (적은 답)")
  }
}
