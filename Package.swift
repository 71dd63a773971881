// swift-tools-version: 6.2
// The house of Tapline: every target, and what it may import. `Sources/README.md` says what each
// one owns; `Tests/TidyTests` compares this file, that table and the `import` lines.

import PackageDescription

let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

/// Release builds leave out the run-time checks of exclusive access: a tenth of a day's instructions.
/// Debug builds keep them. Not for `EventSDK` and what it needs: an app could not depend on it then.
let rooms: [SwiftSetting] =
  strict + [.unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))]

/// Base and the engine declare `public` and are optimised across modules: a generic or per-row call
/// between targets is 10 to 100 times slower without it.
let fast: [SwiftSetting] = rooms + [.unsafeFlags(["-cross-module-optimization"])]

func base(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: fast)
}

func room(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: rooms)
}

func tests(
  _ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = []
) -> Target {
  .testTarget(
    name: name + "Tests", dependencies: dependencies, exclude: exclude, swiftSettings: strict)
}

let argumentParser = Target.Dependency.product(
  name: "ArgumentParser", package: "swift-argument-parser")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let sqlite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let nio: [Target.Dependency] = [
  .product(name: "NIOCore", package: "swift-nio"),
  .product(name: "NIOPosix", package: "swift-nio"),
  .product(name: "NIOHTTP1", package: "swift-nio"),
]

