package import Grading

/// A form of an incident: fields with options to choose from, and numbers of the learner's own world.
///
/// A form is filled in one line or in several, by numbers, by ids or in words of either language
/// (`IncidentForm+Read.swift`), and judged field by field.
package struct IncidentForm: Sendable {
  /// One answer to choose.
  package struct Option: Sendable {
    package var id: String
    package var text: LocalizedText
    /// Further spellings, normalised.
    package var words: [String]
    /// The message for choosing it where it is wrong.
    package var feedback: String?
    /// What a cause blames: a fault's name; nil where it blames none.
    package var fault: String?

    package init(
      id: String, text: LocalizedText, words: [String], feedback: String?, fault: String? = nil
    ) {
      self.id = id
      self.text = text
      self.words = words
      self.feedback = feedback
      self.fault = fault
    }
  }

  /// How a field is judged.
  package enum Kind: Sendable {
    /// `right` holds the right options by variant; under the empty name those of every variant.
    case choice([Option], right: [String: [String]])
    /// The first value of `sql` in the learner's world, within a relative tolerance.
    case number(sql: String, tolerance: Double, feedback: String)
  }

  package struct Field: Sendable {
    package var id: String
    package var title: LocalizedText
    /// The spellings of its name, normalised.
    package var words: [String]
    package var kind: Kind
    /// The part whose points it decides; nil for the form's own.
    package var earns: Incident.Part?

    package init(
      id: String, title: LocalizedText, words: [String], kind: Kind, earns: Incident.Part? = nil
    ) {
      self.id = id
      self.title = title
      self.words = words
      self.kind = kind
      self.earns = earns
    }

    /// The options, none for a number.
    package var options: [Option] {
      if case .choice(let options, _) = kind { options } else { [] }
    }

    /// The right options in that variant.
    package func right(variant: String) -> [String] {
      guard case .choice(_, let right) = kind else { return [] }
      return right[variant] ?? right[""] ?? []
    }
  }

  package var fields: [Field]

  package init(fields: [Field]) { self.fields = fields }

  package func field(_ id: String) -> Field? { fields.first { $0.id == id } }

  /// The messages for wrong options and numbers.
  package var feedbackIDs: [String] {
    fields.flatMap { field -> [String] in
      switch field.kind {
      case .choice(let options, _): options.compactMap(\.feedback)
      case .number(_, _, let feedback): [feedback]
      }
    }
  }

  /// The fields that have no value yet.
  package func missing(_ values: [String: String]) -> [Field] {
    fields.filter { values[$0.id] == nil }
  }

  /// The number of each option, counted over the whole form from 1: field, option.
  package var numbered: [(number: Int, field: Int, option: Int)] {
    var result: [(number: Int, field: Int, option: Int)] = []
    for (fieldIndex, field) in fields.enumerated() {
      for optionIndex in field.options.indices {
        result.append((result.count + 1, fieldIndex, optionIndex))
      }
    }
    return result
  }

  /// The first field whose choice is wrong in that variant, in the form's order, and its message;
  /// numbers and empty fields are passed over.
  package func wrongChoice(
    _ values: [String: String], variant: String
  ) -> (field: Field, feedback: String?)? {
    for field in fields {
      guard case .choice(let options, _) = field.kind, let value = values[field.id],
        !field.right(variant: variant).contains(value)
      else { continue }
      return (field, options.first { $0.id == value }?.feedback)
    }
    return nil
  }
}
