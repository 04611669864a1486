"""Where a store is known not to hold a statement, and why. The suite fails if such a statement does hold.

The strict local R2 has no row here, and may not get one. Where it and miniflare disagree, R2's documentation decides,
and the reason says what it says. Sources are pages of Cloudflare's R2 documentation unless another is named.
"""


def _because(reason: str, *statements: str) -> dict[str, str]:
    return dict.fromkeys(statements, reason)


_LOCKS = (
    "test_locks::test_overwrite_and_delete",
    "test_locks::test_lock_before_condition",
    "test_locks::test_locked_key_of_a_batch",
    "test_locks::test_refused_completion",
)

MINIFLARE = {
    **_because("the simulator has no bucket locks (R2: bucket locks)", *_LOCKS),
    **_because(
        "the simulator does not implement R2's cf-copy-destination headers (R2: S3 API extensions)",
        "test_conditions::test_copy_never_overwrites",
        "test_conditions::test_copy_destination_if_match",
        "test_conditions::test_one_copier_wins",
        "test_obstore::test_copy_never_overwrites",
    ),
    **_because(
        "the simulator does not implement the directive MERGE (R2: S3 API extensions)",
        "test_copies::test_merge_directive",
    ),
    **_because(
        "the simulator trims the keys of a batch delete; R2 has not since 2022-08-17 (R2: release notes)",
        "test_deletes::test_odd_names",
    ),
    **_because(
        "the simulator refuses every session token (R2: temporary credentials)",
        "test_scope::test_inside",
        "test_scope::test_outside",
        "test_scope::test_copy_across[from]",
        "test_scope::test_copy_across[to]",
        "test_scope::test_listing",
        "test_scope::test_read_only",
    ),
    **_because(
        "the simulator drops the upload and then answers NoSuchUpload; R2 answers InvalidPart (R2: error codes, 10048)",
        "test_multipart::test_unequal_parts",
        "test_multipart::test_last_part_larger",
    ),
    **_because(
        "the simulator ignores conditions on a completion (R2: release notes of 2023-08-11)",
        "test_multipart::test_conditional_completion",
        "test_multipart::test_refused_completion_ends_the_upload",
    ),
    **_because(
        "the simulator answers 501 to ListParts, ListMultipartUploads and partNumber (R2: S3 API compatibility)",
        "test_multipart::test_list_parts",
        "test_multipart::test_list_uploads",
        "test_multipart::test_read_one_part",
        "test_to_be_seen::test_part_that_is_not_there",
        "test_to_be_seen::test_upload_id_of_another_listing",
    ),
    **_because(
        "the simulator stores keys as they come; R2 stores NFC (R2: Unicode interoperability)",
        "test_objects::test_nfc_and_nfd_are_one_object",
    ),
    **_because(
        "the simulator ignores customers' keys, and refuses to write with them (R2: release notes of 2024-12-03)",
        "test_customer_keys::test_read_with_the_key",
        "test_customer_keys::test_read_without_the_key",
        "test_customer_keys::test_read_with_another_key",
        "test_customer_keys::test_copy_to_another_key",
        "test_customer_keys::test_copy_without_the_key",
        "test_customer_keys::test_parts_with_the_key",
        "test_customer_keys::test_part_without_the_key",
    ),
    **_because(
        "the simulator wants the parts in their order; R2 has sorted them since 2024-01-26 (R2: release notes)",
        "test_multipart::test_parts_in_any_order",
    ),
    **_because("the simulator answers 500 (R2: limits)", "test_objects::test_key_of_1025_bytes"),
    **_because(
        "the simulator ignores checksums other than Content-MD5 (R2: S3 API compatibility, checksum types)",
        "test_access::test_checksum_in_a_url",
        "test_multipart::test_wrong_checksum_of_the_object",
        "test_objects::test_two_checksums",
        "test_to_be_seen::test_checksum_of_another_algorithm[md5]",
        "test_to_be_seen::test_checksum_of_another_algorithm[sha512]",
        "test_to_be_seen::test_hash_of_a_part",
    ),
    **_because(
        "the simulator does not look at this header or parameter",
        "test_to_be_seen::test_metadata_in_a_url",
        "test_to_be_seen::test_requester_pays",
        "test_to_be_seen::test_response_headers",
        "test_to_be_seen::test_version_in_a_batch",
    ),
    **_because(
        "the simulator keeps the framing of a streamed body as an object (R2: examples, aws-sdk-net)",
        "test_unimplemented::test_signed_chunks[PAYLOAD]",
        "test_unimplemented::test_signed_chunks[PAYLOAD-TRAILER]",
    ),
    **_because(
        "the simulator knows no SigV2 (R2's answer: vastsa/FileCodeBox#95)", "test_access::test_sigv2"
    ),
    **_because(
        "the simulator shows no version of a write (R2: release notes of 2022-09-06)",
        "test_objects::test_versions",
    ),
    **_because(
        "the simulator ignores conditions at the beginning of an upload (R2: release notes of 2022-05-27)",
        "test_multipart::test_condition_at_the_beginning",
    ),
    **_because("the simulator answers a second abort with 204", "test_to_be_seen::test_second_abort"),
    **_because("the simulator takes a key that is not UTF-8", "test_to_be_seen::test_key_of_invalid_bytes"),
    **_because(
        "the simulator's limit is 2,048 bytes, beyond which it answers 500 (R2: limits)",
        "test_objects::test_metadata_of_8192_bytes",
        "test_objects::test_metadata_over_8192_bytes",
    ),
}

