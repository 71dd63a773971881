/// A small course on disk for tests of the player: two lessons that are there and one that is not.

import Course
import Foundation

enum ScratchCourse {
  static let outline = """
    version: 1
    phases:
      - id: 0
        title: {ko: 소개, en: Intro}
        days: {ko: 하루, en: one day}
        hours: 0.5
        outcome: {ko: 압니다, en: You know}
        prerequisites: {ko: 없습니다, en: None}
      - id: 1
        title: {ko: 입구, en: Entry}
        days: {ko: 이틀, en: two days}
        hours: 3
        outcome: {ko: 읽습니다, en: You read}
        prerequisites: {ko: HTTP, en: HTTP}
    roles:
      - {id: mobile, title: {ko: 모바일, en: Mobile}, path: ["00", "02"], advice: {ko: 가, en: a}, required: [t-1, t-9]}
    lessons:
      - id: "00"
        slug: 00-first
        title: {ko: 처음, en: First}
        question: {ko: 왜?, en: Why?}
        phase: 0
        needs: []
        sections:
          - {id: "0.1", title: {ko: 하나, en: One}, minutes: 10, commands: [app, dash], terms: [event], exercises: [t-1]}
          - {id: "0.2", title: {ko: 둘, en: Two}, minutes: 5, commands: [s3], terms: [lake], exercises: []}
      - id: "01"
        slug: 01-absent
        title: {ko: 아직, en: Absent}
        phase: 1
        needs: ["00"]
        minutes: 30
        sections: []
      - id: "02"
        slug: 02-last
        title: {ko: 끝, en: Last}
        phase: 1
        needs: ["00"]
        sections:
          - {id: "2.1", title: {ko: 셋, en: Three}, minutes: 20, commands: [kafka], terms: [offset], exercises: [t-2]}
    """

  static func lesson(_ korean: Bool) -> String {
    func text(_ ko: String, _ en: String) -> String { korean ? ko : en }
    return """
      # \(text("처음", "First"))
      ## 0.1 \(text("하나", "One"))
      \(text("소개입니다.", "An introduction."))
      ```tapline
      dash show live
      ```
      \(text("이제 둘입니다.", "Now two."))
      ```tapline
      app track purchase_completed
      app queue
      ```
      ```predict
      question: \(text("몇 건일까요?", "How many?"))
      options: [\(text("그대로", "Same")), \(text("하나 더", "One more"))]
      outcome_sql: SELECT 1 + count(*) FROM system.sdk.events WHERE state = 'delivered'
      after: 2
      because: \(text("보냈기 때문입니다.", "It was sent."))
      ```
      ```tapline
      app background
      ```
      \(text("카드를 봅니다.", "A card."))
      ```card kafka
      ```
      ```tapline
      trace event {{sql: SELECT event_id FROM system.sdk.events ORDER BY seq DESC LIMIT 1}}
      ```
      ```exercise t-1
      ```
      \(text("마칩니다.", "The end."))
      ## 0.2 \(text("둘", "Two"))
      \(text("읽기만 합니다.", "Only to read."))
      """
  }

  static func lastLesson(_ korean: Bool) -> String {
    """
    # \(korean ? "끝" : "Last")
    ## 2.1 \(korean ? "셋" : "Three")
    ```quiz t-2
    ```
    ```tapline
    SELECT *
    FROM t
    WHERE a = 1;
    kafka topics
    ```
    """
  }

  static func make() throws -> ScratchFolder {
    let folder = try ScratchFolder()
    try folder.write("Lessons/course.yaml", outline)
    for (language, isKorean) in [("ko", true), ("en", false)] {
      try folder.write("Lessons/00-first/lesson.\(language).md", lesson(isKorean))
      try folder.write("Lessons/02-last/lesson.\(language).md", lastLesson(isKorean))
    }
    return folder
  }
}
