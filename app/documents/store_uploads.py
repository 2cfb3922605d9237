"""Uploads in parts that were begun in a bucket and never ended: found and taken back.

obstore can neither list nor end them, so these two requests are signed here (AWS Signature Version 4, « Authenticating
Requests: Using the Authorization Header »). The tests hold the signature against botocore's.
"""

from __future__ import annotations

import hashlib
import hmac
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree

import httpx

EMPTY = hashlib.sha256(b"").hexdigest()
LARGEST_ANSWER = 4 << 20  # bytes: a page of 1000 uploads is 1 MB at most
MOST_PAGES = 1000


@dataclass(frozen=True)
class Upload:
    """An upload that has begun: the object's whole name, S3's number for the upload, when it began."""

    key: str
    number: str
    at: datetime


class Uploads:
    """The uploads of one bucket. Raises: httpx.HTTPError, whatever goes wrong."""

    def __init__(
        self, endpoint: str, bucket: str, region: str, access_key: str, secret_key: str, timeout: httpx.Timeout
    ) -> None:
        self._endpoint, self._bucket, self._region = endpoint.rstrip("/"), bucket, region
        self._access_key, self._secret_key, self._timeout = access_key, secret_key, timeout

    def begun(self, prefix: str) -> Iterator[Upload]:
        """Uploads of objects whose name starts with `prefix` (ListMultipartUploads)."""
        markers: dict[str, str] = {}
        for _page in range(MOST_PAGES):
            answer = self._ask("GET", "", {"uploads": "", "prefix": prefix} | markers)
            root = _parsed(answer)
            for found in root.iterfind("{*}Upload"):
                at = datetime.fromisoformat(_text(found, "Initiated").replace("Z", "+00:00"))
                yield Upload(_text(found, "Key"), _text(found, "UploadId"), at if at.tzinfo else at.replace(tzinfo=UTC))
            if _text(root, "IsTruncated").lower() != "true":
                return
            markers = {
                "key-marker": _text(root, "NextKeyMarker"),
                "upload-id-marker": _text(root, "NextUploadIdMarker"),
            }

    def take_back(self, upload: Upload) -> None:
        """End an upload and drop its parts (AbortMultipartUpload); one that is gone already is fine."""
        try:
            self._ask("DELETE", upload.key, {"uploadId": upload.number})
        except httpx.HTTPStatusError as error:
            if error.response.status_code != 404:
                raise

    def _ask(self, method: str, key: str, query: Mapping[str, str]) -> bytes:
        path = f"/{self._bucket}/{quote(key, safe='/~')}" if key else f"/{self._bucket}"
        url = f"{self._endpoint}{path}?{canonical_query(query)}"
        headers = signed_headers(method, url, self._region, self._access_key, self._secret_key, datetime.now(UTC))
        # The system's authorities, as obstore: a hospital's own service has a certificate of the hospital's own.
        trusted = ssl.create_default_context()
        with httpx.Client(timeout=self._timeout, verify=trusted, follow_redirects=False) as client:
            answer = client.request(method, url, headers=headers)
        answer.raise_for_status()
        return answer.content


def signed_headers(
    method: str, url: str, region: str, access_key: str, secret_key: str, at: datetime
) -> dict[str, str]:
    """The headers of a request without a body, signed for S3."""
    parts, moment = urlsplit(url), at.strftime("%Y%m%dT%H%M%SZ")
    headers = {"host": parts.netloc, "x-amz-content-sha256": EMPTY, "x-amz-date": moment}
    names = ";".join(sorted(headers))
    canonical = "\n".join(
        (method, parts.path, parts.query, *(f"{name}:{headers[name]}" for name in sorted(headers)), "", names, EMPTY)
    )
    scope = f"{moment[:8]}/{region}/s3/aws4_request"
    to_sign = "\n".join(("AWS4-HMAC-SHA256", moment, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    key = f"AWS4{secret_key}".encode()
    for step in scope.split("/"):
        key = hmac.digest(key, step.encode(), "sha256")
    signature = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    return headers


def canonical_query(query: Mapping[str, str]) -> str:
    """A query as Signature Version 4 wants it: sorted, everything but letters, digits and `-._~` in percent."""
    return "&".join(f"{quote(name, safe='~')}={quote(query[name], safe='~')}" for name in sorted(query))


def _parsed(answer: bytes) -> ElementTree.Element:
    if len(answer) > LARGEST_ANSWER or b"<!DOCTYPE" in answer:  # no entities: S3 has none
        raise httpx.DecodingError("not a list of uploads")
    try:
        return ElementTree.fromstring(answer)
    except ElementTree.ParseError as error:
        raise httpx.DecodingError("not a list of uploads") from error


def _text(element: ElementTree.Element, name: str) -> str:
    return element.findtext(f"{{*}}{name}") or ""