VERSITYGW = {
    **_because("lock rules of a bucket are R2's own, not S3's", *_LOCKS),
    **_because(
        "the server has no conditions on writes in this version",
        "test_conditions::test_create_only_refused",
        "test_conditions::test_replace_stale",
        "test_conditions::test_replace_missing",
        "test_conditions::test_put_if_none_match_of_the_same_etag",
        "test_conditions::test_put_if_unmodified_since",
        "test_conditions::test_one_creator_wins",
        "test_conditions::test_one_replacer_wins",
        "test_multipart::test_condition_at_the_beginning",
        "test_multipart::test_conditional_completion",
        "test_multipart::test_refused_completion_ends_the_upload",
        "test_obstore::test_create_only",
        "test_obstore::test_replace",
    ),
    **_because(
        "the server has no conditions on reads or on a copy's source in this version",
        "test_conditions::test_read_refused[if-match]",
        "test_conditions::test_read_refused[if-unmodified-since]",
        "test_conditions::test_read_not_modified",
        "test_conditions::test_copy_source_conditions[if-match]",
        "test_conditions::test_copy_source_conditions[if-unmodified-since]",
        "test_conditions::test_copy_source_none_match",
        "test_copies::test_condition_on_part_copy",
    ),
    **_because(
        "R2's own headers and directives are not S3's",
        "test_conditions::test_copy_never_overwrites",
        "test_conditions::test_copy_destination_if_match",
        "test_conditions::test_one_copier_wins",
        "test_copies::test_merge_directive",
        "test_obstore::test_copy_never_overwrites",
    ),
    **_because(
        "parts of unequal size are allowed in S3",
        "test_multipart::test_unequal_parts",
        "test_multipart::test_last_part_larger",
    ),
    **_because(
        "the server ignores customers' keys",
        "test_customer_keys::test_read_with_the_key",
        "test_customer_keys::test_read_without_the_key",
        "test_customer_keys::test_read_with_another_key",
        "test_customer_keys::test_key_for_a_plain_object",
        "test_customer_keys::test_copy_without_the_key",
        "test_customer_keys::test_part_without_the_key",
    ),
    **_because(
        "S3 wants the parts in their order",
        "test_multipart::test_parts_in_any_order",
        "test_multipart::test_part_named_twice",
    ),
    **_because(
        "S3 refuses a range that ends behind its source", "test_copies::test_part_copy_beyond_the_end"
    ),
    **_because("S3 calls an empty page complete", "test_listing::test_max_keys_zero"),
    **_because(
        "the server ignores partNumber",
        "test_multipart::test_read_one_part",
        "test_to_be_seen::test_part_that_is_not_there",
    ),
    **_because(
        "the server ignores checksums that the query holds, or that are of an algorithm which it does not know",
        "test_access::test_checksum_in_a_url",
        "test_objects::test_two_checksums",
        "test_to_be_seen::test_checksum_of_another_algorithm[md5]",
        "test_to_be_seen::test_checksum_of_another_algorithm[sha512]",
    ),
    **_because(
        "S3 wants each part of such an upload to come with its checksum",
        "test_multipart::test_wrong_checksum_of_the_object",
    ),
    **_because(
        "S3 verifies signed chunks",
        "test_unimplemented::test_signed_chunks[PAYLOAD]",
        "test_unimplemented::test_signed_chunks[PAYLOAD-TRAILER]",
    ),
    **_because("S3 takes SHA-256 of a part", "test_to_be_seen::test_hash_of_a_part"),
    **_because("S3 ignores the query's metadata here", "test_to_be_seen::test_metadata_in_a_url"),
    **_because(
        "S3 has versions, and shows none where they are not enabled",
        "test_objects::test_versions",
        "test_to_be_seen::test_version_in_a_batch",
    ),
    **_because(
        "the server ignores ranges of a HEAD, and those that end beyond 63 bits",
        "test_objects::test_range_beyond_all_numbers",
        "test_to_be_seen::test_head_with_range",
    ),
    **_because(
        "the server does not do what S3 does here: it answers SigV2 with 400, names no Location, ignores response-*"
        " and keeps any bytes as a key",
        "test_access::test_sigv2",
        "test_multipart::test_location",
        "test_to_be_seen::test_key_of_invalid_bytes",
        "test_to_be_seen::test_response_headers",
    ),
    **_because("the server's default is binary/octet-stream", "test_to_be_seen::test_content_type_of_a_body"),
    **_because(
        "S3 names it",
        "test_to_be_seen::test_checksum_in_the_answer_of_a_completion",
        "test_to_be_seen::test_owner_in_the_first_listing",
    ),
    **_because("S3 keeps one id for an upload", "test_to_be_seen::test_upload_id_of_another_listing"),
    **_because(
        "the server does not limit the keys of a batch", "test_deletes::test_more_than_a_thousand_keys"
    ),
    **_because("a key cannot be a file and a folder in the server's file system", "test_listing::test_order"),
    **_because(
        "the server ignores parameters that it does not know",
        "test_listing::test_unknown_parameter",
        "test_to_be_seen::test_unknown_parameter_of_a_listing_of_uploads",
    ),
    **_because(
        "session tokens with a scope are R2's own, not S3's",
        "test_scope::test_inside",
        "test_scope::test_outside",
        "test_scope::test_copy_across[from]",
        "test_scope::test_copy_across[to]",
        "test_scope::test_listing",
        "test_scope::test_read_only",
    ),
    **_because("the server uses an error code of its own", "test_access::test_unknown_access_key"),
    **_because("the server answers InvalidDigest", "test_objects::test_wrong_content_md5"),
    **_because("S3 keeps the two spellings apart", "test_objects::test_nfc_and_nfd_are_one_object"),
    **_because("the server's file system has its own limit", "test_objects::test_key_of_1025_bytes"),
    **_because(
        "the server limits the size of all headers to less than 8,192 bytes",
        "test_objects::test_metadata_of_8192_bytes",
        "test_objects::test_metadata_over_8192_bytes",
    ),
    **_because(
        "S3 has this feature, or ignores the header",
        "test_multipart::test_encryption_of_a_part",
        "test_to_be_seen::test_requester_pays",
        "test_unimplemented::test_header[x-amz-tagging]",
        "test_unimplemented::test_header[x-amz-acl that is not canned]",
        "test_unimplemented::test_header[x-amz-grant-read]",
        "test_unimplemented::test_header[x-amz-object-lock-mode]",
        "test_unimplemented::test_header[x-amz-server-side-encryption: aws:kms]",
        "test_unimplemented::test_header[x-amz-website-redirect-location]",
        "test_unimplemented::test_header[x-amz-tagging-directive on a copy]",
        "test_unimplemented::test_header[x-amz-checksum-algorithm on a copy]",
        "test_unimplemented::test_operation[GetObjectTagging]",
        "test_unimplemented::test_operation[PutObjectTagging]",
        "test_unimplemented::test_operation[GetObjectAttributes]",
        "test_unimplemented::test_operation[GetObjectRetention]",
    ),
}

DIFFERENCES: dict[str, dict[str, str]] = {"miniflare": MINIFLARE, "versitygw": VERSITYGW}
