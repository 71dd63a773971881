// Drawings: what they show, that they fit, that they are ASCII, and that they can be read aloud.

import Terminal
import Testing

private let accessible = Style(usesColour: false, isAccessible: true)

/// Everything that a drawing adds to the labels must be ASCII: other signs have no certain width.
private func isSafe(_ lines: [String]) -> Bool {
  lines.allSatisfy { line in
    line.unicodeScalars.allSatisfy {
      $0.isASCII || (0xAC00...0xD7A3).contains($0.value)
    }
  }
}

@Suite struct BarChartTests {
  private let funnel = BarChart(
    title: "어제 퍼널",
    bars: [.init("상품 보기", 1_204), .init("장바구니", 301), .init("구매", 38), .init("환불", 0)],
    quantity: .count(unit: "건"),
    texts: Texts.ko
  )

  @Test func `draws each amount by its share of the greatest`() {
    #expect(
      funnel.render(width: 40) == """
          어제 퍼널
          상품 보기  ##################  1,204건
          장바구니   #####                 301건
          구매       #                      38건
          환불                               0건

        """
    )
  }

  @Test func `says every number in words`() {
    #expect(
      funnel.lines(width: 80, style: accessible) == [
        "  어제 퍼널", "  상품 보기: 1,204건", "  장바구니: 301건", "  구매: 38건", "  환불: 0건",
        "  가장 큰 값은 상품 보기, 1,204건입니다.", "  가장 작은 값은 환불, 0건입니다.",
      ]
    )
  }

  @Test func `draws amounts below zero with another mark`() {
    let chart = BarChart(
      bars: [.init("a", 10), .init("b", -5)], quantity: .won(.en), texts: Texts.en, indent: 0)
    #expect(chart.lines(width: 40) == [
      "a  " + String(repeating: "#", count: 29) + "  KRW 10",
      "b  " + String(repeating: "-", count: 15) + String(repeating: " ", count: 16) + "KRW -5",
    ])
  }

  @Test func `says when there is nothing to draw, and survives what is no number`() {
    let empty = BarChart(bars: [], quantity: .bytes, texts: Texts.en)
    #expect(empty.lines(width: 40) == ["  There are no values to draw."])
    let odd = BarChart(
      bars: [.init("x", .nan), .init("y", .infinity), .init("z", 1), .init("w", -1e300)],
      quantity: .bytes, texts: Texts.en)
    #expect(odd.lines(width: 40).count == 4)
  }

  @Test func `colours the bar and nothing else`() {
    let chart = BarChart(
      bars: [.init("a", 1, role: .failure)], quantity: .share, texts: Texts.en, indent: 0)
    let line = chart.lines(width: 40, style: .colour)[0]
    #expect(line.hasPrefix("a  \u{1B}[31m#") && line.hasSuffix("#\u{1B}[0m  100 %"))
    #expect(TextWidth.columns(line) <= 40)
  }
}

@Suite struct HistogramTests {
  private let latencies = (1...100).map { Double($0 * $0 % 97) }

  @Test func `counts values in ranges of round bounds`() {
    let chart = Histogram(
      values: [0, 1, 19, 20, 40, 99, 100], quantity: .milliseconds, binCount: 5, texts: Texts.ko)
    #expect(chart.bins.map(\.low) == [0, 20, 40, 60, 80, 100])
    #expect(chart.bins.map(\.count) == [3, 1, 1, 0, 1, 1])
    #expect(
      chart.render(width: 44) == """
            0 ms ..  ##########################  3건
           20 ms ..  #########                   1건
           40 ms ..  #########                   1건
           60 ms ..                              0건
           80 ms ..  #########                   1건
          100 ms ..  #########                   1건
          p50 20 ms   p95 100 ms   p99 100 ms
          최대 100 ms

        """
    )
  }

  @Test func `loses no value, and names quantiles by nearest rank`() throws {
    let chart = Histogram(values: latencies + [.nan], quantity: .milliseconds, texts: Texts.ko)
    #expect(chart.bins.map(\.count).reduce(0, +) == 100)
    let sorted = latencies.sorted()
    let quantiles = try #require(chart.quantiles)
    #expect(quantiles.p50 == sorted[49] && quantiles.p95 == sorted[94])
    #expect(quantiles.p99 == sorted[98] && quantiles.greatest == sorted[99])
  }

  @Test func `is read aloud with both bounds`() {
    let chart = Histogram(values: [1, 2, 2], quantity: .count(unit: "회"), texts: Texts.ko)
    let spoken = chart.lines(width: 80, style: accessible)
    #expect(spoken.contains("  2회 이상 3회 미만: 2건"))
    #expect(spoken.last == "  절반은 2회 이하, 95 %는 2회 이하, 99 %는 2회 이하, 가장 큰 값은 2회입니다.")
  }
}

