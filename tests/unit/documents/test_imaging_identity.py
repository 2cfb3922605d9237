"""Whether an image can be of the dossier's patient: names as devices write them, and what differs."""

from __future__ import annotations

import io
from datetime import date

import pydicom
import pytest
from pydicom.dataset import Dataset

from app.documents import imaging
from app.documents.imaging_identity import Likeness, compare
from app.documents.imaging_model import FileIdentity
from app.dossiers.models import IdentityStatus
from app.dossiers.service import IdentityTraits
from tests.unit.documents import imaging_samples as samples

BORN = date(1938, 3, 14)
JEANNE = IdentityTraits(
    birth_name="D'ÉPINAY-MERCIER",
    first_names="Jeanne, Louise",
    used_name="AUBIN Jeannette",
    sex="F",
    birth_date=BORN,
    birth_place="",
    ins="238036100104253",
    status=IdentityStatus.QUALIFIED,
)
SAME, ABSENT, DOUBTFUL, OTHER = Likeness.SAME, Likeness.ABSENT, Likeness.DOUBTFUL, Likeness.OTHER

CASES = {
    "in capitals, without accents": (FileIdentity("D EPINAY MERCIER", "JEANNE", BORN, "F"), SAME, ()),
    "by the used name": (FileIdentity("AUBIN", "JEANNE", BORN, "F"), SAME, ()),
    "by the used first name": (FileIdentity("AUBIN", "JEANNETTE", BORN), SAME, ()),
    "by the second first name": (FileIdentity("D'EPINAY-MERCIER", "LOUISE", BORN), SAME, ()),
    "by an initial": (FileIdentity("AUBIN", "J", BORN), SAME, ()),
    "all in one part": (FileIdentity("D'EPINAY MERCIER JEANNE", "", BORN), SAME, ()),
    "a part of a double name": (FileIdentity("MERCIER", "JEANNE", BORN), SAME, ()),
    "birth date alone": (FileIdentity("", "", BORN), SAME, ()),
    "her INS, and a name as it was misspelt": (FileIdentity("DEPINET", "JANE", BORN, "", ("238036100104253",)), SAME, ()),
    "nothing": (FileIdentity(), ABSENT, ()),
    "anonymous": (FileIdentity("ANONYMOUS", "X1", None, "", ("7",)), ABSENT, ()),
    "a local number": (FileIdentity("", "", None, "", ("IPP-7",)), ABSENT, ()),
    "another day": (FileIdentity("AUBIN", "JEANNE", date(1938, 3, 15)), DOUBTFUL, ("date de naissance",)),
    "another first name": (FileIdentity("AUBIN", "PAULE", BORN), DOUBTFUL, ("nom",)),
    "another name": (FileIdentity("DURAND", "JEANNE", BORN), DOUBTFUL, ("nom",)),
    "another sex": (FileIdentity("AUBIN", "JEANNE", BORN, "M"), DOUBTFUL, ("sexe",)),
    "no sex": (FileIdentity("AUBIN", "JEANNE", BORN, "O"), SAME, ()),
    "another person": (FileIdentity("DURAND", "PAUL", date(1945, 1, 2)), OTHER, ("nom", "date de naissance")),
    "another INS": (FileIdentity("AUBIN", "JEANNE", BORN, "", ("145010200000123",)), OTHER, ("INS",)),
    "another INS, of Corsica": (FileIdentity("AUBIN", "JEANNE", BORN, "", ("14501" + "2A" + "00000123",)), OTHER, ("INS",)),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_an_identity_is_compared_as_people_would(name: str) -> None:
    identity, likeness, differing = CASES[name]
    check = compare(identity, JEANNE)
    assert (check.likeness, check.differing) == (likeness, differing)
    assert bool(check.warning) == (likeness in (DOUBTFUL, OTHER))


def test_the_warning_names_who_the_image_says_it_shows() -> None:
    warning = compare(FileIdentity("DURAND", "paul", date(1945, 1, 2)), JEANNE).warning
    assert warning.startswith(
        "Le nom dans l'image est « DURAND Paul, né(e) le 02/01/1945 » : vérifiez que c'est le bon patient"
    )


def test_an_identity_is_read_with_its_other_numbers() -> None:
    other = Dataset()
    other.PatientID = "238036100104253"
    content = samples.instance(PatientID="IPP-7", OtherPatientIDsSequence=[other])
    identity = imaging.read_identity(content)
    assert identity == FileIdentity("MERCIER", "JEANNE", BORN, "F", ("IPP-7", "238036100104253"))


@pytest.mark.parametrize("born", ["", "1938", "19381314", "XXXXXXXX"])
def test_a_birth_date_that_is_none_is_not_read(born: str) -> None:
    content = samples.instance(PatientBirthDate="19380314").replace(b"19380314", born.encode().ljust(8))
    assert imaging.read_identity(content).birth_date is None


# ---- what is shown beside the picture


SECRETS = ("SECRET", "Opérateur", "Médecin", "Privé", "IPP-42", "1938")


def test_no_person_and_no_private_attribute_is_among_the_facts() -> None:
    source = pydicom.dcmread(io.BytesIO(samples.instance(PatientName="SECRET^Nom", PatientID="IPP-42")))
    source.OperatorsName, source.ReferringPhysicianName = "Opérateur^A", "Médecin^B"
    source.PerformingPhysicianName = source.RequestingPhysician = "Médecin^C"
    source.ProtocolName, source.StudyDescription = "Thorax de SECRET", "Scanner pour secret, thoracique"
    source.KVP, source.BodyPartExamined, source.Manufacturer = 120, "CHEST", "Fictif"
    source.private_block(0x0009, "PRIVE", create=True).add_new(1, "LO", "Privé")
    target = io.BytesIO()
    source.save_as(target)
    study = imaging.read_study(target.getvalue())
    facts = dict(study.facts)
    assert not any(secret in repr(study) for secret in SECRETS)
    assert (facts["Région"], facts["Tension du tube"], facts["Protocole"]) == ("Thorax", "120\u202fkV", "Thorax de")
    assert study.description == "Scanner pour thoracique"


@pytest.mark.parametrize(("said", "burned_in"), [("YES", True), ("NO", False), ("", None), (None, None)])
def test_an_identity_in_the_pixels_is_told_when_the_file_tells_it(said: str | None, burned_in: bool | None) -> None:
    assert imaging.read_study(samples.instance(BurnedInAnnotation=said)).burned_in is burned_in


@pytest.mark.parametrize(
    ("more", "spacing", "at_detector"),
    [
        ({"PixelSpacing": [0.5, 0.4]}, (0.5, 0.4), False),
        ({"ImagerPixelSpacing": [0.2, 0.2], "Modality": "DX"}, (0.2, 0.2), True),
        ({"PixelSpacing": [0.2, 0.2], "ImagerPixelSpacing": [0.2, 0.2], "Modality": "CR"}, (0.2, 0.2), True),
        ({"PixelSpacing": [0.15, 0.15], "ImagerPixelSpacing": [0.2, 0.2], "Modality": "DX"}, (0.15, 0.15), False),
        (
            {
                "PixelSpacing": [0.2, 0.2],
                "ImagerPixelSpacing": [0.2, 0.2],
                "Modality": "DX",
                "PixelSpacingCalibrationType": "FIDUCIAL",
            },
            (0.2, 0.2),
            False,
        ),
        ({}, None, False),
        ({"PixelSpacing": [0, -1]}, None, False),
    ],
)
def test_whose_millimetres_a_measure_has_is_known(
    more: dict[str, object], spacing: tuple[float, float] | None, at_detector: bool
) -> None:
    study = imaging.read_study(samples.instance(**more))
    assert (study.spacing, study.at_detector) == (spacing, at_detector)


def test_ultrasound_regions_have_a_scale_of_their_own() -> None:
    def region(unit: int, **more: object) -> Dataset:
        made = Dataset()
        made.RegionLocationMinX0, made.RegionLocationMinY0 = 1, 2
        made.RegionLocationMaxX1, made.RegionLocationMaxY1 = 5, 7
        made.PhysicalUnitsXDirection = made.PhysicalUnitsYDirection = unit
        made.PhysicalDeltaX, made.PhysicalDeltaY = 0.02, -0.03  # cm
        for name, value in more.items():
            setattr(made, name, value)
        return made

    study = imaging.read_study(
        samples.instance(
            Modality="US", SequenceOfUltrasoundRegions=[region(3), region(4), region(3, RegionLocationMaxX1=0)]
        )
    )
    (only,) = study.regions
    assert (only.left, only.top, only.right, only.bottom) == (1, 2, 5, 7)
    assert (only.row_mm, only.column_mm) == pytest.approx((0.3, 0.2))


@pytest.mark.parametrize(
    ("more", "pace"), [({"CineRate": 30}, 30), ({"FrameTime": 40}, 25), ({"CineRate": 5000}, 60), ({}, 0)]
)
def test_the_pace_of_a_clip_is_the_file_s_within_reason(more: dict[str, object], pace: float) -> None:
    assert imaging.read_study(samples.instance(**more)).pace == pace
