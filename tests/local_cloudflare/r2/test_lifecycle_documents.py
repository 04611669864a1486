"""Lifecycle rules as an S3 client writes them: as R2 understands them, or refused; never wider than they say."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.local_cloudflare.r2.test_lifecycle import DAY, after, rule

if TYPE_CHECKING:
    from tests.local_cloudflare.r2.conftest import LocalR2


def test_the_s3_form_counts_in_days(own: "LocalR2", refused: Any) -> None:
    """What is written in one form can be read in the other."""
    name, client = own.bucket().name, own.client()
    rules = [
        {"ID": "temp", "Filter": {"Prefix": "dev/temp/"}, "Status": "Enabled", "Expiration": {"Days": 1}},
        {
            "ID": "cold", "Filter": {"Prefix": "data/"}, "Status": "Disabled",
            "Transitions": [{"Days": 60, "StorageClass": "STANDARD_IA"}],
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
        },
    ]  # fmt: skip
    client.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": rules})
    assert own.store.lifecycle(name) == [
        {**rule("dev/temp/", deleteObjectsTransition=after(DAY)), "id": "temp"},
        {
            **rule("data/", enabled=False, abortMultipartUploadsTransition=after(7 * DAY)),
            "id": "cold",
            "storageClassTransitions": [{**after(60 * DAY), "storageClass": "InfrequentAccess"}],
        },
    ]
    assert client.get_bucket_lifecycle_configuration(Bucket=name)["Rules"] == rules
    client.delete_bucket_lifecycle(Bucket=name)
    assert refused(client.get_bucket_lifecycle_configuration, Bucket=name)[:2] == (
        404,
        "NoSuchLifecycleConfiguration",
    )


def test_a_wrong_s3_form_is_refused(own: "LocalR2", refused: Any) -> None:
    """Zero days would delete at once; other classes do not exist."""
    name, client = own.bucket().name, own.client()
    for part, code in (
        ({"Expiration": {"Days": 0}}, "MalformedXML"),
        ({"Transitions": [{"Days": 1, "StorageClass": "GLACIER"}]}, "InvalidStorageClass"),
    ):
        rules = {"Rules": [{"ID": "a", "Filter": {"Prefix": ""}, "Status": "Enabled", **part}]}
        answer = refused(client.put_bucket_lifecycle_configuration, Bucket=name, LifecycleConfiguration=rules)
        assert answer[:2] == (400, code)


ACTION = "<Expiration><Days>1</Days></Expiration>"
ENABLED = "<Status>Enabled</Status>"
WHOLE = f"<ID>a</ID><Filter><Prefix>tmp/</Prefix></Filter>{ENABLED}{ACTION}"


def put_rules(own: "LocalR2", name: str, *rules: str) -> tuple[int, str]:
    """Status and message of PutBucketLifecycleConfiguration with these rules."""
    content = "".join(f"<Rule>{one}</Rule>" for one in rules)
    body = f"<LifecycleConfiguration>{content}</LifecycleConfiguration>".encode()
    reply = own.send("PUT", f"/{name}?lifecycle", body=body)
    return reply.status, reply.body.decode().partition("<Message>")[2].partition("<")[0]


TAG = "<Tag><Key>a</Key><Value>b</Value></Tag>"
MALFORMED = "The XML you provided was not well formed or did not validate against our published schema."


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (f"<Filter><And><Prefix>tmp/</Prefix>{TAG}</And></Filter>{ENABLED}{ACTION}", "Filter And"),
        (f"<Filter><And><Prefix>tmp/</Prefix></And></Filter>{ENABLED}{ACTION}", "Filter And"),
        (f"<Filter>{TAG}</Filter>{ENABLED}{ACTION}", "Filter Tag"),
        (f"<Filter><Prefix>tmp/</Prefix>{TAG}</Filter>{ENABLED}{ACTION}", "Filter Tag"),
        (
            f"<Filter><ObjectSizeGreaterThan>1</ObjectSizeGreaterThan></Filter>{ENABLED}{ACTION}",
            "Filter ObjectSizeGreaterThan",
        ),
        (
            f"<Filter><ObjectSizeLessThan>1</ObjectSizeLessThan></Filter>{ENABLED}{ACTION}",
            "Filter ObjectSizeLessThan",
        ),
        (
            f"{WHOLE}<NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays></NoncurrentVersionExpiration>",
            "Rule NoncurrentVersionExpiration",
        ),
        (f"{ENABLED}<NoncurrentVersionTransition/>", "Rule NoncurrentVersionTransition"),
        (
            f"{ENABLED}<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>",
            "Expiration ExpiredObjectDeleteMarker",
        ),
        (f"<Filter><Prefix>tmp/</Prefix><Foo/></Filter>{ENABLED}{ACTION}", ""),
        (f"<Filter>tmp/</Filter>{ENABLED}{ACTION}", ""),
        (f"<Filter><Prefix>tmp/<b/></Prefix></Filter>{ENABLED}{ACTION}", ""),
        (f"<Filter><Prefix>a</Prefix><Prefix>b</Prefix></Filter>{ENABLED}{ACTION}", ""),
        (f"<Filter><Prefix>a</Prefix></Filter><Filter/>{ENABLED}{ACTION}", ""),
        (f"<Filter><Prefix>a</Prefix></Filter><Prefix>a</Prefix>{ENABLED}{ACTION}", ""),
        (f"<Filter/><Prefix>a</Prefix>{ENABLED}{ACTION}", ""),
        (f"<prefix>tmp/</prefix>{ENABLED}{ACTION}", ""),
        (f"<Filter><Prefix>{'a' * 1025}</Prefix></Filter>{ENABLED}{ACTION}", ""),
        (f"tmp/{ENABLED}{ACTION}", ""),
        (f"{ENABLED}", ""),
        (f"<Filter><Prefix>tmp/</Prefix></Filter>{ENABLED}", ""),
        (f"{ACTION}", ""),
        (f"<Status>enabled</Status>{ACTION}", ""),
        (f"{ENABLED}{ENABLED}{ACTION}", ""),
        (f"{ENABLED}{ACTION}{ACTION}", ""),
        (f"{ENABLED}<Expiration/>", ""),
        (f"{ENABLED}<Expiration><Days>1</Days><Date>2030-01-01</Date></Expiration>", ""),
        (f"{ENABLED}<Expiration><Days>1</Days><Days>2</Days></Expiration>", ""),
        (f"{ENABLED}<Expiration><Days>1.5</Days></Expiration>", ""),
        (f"{ENABLED}<Expiration><Date>20200101</Date></Expiration>", ""),
        (f"{ENABLED}<Expiration><Date>2020-W01-1</Date></Expiration>", ""),
        (f"{ENABLED}<Expiration><Date>2020-02-30</Date></Expiration>", ""),
        (f"{ENABLED}<Expiration><Date>2020-01-01T00:00:00</Date></Expiration>", ""),
        (f"{ENABLED}<Expiration><Date>0001-01-01T00:00:00+14:00</Date></Expiration>", ""),
        (f"{ENABLED}<AbortIncompleteMultipartUpload/>", ""),
        (f"{ENABLED}<AbortIncompleteMultipartUpload><Days>1</Days></AbortIncompleteMultipartUpload>", ""),
        (f"{ENABLED}<Transition><StorageClass>STANDARD_IA</StorageClass></Transition>", ""),
        (f"<ID>{'a' * 256}</ID>{ENABLED}{ACTION}", ""),
        (f"<ID>b</ID><ID>c</ID>{ENABLED}{ACTION}", ""),
        (f"<ID>a</ID>{ENABLED}{ACTION}", ""),  # the other rule's
    ],
)
def test_a_rule_is_never_wider_than_it_says(own: "LocalR2", content: str, named: str) -> None:
    """What R2's rules cannot say is refused by name, and what is no rule at all; the rules of before stay."""
    name = own.bucket().name
    own.client().put_object(Bucket=name, Key="keep/x", Body=b"1")
    before = own.store.lifecycle(name)
    answer = (501, f"Lifecycle {named} not implemented") if named else (400, MALFORMED)
    assert put_rules(own, name, WHOLE, content) == answer
    assert own.store.lifecycle(name) == before
    own.clock.advance(timedelta(days=2))
    assert [found.spelling for found in own.store.all_objects(1)] == ["keep/x"]


