/// Decimals to 38 digits and casts, against exact arithmetic on digits.
import Columnar
import Kernels
import Testing

struct DecimalTests {
  private func decimal(_ precision: Int, _ scale: Int, _ values: [Int128?]) -> ColumnVector {
    RandomVectors.vector(
      .decimal(precision: precision, scale: scale), values.map { $0.map { .exact($0) } ?? .null })
  }

  @Test func `multiplies and adds short decimals into long ones`() throws {
    let a = decimal(12, 2, [12_345_678_901_234 / 100, -1, nil, 999_999_999_999])
    let b = decimal(13, 2, [99, 50, 7, 9_999_999_999_999])
    let product = try decimalArithmetic(
      .multiply, a, scale: 2, b, scale: 2, to: .decimal(precision: 25, scale: 4), scale: 4)
    let most: Int128 = 999_999_999_999 * 9_999_999_999_999
    let wanted: [Scalar] = [.integer(123_456_789_012 * 99), .integer(-50), .null, .exact(most)]
    #expect(RandomVectors.scalars(product) == wanted)
    let sum = try decimalArithmetic(
      .add, a, scale: 2, b, scale: 2, to: .decimal(precision: 14, scale: 2), scale: 2)
    #expect(sum.scalar(3) == .integer(999_999_999_999 + 9_999_999_999_999))
  }

  @Test func `divides with more digits than 128 bits hold, rounding half away from zero`() throws {
    let type = DataType.decimal(precision: 38, scale: 10)
    let a = decimal(38, 10, [powersOfTen128[37], 10_000_000_000, -20_000_000_000, 5])
    let b = decimal(38, 10, [30_000_000_000, 30_000_000_000, 30_000_000_000, 100_000_000_000])
    let quotient = try decimalArithmetic(.divide, a, scale: 10, b, scale: 10, to: type, scale: 10)
    // 10^37 / 3, in whole numbers.
    let third: Int128 = (powersOfTen128[37] - 1) / 3
    let wanted: [Scalar] = [
      .exact(third), .integer(3_333_333_333), .integer(-6_666_666_667), .integer(1),
    ]
    #expect(RandomVectors.scalars(quotient) == wanted)
  }

  @Test func `refuses division by zero and results past 38 digits, except under NULL`() throws {
    let type = DataType.decimal(precision: 38, scale: 0)
    let most = powersOfTen128[38] - 1
    let a = decimal(38, 0, [most, 1])
    let b = decimal(38, 0, [most, nil])
    #expect(throws: KernelError.self) {
      try decimalArithmetic(.multiply, a, scale: 0, b, scale: 0, to: type, scale: 0)
    }
    #expect(throws: KernelError.self) {
      try decimalArithmetic(.add, a, scale: 0, b, scale: 0, to: type, scale: 0)
    }
    #expect(throws: KernelError.divisionByZero) {
      try decimalArithmetic(
        .divide, a, scale: 0, decimal(38, 0, [1, 0]), scale: 0, to: type, scale: 0)
    }
    let masked = try decimalArithmetic(
      .modulo, decimal(38, 0, [most, 1]), scale: 0, decimal(38, 0, [7, nil]), scale: 0, to: type,
      scale: 0)
    #expect(RandomVectors.scalars(masked) == [.exact(most % 7), .null])
  }

  @Test func `casts between numbers with rounding, limits and NULL where lenient`() throws {
    let numbers = RandomVectors.vector(
      .double, [.double(2.5), .double(-2.5), .double(127.4), .double(128), .double(.nan), .null])
    #expect(throws: KernelError.self) { try cast(numbers, to: .tinyint) }
    #expect(
      RandomVectors.scalars(try cast(numbers, to: .tinyint, isLenient: true)) == [
        .integer(3), .integer(-3), .integer(127), .null, .null, .null,
      ])
    let halves = RandomVectors.vector(.double, [.double(0.285), .double(1.005), .double(-0.125)])
    #expect(
      RandomVectors.scalars(try cast(halves, to: .decimal(precision: 5, scale: 2))) == [
        .integer(29), .integer(101), .integer(-13),
      ])
    let wide = decimal(38, 2, [powersOfTen128[37] + 150, -250])
    #expect(
      RandomVectors.scalars(try cast(wide, to: .decimal(precision: 38, scale: 0))) == [
        .exact(powersOfTen128[35] + 2), .integer(-3),
      ])
    #expect(throws: KernelError.self) { try cast(wide, to: .bigint) }
    #expect(
      RandomVectors.scalars(try cast(wide, to: .varchar)) == [
        .text("100000000000000000000000000000000001.50"), .text("-2.50"),
      ])
  }

  @Test func `reads decimals of 38 digits and exponents, and refuses more`() {
    func read(_ text: String, _ scale: Int) -> Int128? {
      Array(text.utf8).withUnsafeBytes { parseWideDecimal($0, scale: scale) }
    }
    let digits: Int128 = 12_345_678_901_234_567_890_123_456_789_012_345_678
    #expect(read("12345678901234567890123456789012345678", 0) == digits)
    #expect(read("123456789012345678901234567890123456789", 0) == nil)
    #expect(read("1.5E3", 0) == 1_500)
    #expect(read("-1.555", 2) == -156)
    #expect(read("15E-1", 0) == 2)
    #expect(read("1.", 1) == 10)
    #expect(read(".5", 1) == 5)
    #expect(read("", 1) == nil)
    #expect(read("1e", 1) == nil)
    #expect(read("0.00000000000000000000000000000000000000000001", 2) == 0)
  }

  @Test(arguments: RandomVectors.scalarTypes)
  func `prints every value so that a cast reads it back`(_ type: DataType) throws {
    switch type {
    case .varbinary, .json, .intervalDayToSecond, .intervalYearToMonth: return
    default: break
    }
    var random = TestRandom(seed: 31)
    let scalars = (0..<300).map { _ in RandomVectors.scalar(type, &random) }
    let vector = RandomVectors.vector(type, scalars)
    let text = try cast(vector, to: .varchar)
    // The zone of a moment is the door's; in UTC it prints one.
    let back = try cast(text, to: type)
    #expect(RandomVectors.isSame(back, scalars))
    let dictionary = try cast(
      try cast(RandomVectors.dictionary(type, scalars), to: .varchar), to: type)
    #expect(RandomVectors.isSame(dictionary, scalars))
  }
}
