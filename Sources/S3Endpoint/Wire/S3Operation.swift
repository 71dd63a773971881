/// What a request asks for; bucket and key are the request's.
package enum S3Operation: Sendable, Hashable {
  case listBuckets(ListBucketsQuery)

  case createBucket
  case headBucket
  case deleteBucket
  case bucketLocation
  case listObjects(ListObjectsQuery)
  case listObjectsV2(ListObjectsV2Query)
  case listVersions(ListVersionsQuery)
  case listUploads(ListUploadsQuery)
  case getVersioning
  case putVersioning
  case getLifecycle
  case putLifecycle
  case deleteLifecycle
  case bulkDelete

  case putObject
  /// `partNumber` is one part of an object that was uploaded in parts; nil for all of it.
  case getObject(partNumber: Int?, versionID: String?)
  case headObject(partNumber: Int?, versionID: String?)
  case deleteObject(versionID: String?)
  case copyObject(CopySource, MetadataDirective)

  case createUpload
  case uploadPart(uploadID: String, number: Int)
  /// Without a range the whole source.
  case uploadPartCopy(CopySource, uploadID: String, number: Int, range: CopyRange?)
  case completeUpload(uploadID: String)
  case abortUpload(uploadID: String)
  case listParts(ListPartsQuery)

  /// A read of a configuration that nothing here has, which has a true answer all the same.
  case probe(S3Probe)
  /// A part of S3 that is not here, by its name.
  case unsupported(String)
}