let package = Package(
  name: "tapline",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "tapline", targets: ["tapline"]),
    .library(name: "EventSDK", targets: ["EventSDK", "EventSDKApp"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
    .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
    .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
    .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
  ],
  targets: [
    // C libraries, one shim each.
    .systemLibrary(
      name: "CLibEditSystem", pkgConfig: "libedit",
      providers: [.apt(["libedit-dev"]), .brew(["libedit"])]),
    .target(name: "CLibEdit", dependencies: ["CLibEditSystem"]),
    .systemLibrary(
      name: "CCmarkGFM", pkgConfig: "libcmark-gfm",
      providers: [
        .apt(["libcmark-gfm-dev", "libcmark-gfm-extensions-dev"]), .brew(["cmark-gfm"]),
      ]),
    .systemLibrary(
      name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
    .systemLibrary(
      name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"]), .brew(["zstd"])]),

    .target(name: "CIntrinsics"),
    // Opened at run time: nothing to link with but the loader itself.
    .target(
      name: "CRDKafka", linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux]))]),

    // Base
    base("Diagnostics"),
    base("Simulation"),
    base("Codecs", ["CIntrinsics", "CZlib", "CZstd", "Diagnostics"]),
    base("Columnar", ["Diagnostics"]),
    base("Kernels", ["CIntrinsics", "Columnar", "Diagnostics"]),

    // Formats and contracts
    .target(name: "EventModel", swiftSettings: strict),
    base("KafkaProtocol", ["Codecs", "Diagnostics"]),
    room("ObjectStorage", ["Codecs", "Diagnostics", crypto, grdb, sqlite]),
    base("Parquet", ["Codecs", "Columnar", "Connector", "Diagnostics"]),
    base(
      "DeltaLog",
      [
        "Codecs", "Columnar", "Connector", "Diagnostics", "ObjectStorage", "Parquet", "Simulation",
      ]),
    base("Connector", ["Columnar", "Diagnostics"]),

    // Stores
    room("EventLog", ["Columnar", "Connector", "Diagnostics", "KafkaProtocol"]),
    room("RemoteKafka", ["CRDKafka", "Diagnostics", "KafkaProtocol"]),
    room(
      "Lake",
      [
        "Codecs", "Columnar", "Connector", "DeltaLog", "Diagnostics", "Kernels", "ObjectStorage",
        "Parquet", "Simulation",
      ]),
    room(
      "FileTables",
      ["Columnar", "Connector", "Diagnostics", "Kernels", "ObjectStorage", "Parquet"]),
    room(
      "ShopDatabase", ["Columnar", "Connector", "Diagnostics", "Simulation", grdb, sqlite]),
    room("Warehouse", ["Columnar", "Connector", "DeltaLog", "ObjectStorage"]),

    // Engine
    base("QueryPlanning", ["Columnar", "Connector", "Kernels"]),
    base("QueryExecution", ["Columnar", "Connector", "Diagnostics", "Kernels", "QueryPlanning"]),
    base(
      "TrinoSQL",
      [
        "Columnar", "Connector", "Diagnostics", "Kernels", "QueryExecution", "QueryPlanning",
      ]),

    // Movers
    .target(
      name: "EventSDK", dependencies: ["CZlib", "EventModel"], swiftSettings: strict),
    .target(
      name: "EventSDKApp", dependencies: ["EventModel", "EventSDK"], swiftSettings: strict),
    room(
      "Collector",
      [
        "Codecs", "Columnar", "Connector", "Diagnostics", "EventLog", "EventModel", "KafkaProtocol",
        "Simulation", crypto, yams,
      ]),
    room(
      "LakeIngest",
      ["Codecs", "Diagnostics", "EventLog", "EventModel", "KafkaProtocol", "Lake", "Simulation"]),
    room(
      "StreamProcessing",
      [
        "Columnar", "Connector", "EventLog", "EventModel", "KafkaProtocol", "Simulation",
      ]),
    room(
      "ETL",
      [
        "Columnar", "Connector", "DeltaLog", "Diagnostics", "EventModel", "Lake", "ObjectStorage",
        "Simulation", "TrinoSQL", "Warehouse", yams,
      ]),
    room("Dashboard", ["Columnar", "Diagnostics", "Simulation", "TrinoSQL", yams]),

    // Doors to the network: the only importers of NIO.
    room("HTTPServer", nio),
    room("CollectorEndpoint", ["Collector", "HTTPServer"]),
    room("KafkaBroker", ["Diagnostics", "EventLog", "KafkaProtocol"] + nio),
    room(
      "S3Endpoint", ["Codecs", "Diagnostics", "HTTPServer", "ObjectStorage", "Simulation"]),

    // Composition
    room("World", ["Codecs", "Columnar", "Diagnostics", "EventModel", "EventSDK", "Simulation"]),
    room(
      "Platform",
      [
        "Codecs", "Collector", "CollectorEndpoint", "Columnar", "Connector", "Dashboard",
        "DeltaLog", "Diagnostics", "ETL", "EventLog", "EventModel", "EventSDK", "FileTables",
        "KafkaBroker", "KafkaProtocol", "Lake", "LakeIngest", "ObjectStorage", "RemoteKafka",
        "S3Endpoint", "ShopDatabase", "Simulation", "StreamProcessing", "TrinoSQL", "Warehouse", "World", crypto,
        yams,
      ]),

    // Side
    room("Terminal", ["CCmarkGFM", "CLibEdit"]),
    room("Grading", [yams]),
    room("Course", ["Grading", grdb, yams]),
    room("CourseAuthoring", ["Course", "Grading", yams]),
    room(
      "Commands",
      [
        "Codecs", "Collector", "CollectorEndpoint", "Columnar", "Connector", "Course",
        "CourseAuthoring", "Dashboard", "DeltaLog", "Diagnostics", "ETL", "EventLog", "EventModel",
        "EventSDK", "FileTables", "Grading", "HTTPServer", "KafkaBroker", "KafkaProtocol", "Lake",
        "LakeIngest", "ObjectStorage", "Parquet", "Platform", "QueryExecution", "RemoteKafka",
        "S3Endpoint", "Simulation", "Terminal", "TrinoSQL", "World", argumentParser,
      ]),
    .executableTarget(name: "tapline", dependencies: ["Commands"], swiftSettings: rooms),
    room(
      "EngineBenchmarks",
      ["Columnar", "Connector", "FileTables", "QueryExecution", "Simulation", "TrinoSQL"]),
    .executableTarget(
      name: "Benchmarks",
      dependencies: [
        "CRDKafka", "Codecs", "Collector", "CollectorEndpoint", "Columnar", "Connector", "DeltaLog",
        "ETL", "EngineBenchmarks", "EventLog", "EventModel", "FileTables", "KafkaBroker",
        "KafkaProtocol", "Lake", "ObjectStorage", "Platform", "QueryExecution", "RemoteKafka",
        "S3Endpoint", "Simulation", "Terminal", "TrinoSQL", "World", "tapline",
      ],
      swiftSettings: strict),

    // Tests
    .target(
      name: "TestSupport",
      dependencies: [
        "CRDKafka", "Codecs", "Columnar", "Connector", "FileTables", "QueryExecution",
        "RemoteKafka", "TrinoSQL",
      ],
      path: "Tests/TestSupport", swiftSettings: strict),
    .executableTarget(
      name: "TerminalProbe", dependencies: ["Terminal"], path: "Tests/TerminalProbe",
      swiftSettings: strict),
    tests("Codecs", ["Codecs"]),
    tests(
      "Collector",
      [
        "Codecs", "Collector", "Columnar", "Connector", "Diagnostics", "EventLog", "EventModel",
        "KafkaProtocol", "Simulation", "TestSupport",
      ]),
    tests(
      "CollectorEndpoint",
      [
        "Codecs", "Collector", "CollectorEndpoint", "EventLog", "HTTPServer", "KafkaProtocol",
        "Simulation", "TestSupport",
      ]),
    tests(
      "Course", ["Course", "CourseAuthoring", "Grading", "Terminal", grdb], exclude: ["Fixtures"]),
    tests(
      "CourseAuthoring", ["Course", "CourseAuthoring", "Grading", "TestSupport"],
      exclude: ["PlantedBad"]),
    tests("Grading", ["Course", "Grading", "Terminal", "TestSupport", grdb]),
    tests(
      "DeltaLog",
      [
        "Columnar", "Connector", "DeltaLog", "Diagnostics", "ObjectStorage", "Parquet",
        "Simulation", "TestSupport",
      ]),
    tests("EngineBenchmarks", ["EngineBenchmarks", "FileTables", "TestSupport"]),
    tests("EventLog", ["Codecs", "Columnar", "Connector", "EventLog", "KafkaProtocol"]),
    tests("EventModel", ["EventModel"]),
    tests("EventSDK", ["EventModel", "EventSDK"]),
    tests("EventSDKApp", ["EventModel", "EventSDK", "EventSDKApp", "HTTPServer"]),
    tests(
      "FileTables",
      [
        "Columnar", "Connector", "Diagnostics", "FileTables", "Parquet", "Simulation",
        "TestSupport",
      ]),
    tests("HTTPServer", ["HTTPServer"]),
    tests("KafkaBroker", ["EventLog", "KafkaBroker", "KafkaProtocol", "TestSupport"]),
    tests("KafkaProtocol", ["Codecs", "KafkaProtocol", "TestSupport"], exclude: ["Fixtures"]),
    tests(
      "LakeIngest",
      ["EventLog", "KafkaProtocol", "Lake", "LakeIngest", "Simulation", "TestSupport"]),
    tests("Kernels", ["Columnar", "Kernels", "TestSupport"]),
    tests(
      "Lake",
      [
        "Codecs", "Columnar", "Connector", "DeltaLog", "Diagnostics", "Lake", "ObjectStorage",
        "Parquet", "QueryExecution", "Simulation", "TestSupport", "TrinoSQL", "Warehouse",
      ]),
    tests("ObjectStorage", ["Diagnostics", "ObjectStorage", "TestSupport", grdb]),
    tests(
      "Parquet",
      ["Codecs", "Columnar", "Connector", "Diagnostics", "Parquet", "TestSupport"],
      exclude: ["Fixtures"]),
    tests(
      "Pipeline",
      [
        "Codecs", "CollectorEndpoint", "Columnar", "Commands", "Course", "CourseAuthoring", "ETL",
        "EventLog", "EventModel", "Grading", "KafkaBroker", "KafkaProtocol", "Lake", "LakeIngest",
        "ObjectStorage", "Platform", "RemoteKafka", "Simulation", "Terminal", "TestSupport", "TrinoSQL",
        "World", "tapline",
      ], exclude: ["FullDisk", "Golden"]),
    tests(
      "QueryExecution",
      [
        "Columnar", "Connector", "FileTables", "Kernels", "Parquet", "QueryExecution",
        "QueryPlanning", "TestSupport", "TrinoSQL",
      ]),
    tests(
      "RemoteKafka",
      [
        "CRDKafka", "Diagnostics", "EventLog", "KafkaBroker", "KafkaProtocol", "RemoteKafka",
        "TestSupport",
      ]),
    tests(
      "S3Endpoint",
      ["Columnar", "Connector", "DeltaLog", "HTTPServer", "ObjectStorage", "S3Endpoint", "TestSupport"]),
    tests(
      "ShopDatabase",
      [
        "Columnar", "Connector", "Diagnostics", "ShopDatabase", "Simulation", "TestSupport",
        "TrinoSQL", grdb,
      ]),
    tests("Terminal", ["Terminal", "TerminalProbe", "TestSupport"]),
    tests("Tidy", ["TestSupport"]),
    tests(
      "TrinoSQL",
      [
        "Columnar", "Connector", "FileTables", "Kernels", "QueryExecution", "QueryPlanning",
        "TestSupport",
        "TrinoSQL",
      ]),
    tests("World", ["Columnar", "EventModel", "EventSDK", "Simulation", "World"]),
  ]
)
