"""Compression of pages written on the fly. Files are compressed beforehand (`static_files`)."""

from __future__ import annotations

from tornado.httputil import HTTPHeaders
from tornado.web import GZipContentEncoding


class PageCompression(GZipContentEncoding):
    """Tornado's gzip, for whole answers of text only: a part of a file (206) must keep the bytes it promised."""

    GZIP_LEVEL = 5
    CONTENT_TYPES = {"application/json"}  # beside text/*

    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[int, HTTPHeaders, bytes]:
        if status_code != 200 or "Content-Range" in headers:
            self._gzipping = False
            return status_code, headers, chunk
        return super().transform_first_chunk(status_code, headers, chunk, finishing)
