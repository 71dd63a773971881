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
      // Abbreviations in small letters, and words that end in c.
      ("abc", "를"), ("utc", "를"), ("orc", "를"), ("csv", "를"), ("sql", "을"), ("html", "을"),
      ("sync", "를"), ("metric", "을"), ("public", "을"), ("MongoDB", "를"), ("userID", "를"),
      ("eventJSON", "을"), ("isOK", "를"), ("UTC", "를"), ("CSV", "를"), ("API", "를"), ("ETL", "을"),
      // Names of the course.
      ("S3", "를"), (".parquet", "를"), ("events.parquet", "를"), ("GitHub", "를"), ("Redshift", "를"),
      ("Kinesis", "를"), ("Airflow", "를"), ("Spark", "를"), ("Trino", "를"), ("dbt", "를"),
      ("Swift", "를"), ("iPhone", "을"), ("Android", "를"), ("EMR", "을"), ("Parquet", "를"),
      ("Iceberg", "를"), ("Delta", "를"), ("Hadoop", "을"), ("Slack", "을"), ("Jupyter", "를"),
      // Words.
      ("type", "을"), ("pipe", "를"), ("job", "을"), ("hub", "를"), ("web", "을"), ("map", "을"),
      ("loop", "를"), ("group", "을"), ("heartbeat", "를"), ("root", "를"), ("checkout", "을"),
      ("float", "를"), ("notebook", "을"), ("webhook", "을"), ("leak", "를"), ("week", "를"),
      ("lake", "를"), ("schema", "를"), ("column", "을"), ("cache", "를"), ("line", "을"),
      ("commit", "을"), ("bucket", "을"), ("varchar", "를"), ("task", "를"), ("null", "을"),
      // Times, dates, units.
      ("09:10", "을"), ("09:12", "을"), ("09:10:04", "를"), ("09:10:03", "를"), ("09:10:03.123", "를"),
      ("2:8871", "을"), ("2:9044", "를"), ("2024-01-16", "을"), ("2024-01-12", "을"), ("41 ms", "를"),
      ("1.2 MB", "를"), ("312 B", "를"), ("2 h", "을"), ("3 min", "을"), ("20 s", "를"), ("1.5", "를"),
      ("42 %", "를"), ("KRW 1,642,100", "을"), ("+29,900원", "을"),
      // Identifiers, brackets and quotes.
      ("e91c04d7", "을"), ("b20c77aa", "를"), ("05fe1b3d", "를"), ("a3f6", "을"),
      ("토픽(topic)", "을"), ("파티션 (partition)", "을"), ("결제(3건)", "를"), ("(결제)", "를"),
      ("오프셋 (offset) ", "을"), ("`abc`", "를"), ("\"SQL\"", "을"), ("『로그』", "를"), ("[표]", "를"),
    ] as [(String, String)]
  )
  func `picks 을 or 를 after`(_ value: String, _ form: String) {
    #expect(KoreanParticle.form("을/를", after: value) == form)
  }

  @Test(
    arguments: [
      ("서울", "로"), ("파일", "로"), ("1", "로"), ("토픽", "으로"), ("3", "으로"), ("대시보드", "로"), ("SQL", "로"),
      ("백그라운드", "로"), ("table", "로"), ("", "(으)로"), ("2024-01-16", "로"), ("09:11", "으로"),
      ("09:10:03", "로"), ("SQL(에스큐엘)", "로"), ("7", "로"), ("6", "으로"), ("EMR", "로"), ("abc", "로"),
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

  private let names = [
    "kafka", "lag", "select", "count", "from", "check", "play", "help", "topic", "read", "glossary",
    "app-events", "s3", "ls", "where", "and", "event_name", "live", "clock", "--last",
  ]

  @Test(
    arguments: [
      ("ㅏㅁ라ㅁ ㅣㅁㅎ", "kafka lag"), ("촏차", "check"), ("ㅔㅣ묘", "play"), ("치ㅐ차 +1ㅡ", "clock +1m"),
      ("ㄴ3 ㅣㄴ ㄱㅁㅈ/ㄷㅍ두ㅅㄴ/", "s3 ls raw/events/"),
      ("ㅏㅁ라ㅁ ㄱㄷㅁㅇ 메ㅔ-ㄷㅍ두ㅅㄴ --ㅣㅁㄴㅅ 3", "kafka read app-events --last 3"),
      ("ㄴ딛ㅊㅅ 채ㅕㅜㅅ(*) ㄹ개ㅡ ㅣㅑㅍㄷ", "select count(*) from live"),
      ("ㄴㄸㅣㄸㅊㅆ 1", "select 1"), ("ㅗ디ㅔ 촏차", "help check"),
      // What is Korean stays: arguments and quoted text.
      ("힏ㄴㄴㅁ교 파티션", nil), ("히ㅐㄴㄴㅁ교 파티션", "glossary 파티션"),
      ("ㄴ딛ㅊㅅ '결제' ㅈㅗㄷㄱㄷ", "select '결제' where"),
      ("ㄴ딛ㅊㅅ 'ㅔㅕㄱ초ㅁㄴㄷ'", "select 'purchase'"), ("ㄴ딛ㅊㅅ ₩ㅁ₩", "select `a`"),
      // Not a command by its keys either.
      ("안녕하세요", nil), ("결제 보여 줘", nil), ("kafka lag", nil), ("kafka 결제", nil), ("ㅋㅋㅋ", nil),
    ] as [(String, String?)]
  )
  func `finds the command in`(_ line: String, _ command: String?) {
    #expect(KoreanLayout.command(in: line, names: names) == command)
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
