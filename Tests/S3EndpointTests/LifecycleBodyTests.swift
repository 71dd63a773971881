import S3Endpoint
import Testing

struct LifecycleBodyTests {
  private func read(_ rules: String) throws -> [WireLifecycleRule] {
    try LifecycleBody.read(
      Array("<LifecycleConfiguration \(namespace)>\(rules)</LifecycleConfiguration>".utf8)
    )
  }

  private func rule(
    _ actions: String,
    id: String = "r",
    scope: String = "<Filter><Prefix>logs/</Prefix></Filter>",
    status: String = "Enabled"
  ) -> String {
    "<Rule><ID>\(id)</ID>\(scope)<Status>\(status)</Status>\(actions)</Rule>"
  }

  private let expire = "<Expiration><Days>31</Days></Expiration>"

  @Test func `all actions of a rule are read`() throws {
    let rules = try read(
      rule(
        "<Transition><Days>30</Days><StorageClass>STANDARD_IA</StorageClass></Transition>"
          + "<Transition><Date>2030-01-01T00:00:00Z</Date><StorageClass>GLACIER</StorageClass></Transition>"
          + "<Expiration><Days>365</Days></Expiration>"
          + "<NoncurrentVersionTransition><NoncurrentDays>0</NoncurrentDays><StorageClass>DEEP_ARCHIVE"
          + "</StorageClass><NewerNoncurrentVersions>2</NewerNoncurrentVersions>"
          + "</NoncurrentVersionTransition>"
          + "<NoncurrentVersionExpiration><NoncurrentDays>7</NoncurrentDays><NewerNoncurrentVersions>3"
          + "</NewerNoncurrentVersions></NoncurrentVersionExpiration>"
          + "<AbortIncompleteMultipartUpload><DaysAfterInitiation>2</DaysAfterInitiation>"
          + "</AbortIncompleteMultipartUpload>",
        scope: "<Filter><And><Prefix>logs/</Prefix><ObjectSizeGreaterThan>10</ObjectSizeGreaterThan>"
          + "<ObjectSizeLessThan>5000000000</ObjectSizeLessThan></And></Filter>"
      )
    )
    var expected = WireLifecycleRule()
    expected.id = "r"
    expected.prefix = "logs/"
    expected.sizeGreaterThan = 10
    expected.sizeLessThan = 5_000_000_000
    expected.transitions = [
      WireLifecycleRule.Transition(due: .days(30), storageClass: "STANDARD_IA"),
      WireLifecycleRule.Transition(due: .date(1_893_456_000_000), storageClass: "GLACIER"),
    ]
    expected.expiration = .after(.days(365))
    expected.noncurrentTransitions = [
      WireLifecycleRule.NoncurrentTransition(
        days: 0,
        storageClass: "DEEP_ARCHIVE",
        newerVersionsKept: 2
      )
    ]
    expected.noncurrentExpiration = WireLifecycleRule.NoncurrentExpiration(
      days: 7,
      newerVersionsKept: 3
    )
    expected.abortUploadsAfterDays = 2
    #expect(rules == [expected])
  }

  @Test func `a rule is scoped as in S3's first version, by no condition, or by one`() throws {
    let rules = try read(
      rule(expire, id: "a", scope: "<Prefix>old/</Prefix>")
        + rule(expire, id: "b", scope: "<Filter/>", status: "Disabled")
        + rule(expire, id: "", scope: "<Filter><Prefix/></Filter>")
        + rule(expire, id: "", scope: "<Filter><ObjectSizeLessThan>9</ObjectSizeLessThan></Filter>")
    )
    #expect(rules.map(\.prefix) == ["old/", nil, "", nil])
    #expect(rules.map(\.isPrefixOutsideFilter) == [true, false, false, false])
    #expect(rules.map(\.isEnabled) == [true, false, true, true])
    #expect(rules.map(\.id) == ["a", "b", nil, nil])
    #expect(rules[3].sizeLessThan == 9)
  }

