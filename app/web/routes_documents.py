"""The routes of documents."""

from __future__ import annotations

from app.web import dossier_tables
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
    PictureTile,
    Printing,
    Search,
    Upload,
)

ROUTES = [
    (rf"/api/dossiers/{NUMBER}/documents", Upload),
    (rf"/api/dossiers/{NUMBER}/archive\.zip", Archive),
    (rf"/api/dossiers/{NUMBER}/biologies\.csv", dossier_tables.Results),
    (rf"/api/dossiers/{NUMBER}/tracabilite\.csv", dossier_tables.Readings),
    (rf"/api/dossiers/{NUMBER}/journal\.csv", dossier_tables.Journal),
    (rf"/api/documents/{REFERENCE}", Download),
    (rf"/api/documents/{REFERENCE}/infos", Informations),
    (rf"/api/documents/{REFERENCE}/pages/(\d{{1,5}})\.webp", PageImage),
    (rf"/api/documents/{REFERENCE}/pages/(\d{{1,5}})/mots", PageWords),
    (rf"/api/documents/{REFERENCE}/recherche", Search),
    (rf"/api/documents/{REFERENCE}/image", PictureImage),
    (rf"/api/documents/{REFERENCE}/tuiles/(\d)/(\d{{1,3}})-(\d{{1,3}})\.webp", PictureTile),
    (rf"/api/documents/{REFERENCE}/impression", Printing),
    (rf"/api/documents/{REFERENCE}/coupes/(\d{{1,5}})", ImagingFrame),
]
