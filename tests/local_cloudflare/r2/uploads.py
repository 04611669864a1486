"""Multipart uploads in few words."""

from typing import Any


def begin(s3: Any, bucket: str, key: str = "key", **changes: Any) -> dict[str, Any]:
    """The arguments that name a new upload."""
    upload = s3.create_multipart_upload(Bucket=bucket, Key=key, **changes)["UploadId"]
    return {"Bucket": bucket, "Key": key, "UploadId": upload}


def fill(s3: Any, upload: dict[str, Any], bodies: list[bytes]) -> dict[str, Any]:
    """Uploads parts, and gives the argument that completes them."""
    tags = [
        s3.upload_part(PartNumber=number, Body=body, **upload)["ETag"]
        for number, body in enumerate(bodies, 1)
    ]
    return {"Parts": [{"PartNumber": number, "ETag": tag} for number, tag in enumerate(tags, 1)]}