@pytest.mark.parametrize("content", ["", "<Foo/>", f"<Rule>{WHOLE}</Rule><Foo/>", f"<Rule>{WHOLE}</Rule>x"])
def test_a_configuration_holds_rules_alone(own: "LocalR2", content: str) -> None:
    """At least one, and nothing else."""
    body = f"<LifecycleConfiguration>{content}</LifecycleConfiguration>".encode()
    assert own.send("PUT", f"/{own.bucket().name}?lifecycle", body=body).status == 400


@pytest.mark.parametrize(
    ("prefix", "meant"),
    [
        ("", ""),
        ("<Filter/>", ""),
        ("<Filter><Prefix/></Filter>", ""),
        ("<Filter><Prefix>a &amp; b</Prefix></Filter>", "a & b"),
        ("<Prefix>tmp/</Prefix>", "tmp/"),
        ("<Filter><Prefix><!-- all of -->tmp/</Prefix></Filter>", "tmp/"),
    ],
)
def test_a_rule_without_a_prefix_is_for_all(own: "LocalR2", prefix: str, meant: str) -> None:
    """As in the examples of R2's page; the form of before `Filter` is read too."""
    name = own.bucket().name
    assert put_rules(own, name, f"{prefix}{ENABLED}{ACTION}") == (200, "")
    assert [one["conditions"]["prefix"] for one in own.store.lifecycle(name)] == [meant]


def test_rules_without_an_id_get_one_each(own: "LocalR2") -> None:
    """Another one than those that were given."""
    name, bare = own.bucket().name, f"{ENABLED}{ACTION}"
    assert put_rules(own, name, bare, f"<ID>rule-1</ID>{bare}", f"<ID/>{bare}") == (200, "")
    assert [one["id"] for one in own.store.lifecycle(name)] == ["rule-2", "rule-1", "rule-3"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("2030-01-02", "2030-01-02T00:00:00Z"),
        ("2030-01-02T00:00:00Z", "2030-01-02T00:00:00Z"),
        ("2030-01-02T00:00:00.000Z", "2030-01-02T00:00:00Z"),
        ("2030-01-02T02:00:00+02:00", "2030-01-02T00:00:00Z"),
    ],
)
def test_a_date_is_kept_as_the_api_writes_it(own: "LocalR2", given: str, kept: str) -> None:
    """However the SDK spells it."""
    name = own.bucket().name
    content = f"{ENABLED}<Expiration><Date>{given}</Date></Expiration>"
    assert put_rules(own, name, content) == (200, "")
    assert own.store.lifecycle(name)[0]["deleteObjectsTransition"]["condition"]["date"] == kept


def test_a_number_of_any_length_is_answered(own: "LocalR2") -> None:
    """Python refuses to read one of more than 4,300 digits."""
    days = f"<Expiration><Days>{'9' * 5000}</Days></Expiration>"
    body = f"<LifecycleConfiguration><Rule><Status>Enabled</Status>{days}</Rule></LifecycleConfiguration>"
    reply = own.send("PUT", f"/{own.bucket().name}?lifecycle", body=body.encode())
    assert (reply.status, b"<Code>MalformedXML</Code>" in reply.body) == (400, True)
