internal import Diagnostics

/// What can be wrong with a learner's DAG, model or run.
package struct ETLError: DiagnosableError {
  package enum Kind: String, Sendable {
    case dagSyntax, dagCycle, unknownTask, unknownModel, badSchedule, modelSyntax, modelConfig
    case unreadable, diskFull
  }

  package var kind: Kind
  package var message: String
  package var place: String?
  package var advice: String?
  package var fields: [String: String]

  package init(
    _ kind: Kind,
    _ message: String,
    place: String? = nil,
    advice: String? = nil,
    fields: [String: String] = [:]
  ) {
    self.kind = kind
    self.message = message
    self.place = place
    self.advice = advice
    self.fields = fields.merging(
      ["message": message, "place": place ?? ""],
      uniquingKeysWith: { own, _ in own }
    )
  }

  static func noModel(_ name: String, among models: [String: ModelTemplate]) -> ETLError {
    ETLError(
      .unknownModel,
      "there is no model \(name)",
      place: "models/",
      advice: "Models: \(models.keys.sorted().joined(separator: ", ")).",
      fields: ["model": name]
    )
  }

  package var code: String { "etl.\(kind.rawValue)" }
}
