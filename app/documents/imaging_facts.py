"""The lines of « Informations » for a DICOM image, in French: how it was made, never who is on it or who made it.

Names of people and private attributes are not among the attributes read here, so none can leave (PS3.15 annex E lists
what identifies). The institution is shown as where the picture comes from, once.
"""

from __future__ import annotations

from typing import Any

from app.documents import imaging_tags as tags

MODALITIES = {
    "CT": "Scanner",
    "MR": "IRM",
    "US": "Échographie",
    "IVUS": "Échographie endovasculaire",
    "CR": "Radiographie",
    "DX": "Radiographie",
    "MG": "Mammographie",
    "IO": "Radiographie dentaire",
    "PX": "Panoramique dentaire",
    "XA": "Angiographie",
    "RF": "Radioscopie",
    "NM": "Scintigraphie",
    "PT": "TEP",
    "ES": "Endoscopie",
    "OP": "Photographie du fond d'œil",
    "OPT": "Tomographie rétinienne (OCT)",
    "XC": "Photographie",
    "GM": "Microscopie",
    "SM": "Lame numérisée",
    "SC": "Capture d'écran",
    "OT": "Autre image",
    "SEG": "Segmentation",
    "RTIMAGE": "Image de radiothérapie",
    "RTDOSE": "Dose de radiothérapie",
    "BMD": "Ostéodensitométrie",
}
PARTS = {
    "HEAD": "Tête",
    "BRAIN": "Cerveau",
    "SKULL": "Crâne",
    "NECK": "Cou",
    "CHEST": "Thorax",
    "THORAX": "Thorax",
    "LUNG": "Poumon",
    "HEART": "Cœur",
    "BREAST": "Sein",
    "ABDOMEN": "Abdomen",
    "LIVER": "Foie",
    "KIDNEY": "Rein",
    "PELVIS": "Bassin",
    "HIP": "Hanche",
    "KNEE": "Genou",
    "ANKLE": "Cheville",
    "FOOT": "Pied",
    "SHOULDER": "Épaule",
    "ELBOW": "Coude",
    "WRIST": "Poignet",
    "HAND": "Main",
    "SPINE": "Rachis",
    "CSPINE": "Rachis cervical",
    "TSPINE": "Rachis dorsal",
    "LSPINE": "Rachis lombaire",
    "EXTREMITY": "Membre",
    "WHOLEBODY": "Corps entier",
}
SIDES = {"R": "Droite", "L": "Gauche", "B": "Les deux côtés"}
POSITIONS = {"HFS": "Sur le dos, tête en avant", "FFS": "Sur le dos, pieds en avant", "HFP": "Sur le ventre, tête en avant",
             "FFP": "Sur le ventre, pieds en avant", "AP": "De face, antéro-postérieur", "PA": "De face, postéro-antérieur",
             "LL": "De profil gauche", "RL": "De profil droit"}  # fmt: skip
NUMBERS = (
    ("KVP", "Tension du tube", "kV"),
    ("XRayTubeCurrent", "Courant du tube", "mA"),
    ("ExposureTime", "Temps de pose", "ms"),
    ("SpacingBetweenSlices", "Écart entre les coupes", "mm"),
    ("MagneticFieldStrength", "Champ magnétique", "T"),
    ("RepetitionTime", "Temps de répétition (TR)", "ms"),
    ("EchoTime", "Temps d'écho (TE)", "ms"),
    ("FlipAngle", "Angle de bascule", "°"),
)


def modality_name(code: str) -> str:
    """« Scanner » for CT; the code itself where it has no French name."""
    return MODALITIES.get(code, code)


def facts(source: Any, known: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Label and value of each line; `known` first: what the study says already."""
    lines = list(known)

    def add(label: str, value: str) -> None:
        if value:
            lines.append((label, value))

    part = tags.text(source, "BodyPartExamined", 40)
    add("Région", PARTS.get(part.upper().replace(" ", ""), part.capitalize()))
    add("Côté", SIDES.get(tags.text(source, "Laterality", 2) or tags.text(source, "ImageLaterality", 2), ""))
    place = tags.text(source, "ViewPosition", 8) or tags.text(source, "PatientPosition", 8)
    add("Position", POSITIONS.get(place, place))
    add("Protocole", tags.described(source, "ProtocolName", 64))
    add("Produit de contraste", tags.described(source, "ContrastBolusAgent", 64))
    for name, label, unit in NUMBERS:
        number = tags.positive(source.get(name))
        add(label, f"{decimal(number)}\u202f{unit}" if number else "")
    add(
        "Filtre de reconstruction",
        ", ".join(tags.clean(part, 24) for part in tags.several(source.get("ConvolutionKernel"))),
    )
    machine = (tags.text(source, "Manufacturer", 40), tags.text(source, "ManufacturerModelName", 40))
    add("Appareil", " ".join(part for part in machine if part))
    add("Établissement", tags.text(source, "InstitutionName", 80))
    add("Compression", _compression(source))
    return tuple(lines)


def _compression(source: Any) -> str:
    """Whether the picture lost something on its way: that must be known before anything is measured (PS3.3 C.7.6.1.1.5)."""
    lossy = source.get("LossyImageCompression") == "01"
    ratio = tags.positive((tags.several(source.get("LossyImageCompressionRatio")) or [None])[-1])
    if lossy:
        return f"Avec perte (1 pour {decimal(ratio)})" if ratio else "Avec perte"
    return "Sans perte" if source.file_meta.TransferSyntaxUID.is_compressed else "Aucune"


def burned_in(source: Any) -> bool | None:
    """Whether an identity is written into the pixels, as far as the file says so (0028,0301)."""
    return {"YES": True, "NO": False}.get(tags.text(source, "BurnedInAnnotation", 4).upper())


def decimal(number: float) -> str:
    """« 1,25 », « 120 »."""
    return f"{number:.2f}".rstrip("0").rstrip(".").replace(".", ",")
