// Particles, the keyboard layout, near names and normal forms.

import Terminal
import Testing

@Suite struct KoreanParticleTests {
  @Test(
    arguments: [
      ("결제", "를"), ("이벤트", "를"), ("토픽", "을"), ("파일", "을"), ("결제)", "를"), ("'토픽'", "을"),
      ("“이벤트”", "를"), ("「토픽」", "을"), ("토픽...", "을"), ("10", "을"), ("2", "를"), ("3", "을"),
      ("39건", "을"),
      ("1,000", "을"), ("1000000000000", "를"), ("29,900원", "을"), ("0", "을"), ("4", "를"), ("5", "를"),
      ("6", "을"), ("7", "을"), ("8", "을"), ("9", "를"), ("SQL", "을"), ("DAU", "를"), ("PM", "을"),
      ("URL", "을"), ("A", "를"), ("N", "을"), ("topic", "을"), ("event", "를"), ("offset", "을"),
      ("table", "을"), ("app-events", "를"), ("event_id", "를"), ("app", "을"), ("Kafka", "를"),
      ("file", "을"), ("timestamp", "를"), ("server", "를"), ("name", "을"), ("ping", "을"),
      ("7f3a19c2", "를"),
      ("50%", "를"), ("`kafka lag`", "를"), ("\u{1112}\u{1161}\u{11AB}", "을"), ("", "을(를)"),
      ("?!", "을(를)"),
      ("漢", "을(를)"), ("ㄱ", "을"), ("ㅏ", "를"), ("👍", "을(를)"),
    ] as [(String, String)]
  )
  func `picks 을 or 를 after`(_ value: String, _ form: String) {
    #expect(KoreanParticle.form("을/를", after: value) == form)
  }

  @Test(
    arguments: [
      ("서울", "로"), ("파일", "로"), ("1", "로"), ("토픽", "으로"), ("3", "으로"), ("대시보드", "로"), ("SQL", "로"),
      ("백그라운드", "로"), ("table", "로"), ("", "(으)로"),
    ] as [(String, String)]
  )
  func `treats ㄹ as a vowel before 으로`(_ value: String, _ form: String) {
    #expect(KoreanParticle.form("으로/로", after: value) == form)
  }

  @Test func `knows the other pairs`() {
    #expect(KoreanParticle.form("이/가", after: "토픽") == "이")
    #expect(KoreanParticle.form("은/는", after: "버스") == "는")
    #expect(KoreanParticle.form("과/와", after: "파일") == "과")
    #expect(KoreanParticle.form("이나/나", after: "커피") == "나")
    #expect(KoreanParticle.form("으로부터/로부터", after: "파일") == "로부터")
  }
}

@Suite struct KoreanLayoutTests {
  @Test(
    arguments: [
      ("ㄴ딛ㅊㅅ", "select"), ("ㅗ디ㅔ", "help"), ("ㅏㅁ라ㅁ ㅣㅁㅎ", "kafka lag"), ("쿄ㅜㅡ", "zynm"),
      ("ㄳ", "rt"), ("ㄲㄸㅃㅆㅉㅒㅖ", "REQTWOP"), ("닭값", "ekfrrkqt"), ("의뢔", "dmlfho"),
      ("\u{1102}\u{1175}", "sl"),
    ] as [(String, String)]
  )
  func `reads the keys of`(_ hangul: String, _ latin: String) {
    #expect(KoreanLayout.toLatin(hangul) == latin)
  }

  @Test func `leaves text without Hangul alone`() {
    #expect(KoreanLayout.toLatin("select 1") == nil)
  }
}

@Suite struct NearestNameTests {
  private let commands = ["kafka", "status", "help", "hint", "check", "dash", "clock", "app", "s3"]

  @Test(
    arguments: [
      ("kakfa", "kafka"), ("kafak", "kafka"), ("statsu", "status"), ("STATUS", "status"),
      ("halp", "help"), ("chekc", "check"), ("stat", "status"), ("ㅏㅁ라ㅁ", "kafka"), ("ap", "app"),
      ("clokc", "clock"),
    ] as [(String, String)]
  )
  func `suggests`(_ typed: String, _ name: String) {
    #expect(NearestName.suggest(typed, from: commands) == name)
  }

  @Test(arguments: ["", "zzzzz", "x", "banana", "결제"])
  func `suggests nothing for`(_ typed: String) {
    #expect(NearestName.suggest(typed, from: commands) == nil)
  }

  @Test func `orders by distance, then as given`() {
    let names = ["event_name", "event_time", "event_id"]
    #expect(
      NearestName.suggestions("event_tme", from: names, countMax: 3) == [
        "event_time", "event_name",
      ]
    )
  }
}

@Suite struct NormalizationTests {
  @Test func `composes Hangul and Latin letters`() {
    let scalars = { (text: String) in Normalization.composed(text).unicodeScalars.map(\.value) }
    #expect(scalars("\u{1112}\u{1161}\u{11AB}") == [0xD55C])
    #expect(scalars("e\u{301}") == [0xE9])
    #expect(scalars("한글 abc") == [0xD55C, 0xAE00, 0x20, 0x61, 0x62, 0x63])
    #expect(scalars("\u{212B}") == [0xC5])
    #expect(scalars("\u{AC00}\u{11A8}") == [0xAC01])
  }
}