  @Test func `delete markers expire where nothing else is said of them`() throws {
    func expiration(_ content: String) throws -> WireLifecycleRule.Expiration? {
      try read(rule("<Expiration>\(content)</Expiration>"))[0].expiration
    }
    let marker = "<ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker>"
    #expect(try expiration(marker) == .deleteMarkers)
    #expect(
      try expiration(
        "<ExpiredObjectDeleteMarker>false</ExpiredObjectDeleteMarker><Days>3</Days>"
      ) == .after(.days(3))
    )
    #expect(try expiration("<Date>2017-09-27</Date>") == .after(.date(1_506_470_400_000)))
    #expect(refusal { try expiration(marker + "<Days>3</Days>") }?.code == .malformedXML)
    #expect(refusal { try expiration("") }?.code == .malformedXML)
    #expect(refusal { try expiration("<Days>1</Days><Date>2017-09-27</Date>") }?.code == .malformedXML)
  }

  @Test func `what is read is written back so that it is read the same`() throws {
    let sources = [
      rule(expire, scope: "<Prefix>old/</Prefix>"),
      rule(expire, id: "", scope: "<Filter/>"),
      rule(
        "<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>",
        scope: "<Filter><Prefix/></Filter>",
        status: "Disabled"
      ),
      rule(
        "<Transition><Days>0</Days><StorageClass>GLACIER_IR</StorageClass></Transition>"
          + "<NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays></NoncurrentVersionExpiration>",
        scope: "<Filter><And><Prefix>a&amp;b</Prefix><ObjectSizeLessThan>9</ObjectSizeLessThan>"
          + "</And></Filter>"
      ),
    ]
    for source in sources {
      let rules = try read(source)
      #expect(try LifecycleBody.read(LifecycleBody.xml(rules)) == rules)
    }
    #expect(
      text(LifecycleBody.xml(try read(sources[3])))
        == "<LifecycleConfiguration \(namespace)><Rule><ID>r</ID><Filter><And><Prefix>a&amp;b</Prefix>"
        + "<ObjectSizeLessThan>9</ObjectSizeLessThan></And></Filter><Status>Enabled</Status><Transition>"
        + "<Days>0</Days><StorageClass>GLACIER_IR</StorageClass></Transition><NoncurrentVersionExpiration>"
        + "<NoncurrentDays>1</NoncurrentDays></NoncurrentVersionExpiration></Rule></LifecycleConfiguration>"
    )
  }

  @Test func `what is not done here is refused by its name`() {
    let tag = "<Tag><Key>k</Key><Value>v</Value></Tag>"
    for scope in [
      "<Filter>\(tag)</Filter>", "<Filter><And><Prefix>a</Prefix>\(tag)</And></Filter>",
    ] {
      let error = refusal { try read(rule(expire, scope: scope)) }
      #expect(error?.code == .notImplemented)
      #expect(error?.message.contains("<Tag> in <") == true)
    }
  }

  @Test func `a configuration that S3's schema does not have is refused`() {
    let transition = "<Transition><Days>40</Days><StorageClass>"
    for rules in [
      "", rule(expire, status: "enabled"), rule(expire, scope: ""),
      rule(expire, scope: "<Filter/><Prefix/>"), rule(expire, scope: "<Prefix/><Filter/>"),
      rule(expire, scope: "<Filter/><Filter/>"),
      rule(
        expire,
        scope: "<Filter><Prefix>a</Prefix><ObjectSizeLessThan>9</ObjectSizeLessThan></Filter>"
      ),
      rule(expire, scope: "<Filter><And><Prefix>a</Prefix></And></Filter>"),
      rule(expire, scope: "<Filter><And><And/></And></Filter>"),
      rule(expire + expire), rule(expire + "<Colour>red</Colour>"), "<Colour/>",
      rule("<Expiration><Days>soon</Days></Expiration>"),
      rule("<Expiration><Days>99999999999</Days></Expiration>"),
      rule("<Expiration><Date>20200101</Date></Expiration>"),
      rule("<Expiration><Days unit='weeks'>3</Days></Expiration>"),
      rule(transition + "STANDARD</StorageClass></Transition>"),
      rule(transition + "COLD</StorageClass></Transition>"),
      rule("<Transition><Days>40</Days></Transition>"),
      rule("<NoncurrentVersionExpiration/>"), rule("<AbortIncompleteMultipartUpload/>"),
    ] {
      #expect(refusal { try read(rules) }?.code == .malformedXML, "\(rules)")
    }
  }

  @Test(arguments: [
    ("<Expiration><Days>0</Days></Expiration>", "'Days' for Expiration action must be a positive integer"),
    ("<Expiration><Days>-3</Days></Expiration>", "'Days' for Expiration action must be a positive integer"),
    ("<Expiration><Date>2020-01-01T05:00:00Z</Date></Expiration>", "midnight GMT"),
    (
      "<NoncurrentVersionExpiration><NoncurrentDays>0</NoncurrentDays></NoncurrentVersionExpiration>",
      "'NoncurrentDays' for NoncurrentVersionExpiration action must be a positive integer"
    ),
    (
      "<NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays><NewerNoncurrentVersions>101"
        + "</NewerNoncurrentVersions></NoncurrentVersionExpiration>",
      "between 1 and 100"
    ),
    (
      "<AbortIncompleteMultipartUpload><DaysAfterInitiation>0</DaysAfterInitiation>"
        + "</AbortIncompleteMultipartUpload>",
      "'DaysAfterInitiation' for AbortIncompleteMultipartUpload action must be a positive integer"
    ),
    (
      "<Transition><Days>29</Days><StorageClass>STANDARD_IA</StorageClass></Transition>",
      "greater than or equal to 30 for storageClass 'STANDARD_IA'"
    ),
    (
      "<Transition><Days>-1</Days><StorageClass>GLACIER</StorageClass></Transition>",
      "'Days' in Transition action must be nonnegative"
    ),
    (
      "<Transition><Days>40</Days><StorageClass>GLACIER</StorageClass></Transition>"
        + "<Expiration><Days>40</Days></Expiration>",
      "must be greater than 'Days' in the Transition action"
    ),
    (
      "<Transition><Days>40</Days><StorageClass>GLACIER</StorageClass></Transition>"
        + "<Transition><Days>50</Days><StorageClass>GLACIER</StorageClass></Transition>",
      "'StorageClass' must be different"
    ),
  ]) func `numbers that S3 does not take are refused with its words`(actions: String, message: String) {
    let error = refusal { try read(rule(actions)) }
    #expect(error?.code == .invalidArgument)
    #expect(error?.message.contains(message) == true, "\(error?.message ?? "-")")
  }

  @Test func `ids are short and differ, and a rule does something`() throws {
    #expect(
      refusal { try read(rule(expire, id: String(repeating: "a", count: 256))) }?.code
        == .invalidArgument
    )
    _ = try read(rule(expire, id: String(repeating: "a", count: 255)))
    #expect(refusal { try read(rule(expire) + rule(expire)) }?.code == .invalidArgument)
    #expect(refusal { try read(rule("")) }?.code == .invalidRequest)
    let backwards = "<Filter><And><ObjectSizeGreaterThan>9</ObjectSizeGreaterThan>"
      + "<ObjectSizeLessThan>9</ObjectSizeLessThan></And></Filter>"
    #expect(refusal { try read(rule(expire, scope: backwards)) }?.code == .invalidArgument)
  }

  @Test func `a thousand rules are taken and one more is not`() throws {
    let rules = (0...1_000).map { rule(expire, id: "r\($0)") }
    #expect(try read(rules.dropLast().joined()).count == 1_000)
    #expect(refusal { try read(rules.joined()) }?.message.contains("1,000 rules") == true)
  }
}
