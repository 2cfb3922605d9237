"""The routes of documents."""

from __future__ import annotations

from app.web.files import (
    NUMBER,
    REFERENCE,
    Archive,
    Download,
    ImagingFrame,
    Informations,
    PageImage,
    PageWords,
    PictureImage,
    Search,
    Upload,
)

ROUTES = [
    (rf"/api/dossiers/{NUMBER}/documents", Upload),
    (rf"/api/dossiers/{NUMBER}/archive\.zip", Archive),
    (rf"/api/documents/{REFERENCE}", Download),
    (rf"/api/documents/{REFERENCE}/infos", Informations),
    (rf"/api/documents/{REFERENCE}/pages/(\d{{1,5}})\.webp", PageImage),
    (rf"/api/documents/{REFERENCE}/pages/(\d{{1,5}})/mots", PageWords),
    (rf"/api/documents/{REFERENCE}/recherche", Search),
    (rf"/api/documents/{REFERENCE}/image", PictureImage),
    (rf"/api/documents/{REFERENCE}/coupes/(\d{{1,5}})", ImagingFrame),
]