@Suite struct SparklineTests {
  @Test func `draws heights, gaps, and the range`() {
    let line = Sparkline(
      "lag", values: [0, 25, nil, 50, 75, 100], quantity: .count(unit: ""), texts: Texts.ko)
    #expect(line.lines(width: 40) == ["  lag  _. -'^  0 .. 100"])
    #expect(
      line.lines(width: 80, style: accessible) == [
        "  lag: 값 5개, 처음 0, 마지막 100, 가장 작은 값 0, 가장 큰 값 100"
      ]
    )
  }

  @Test func `keeps the peak where values are put together`() {
    var values = [Double?](repeating: 1, count: 1_000)
    values[637] = 9
    let line = Sparkline("", values: values, quantity: .count(unit: ""), texts: Texts.ko)
    let marks = line.marks(columns: 20)
    #expect(marks.count == 20 && marks.filter { $0 == "^" }.count == 1)
    #expect(Array(marks)[637 * 20 / 1_000] == "^")
  }

  @Test func `draws a constant in the middle, and nothing for nothing`() {
    let flat = Sparkline("x", values: [3, 3, 3], quantity: .count(unit: ""), texts: Texts.en)
    #expect(flat.lines(width: 40) == ["  x  ---  3 .. 3"])
    let none = Sparkline("x", values: [nil, .nan], quantity: .count(unit: ""), texts: Texts.en)
    #expect(none.lines(width: 40) == ["  x: There are no values to draw."])
  }
}

@Suite struct LineChartTests {
  private func points(_ values: [Double?]) -> [LineChart.Point] {
    values.enumerated().map { index, value in
      .init(x: Double(index), label: "1월 \(index + 9)일", y: value)
    }
  }

  @Test func `draws a week under round numbers`() {
    let chart = LineChart(
      title: "DAU",
      series: [.init("", points([120, 340, 300, nil, 410, 800, 760]))],
      quantity: .count(unit: "명"),
      texts: Texts.ko
    )
    #expect(
      chart.render(width: 40) == """
          DAU
          800명 |                         *....*
                |                        .
          600명 |                      ..
                |                     .
          400명 |                    *
                |     .*....*
          200명 |   ..
                | *.
            0명 |
                +-------------------------------
                  1월 9일    1월 12일   1월 15일

        """
    )
  }

  @Test func `draws two lines with their names`() {
    let chart = LineChart(
      series: [.init("쓴 건수", points([0, 10, 20])), .init("읽은 건수", points([0, 5, 8]))],
      quantity: .count(unit: ""),
      height: 4,
      texts: Texts.ko,
      indent: 0
    )
    #expect(
      chart.render(width: 30) == """
        20 |                       ..*
        15 |                 ......
        10 |           ..*...   .....o
         5 |     ........o......
         0 | *......
           +--------------------------
             1월 9일          1월 11일
        * 쓴 건수   o 읽은 건수

        """
    )
  }

  @Test func `reads every value aloud, or says how many were left out`() {
    let week = LineChart(
      series: [.init("DAU", points([120, 340, nil]))], quantity: .count(unit: "명"),
      texts: Texts.ko, indent: 0)
    #expect(
      week.lines(width: 80, style: accessible) == [
        "DAU:", "1월 9일: 120명", "1월 10일: 340명", "가장 큰 값은 1월 10일, 340명입니다.",
        "가장 작은 값은 1월 9일, 120명입니다.",
      ]
    )
    let year = LineChart(
      series: [.init("", points((0..<365).map { Double($0) }))], quantity: .count(unit: "명"),
      texts: Texts.ko, indent: 0)
    let spoken = year.lines(width: 80, style: accessible)
    #expect(spoken.count == 31 + 3)
    #expect(spoken.contains("값 365개 가운데 31개를 읽었습니다."))
  }

  @Test func `puts each mark of the axis on a row of its own, whatever the values`() {
    var state: UInt64 = 3
    for _ in 0..<500 {
      let values: [Double?] = (0..<12).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let exponent = Int(state >> 59) - 10
        var value = Double(Int64(bitPattern: state) >> 40)
        for _ in 0..<abs(exponent) { value = exponent < 0 ? value / 10 : value * 10 }
        return state % 11 == 0 ? nil : value
      }
      for quantity in [Quantity.count(unit: "건"), .bytes, .milliseconds, .share] {
        let chart = LineChart(
          series: [.init("값", points(values))], quantity: quantity, texts: Texts.ko)
        for width in [40, 80, 120] {
          let lines = chart.lines(width: width)
          #expect(lines.allSatisfy { TextWidth.columns($0) <= width }, "\(values)")
          #expect(isSafe(lines))
          #expect(lines.joined().contains("*") || values.allSatisfy { $0 == nil }, "\(values)")
        }
      }
    }
  }
}

@Suite struct DiagramTests {
  private let path = [
    Diagram.Station("iPhone", details: ["09:10:04"], outflow: "1,204건"),
    Diagram.Station("수집 서버", details: ["09:10:31"], outflow: ""),
    Diagram.Station("Kafka", details: ["2:8871"], outflow: "38건"),
    Diagram.Station("실시간 타일", details: ["09:11"]),
  ]

