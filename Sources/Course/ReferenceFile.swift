// The files of `Lessons` that are looked up rather than played: cards, stations, references, terms
// and the checklist. One shape for all: a list of entries, each with an id of its own.

package import Grading

extension CourseContent {
  /// Reads `Lessons/NAME` and its list under `key`, each element by `parse`.
  ///
  /// Throws `course.missing-file`, and `course.duplicate-id` where two entries have one id.
  func entries<Entry>(
    _ name: String,
    _ key: String,
    id: KeyPath<Entry, String>,
    _ parse: (ManifestNode) throws -> Entry
  ) throws -> [Entry] {
    let folder = ContentFolder(path: root + "/Lessons")
    let node = try ManifestNode.parse(
      folder.text(name, holds: "`\(key)`, a list"),
      file: "Lessons/\(name)"
    )
    try node.allowKeys(["version", key])
    var entries: [Entry] = []
    for element in try node.required(key, example: "[{id: …}]").elements(example: "- id: …") {
      let entry = try parse(element)
      if entries.contains(where: { $0[keyPath: id] == entry[keyPath: id] }) {
        throw element.error(
          "course.duplicate-id",
          "Two entries have the id `\(entry[keyPath: id])`.",
          advice: "Give each its own id."
        )
      }
      entries.append(entry)
    }
    return entries
  }
}

extension ManifestNode {
  /// A text per language that must be there in both.
  func both(_ key: String) throws -> LocalizedText {
    try required(key, example: "{ko: …, en: …}").localized(needsBoth: true)
  }
}

/// A layer of the pipeline, in the order in which data passes them.
package enum PipelineLayer: String, Sendable, Hashable, CaseIterable {
  case sources
  case ingestion
  case storage
  case processing
  case analytics
  /// What takes the pipeline's results further.
  case beyond
}

/// A product of the big picture, and what stands for it in Tapline.
package struct ProductCard: Sendable, Hashable {
  package var id: String
  package var name: String
  package var layer: PipelineLayer
  /// What it does.
  package var role: LocalizedText
  /// When a team picks it.
  package var when: LocalizedText
  /// Ids of other cards, or plain names.
  package var alternatives: [String]
  /// What stands for it here; nil where it is not simulated.
  package var here: LocalizedText?

  package var isSimulated: Bool { here != nil }
}

extension CourseContent {
  /// The cards of `Lessons/cards.yaml`, in its order.
  package func cards() throws -> [ProductCard] {
    try entries("cards.yaml", "cards", id: \.id) { node in
      try node.allowKeys([
        "id", "name", "layer", "role", "when", "alternatives", "here", "simulated",
      ])
      let here = node.optional("here")
      let simulated = try node.optional("simulated")?.flag(example: "false")
      guard (here == nil) == (simulated == false) else {
        throw node.error(
          "course.bad-value",
          "The card does not say whether the product is simulated here, or says it twice.",
          advice: "Write `here: {ko: …, en: …}`, or else `simulated: false`."
        )
      }
      return ProductCard(
        id: try node.required("id", example: "kafka").text(example: "kafka"),
        name: try node.required("name", example: "Kafka").text(example: "Kafka"),
        layer: try node.required("layer", example: "ingestion").choice(PipelineLayer.self),
        role: try node.both("role"),
        when: try node.both("when"),
        alternatives: try node.optional("alternatives")?.texts(example: "kinesis") ?? [],
        here: try here?.localized(needsBoth: true)
      )
    }
  }

  /// The card of that id or name.
  ///
  /// Throws `course.unknown-card` with the nearest one.
  package func card(_ name: String) throws -> ProductCard {
    let cards = try cards()
    let wanted = normalizedAnswer(name)
    if let card = cards.first(where: { $0.id == wanted || normalizedAnswer($0.name) == wanted }) {
      return card
    }
    let near = nearestName(to: wanted, in: cards.map(\.id))
    throw CourseError(
      code: "course.unknown-card",
      message: "There is no card `\(name)`.",
      advice: (near.map { "Did you mean `\($0)`? " } ?? "")
        + "Known: \(cards.map(\.id).joined(separator: ", ")).",
      fields: ["card": name, "near": near ?? ""]
    )
  }
}

/// One of the places that an event passes.
package struct Station: Sendable, Hashable {
  package var id: String
  package var name: LocalizedText
  package var layer: PipelineLayer
  /// What it adds to the event.
  package var adds: LocalizedText
  /// How an event can be lost or held up there.
  package var loses: LocalizedText
  /// The command that looks at it.
  package var look: String
}

extension CourseContent {
  /// The stations of `Lessons/stations.yaml`, in the order of the journey.
  package func stations() throws -> [Station] {
    try entries("stations.yaml", "stations", id: \.id) { node in
      try node.allowKeys(["id", "name", "layer", "adds", "loses", "look"])
      return Station(
        id: try node.required("id", example: "collector").text(example: "collector"),
        name: try node.both("name"),
        layer: try node.required("layer", example: "ingestion").choice(PipelineLayer.self),
        adds: try node.both("adds"),
        loses: try node.both("loses"),
        look: try node.required("look", example: "app queue").text(example: "app queue")
      )
    }
  }
}

/// Something to read on.
package struct Reference: Sendable, Hashable {
  /// The shelf it stands on.
  package enum Group: String, Sendable, Hashable, CaseIterable {
    case books
    case blogs
    case docs
  }

  package var group: Group
  package var title: String
  /// Authors or publisher; nil where the title says it.
  package var by: String?
  package var url: String?
  /// Ids of the lessons that it goes with.
  package var lessons: [String]
  package var note: LocalizedText?
}

extension CourseContent {
  /// The references of `Lessons/refs.yaml`: books, blogs, docs, each in its order.
  package func references() throws -> [Reference] {
    let folder = ContentFolder(path: root + "/Lessons")
    let node = try ManifestNode.parse(
      folder.text("refs.yaml", holds: "books, blogs and docs"),
      file: "Lessons/refs.yaml"
    )
    try node.allowKeys(["version"] + Reference.Group.allCases.map(\.rawValue))
    return try Reference.Group.allCases.flatMap { group in
      let list = try node.required(group.rawValue, example: "[{title: …}]")
      return try list.elements(example: "- title: …").map { try Self.reference($0, group) }
    }
  }

  private static func reference(_ node: ManifestNode, _ group: Reference.Group) throws -> Reference
  {
    try node.allowKeys(["title", "by", "url", "lessons", "note"])
    let urlNode = node.optional("url")
    let url = try urlNode?.text(example: "https://trino.io/docs/current/")
    if let urlNode, let url, !url.hasPrefix("https://") {
      throw urlNode.error(
        "course.bad-value",
        "The address does not begin with `https://`.",
        advice: "Write the whole address."
      )
    }
    return Reference(
      group: group,
      title: try node.required("title", example: "…").text(example: "…"),
      by: try node.optional("by")?.text(example: "Martin Kleppmann"),
      url: url,
      lessons: try node.optional("lessons")?.texts(example: "\"00\"") ?? [],
      note: try node.optional("note")?.localized(needsBoth: true)
    )
  }
}