  @Test func `draws a chain in one row where it fits`() {
    let diagram = Diagram(stations: path, texts: Texts.ko, indent: 0)
    #expect(
      diagram.render(width: 80) == """
        +----------+ 1,204건 +-----------+      +--------+ 38건 +-------------+
        | iPhone   | ------> | 수집 서버 | ---> | Kafka  | ---> | 실시간 타일 |
        | 09:10:04 |         | 09:10:31  |      | 2:8871 |      | 09:11       |
        +----------+         +-----------+      +--------+      +-------------+

        """
    )
  }

  @Test func `goes on in the next row where it does not fit`() {
    let diagram = Diagram(stations: path, texts: Texts.ko, indent: 0)
    #expect(
      diagram.render(width: 50) == """
        +----------+ 1,204건 +-----------+
        | iPhone   | ------> | 수집 서버 | --->
        | 09:10:04 |         | 09:10:31  |
        +----------+         +-----------+

             +--------+ 38건 +-------------+
        ---> | Kafka  | ---> | 실시간 타일 |
             | 2:8871 |      | 09:11       |
             +--------+      +-------------+

        """
    )
  }

  @Test func `stands upright where two do not fit beside each other`() {
    let diagram = Diagram(stations: path, texts: Texts.ko, indent: 2)
    let lines = diagram.lines(width: 36)
    #expect(
      lines.prefix(8) == [
        "  +-------------+", "  | iPhone      |", "  | 09:10:04    |", "  +-------------+",
        "        |  1,204건", "        v", "  +-------------+", "  | 수집 서버   |",
      ]
    )
  }

  @Test func `is read aloud station by station`() {
    let diagram = Diagram(title: "경로", stations: path, texts: Texts.ko, indent: 0)
    #expect(
      diagram.lines(width: 80, style: accessible) == [
        "경로", "1. iPhone, 09:10:04", "iPhone에서 수집 서버로: 1,204건", "2. 수집 서버, 09:10:31",
        "수집 서버에서 Kafka로", "3. Kafka, 2:8871", "Kafka에서 실시간 타일로: 38건", "4. 실시간 타일, 09:11",
      ]
    )
  }

  @Test func `never exceeds the width, and is ASCII`() {
    for width in 40...120 {
      for indent in [0, 2, 4] {
        let lines = Diagram(stations: path + path, texts: Texts.ko, indent: indent).lines(width: width)
        #expect(lines.allSatisfy { TextWidth.columns($0) <= width }, "\(width)")
        #expect(isSafe(lines))
      }
    }
  }
}

@Suite struct RecordViewTests {
  private let columns = [TableColumn("EVENT_ID"), TableColumn("상태"), TableColumn.number("PRICE")]

  @Test func `numbers its records on request, also through a table`() {
    let table = TableView(
      columns: columns, rows: [["7f3a19c2", "전송 대기", "29900"], ["b20c77aa"]], layout: .records)
    #expect(
      table.render(width: 40) == """
          [1/2]
          EVENT_ID  7f3a19c2
          상태      전송 대기
          PRICE     29900

          [2/2]
          EVENT_ID  b20c77aa
          상태
          PRICE

        """
    )
  }

  @Test func `is read aloud name by name`() {
    let view = RecordView(columns: columns, rows: [["7f3a19c2", "전송 대기", "29900"]])
    #expect(
      view.lines(width: 40, style: accessible) == [
        "  EVENT_ID: 7f3a19c2", "  상태: 전송 대기", "  PRICE: 29900",
      ]
    )
  }

  @Test func `keeps a word that is too long whole below its name, to be copied`() {
    let path = "processed/events/dt=2024-01-16/part-00000-0ab1.parquet"
    let view = RecordView(columns: [TableColumn("$path"), TableColumn("n")], rows: [[path, "1"]])
    #expect(view.lines(width: 40) == ["  $path", "    " + path, "  n      1"])
    #expect(view.lines(width: 80) == ["  $path  " + path, "  n      1"])
    #expect(view.lines(width: 40, style: accessible) == ["  $path: " + path, "  n: 1"])
  }

  @Test func `continues long values, and lets no control character through`() {
    let view = RecordView(
      columns: [TableColumn("V")], rows: [["가나다라마바사 아자차카타파하 a\u{1B}[2J"]])
    #expect(view.lines(width: 24) == ["  V  가나다라마바사", "     아자차카타파하", "     a\\x1B[2J"])
  }
}

@Suite struct QuantityTests {
  @Test(
    arguments: [
      (Quantity.count(unit: "건"), 1_204.0, "1,204건"), (.count(unit: "events"), 3.5, "3.5 events"),
      (.count(unit: ""), 0.125, "0.13"), (.bytes, 1_250_000, "1.3 MB"), (.milliseconds, 1_200, "1.2 s"),
      (.share, 0.5, "50 %"), (.share, 0.125, "12.5 %"), (.won(.ko), 29_900, "29,900원"),
      (.bytes, .infinity, "inf"), (.won(.ko), 1e300, "1e+300"),
    ]
  )
  func `writes`(_ quantity: Quantity, _ value: Double, _ text: String) {
    #expect(quantity.text(value) == text)
  }
}
