"""What `teledossier files …` says, in French, to whoever looks after the machine."""

from __future__ import annotations

from collections.abc import Iterator

from app.documents.file_owners import Finding, Trouble
from app.documents.key_rotation import Rotated
from app.documents.upkeep import Checked, Swept
from app.french import NARROW_SPACE

MOST_NAMED = 200  # lines; the count says the rest


def checked(found: Checked, key_number: int, whole: bool) -> Iterator[str]:
    """What a look both ways found, and what to do about it."""
    yield f"{_count(found.documents, 'document')}, {_count(found.files, 'fichier')} dans le stockage."
    for number, count in sorted(found.by_key.items()):
        older = "" if number == key_number else " ; « teledossier files rotate » les fait passer à la clé actuelle"
        yield f"Clé n° {number} : {_count(count, 'document')}{older}."
    if found.without_document:
        what = "n'a pas" if found.without_document == 1 else "n'ont pas"
        yield (
            f"{_count(found.without_document, 'fichier')} {what} de document, reste d'un envoi interrompu : "
            "« teledossier files sweep » fait le ménage."
        )
    if not found.findings:
        yield "Chaque document a son fichier, " + (
            "intact de bout en bout." if whole else "qui s'ouvre (« --whole » relit tout, de bout en bout)."
        )
        return
    count = len(found.findings)
    yield f"À réparer, {_count(count, 'document')} : rendez ces fichiers depuis la sauvegarde (docs/fichiers.md)."
    yield from _named(found.findings)


def swept(done: Swept) -> Iterator[str]:
    """What a sweep removed, or why it did not."""
    if done.held_back:
        yield (
            f"{_count(done.held_back, 'fichier')} sans document : trop pour des restes, ou la base est vide. Rien n'a été supprimé. "
            "Vérifiez que TD_DATABASE_URL et TD_VAR désignent la bonne base, et qu'elle n'est pas une sauvegarde plus "
            "ancienne que les fichiers. Si tout est juste : « teledossier files sweep --all »."
        )
    else:
        yield f"Fichiers sans document supprimés : {_number(done.removed)}."
    yield f"Envois inachevés supprimés : {_number(done.unfinished)}."


def rotated(done: Rotated) -> Iterator[str]:
    """How far a rotation came, and whether older keys may leave the settings."""
    yield f"Passés à la clé n° {done.key_number} : {_count(done.rewrapped, 'document')}."
    if done.unopened:
        yield f"Sans changement, car leur clé ne s'ouvre pas, {_count(len(done.unopened), 'document')} :"
        yield from _named(done.unopened)
    if done.remaining > len(done.unopened):
        rest = done.remaining - len(done.unopened)
        yield (
            f"Sous une ancienne clé, {_count(rest, 'document')} : un serveur qui n'a pas été redémarré avec la nouvelle "
            "clé en ajoute encore. Redémarrez-le, puis relancez cette commande."
        )
    if done.remaining:
        yield "Gardez les anciennes clés dans TD_FILE_KEYS_OLDER : elles servent encore."
    else:
        yield (
            "Tous les documents sont sous cette clé. Quand la plus ancienne sauvegarde de la base ne sert plus, "
            "retirez les anciennes clés de TD_FILE_KEYS_OLDER."
        )


def progress(done: int, total: int) -> str:
    """« 500 sur 1 204… »."""
    return f"{_number(done)} sur {_number(total)}…"


def _named(findings: list[Finding] | tuple[Finding, ...]) -> Iterator[str]:
    for finding in findings[:MOST_NAMED]:
        yield f"  {finding.number}, document {finding.reference} : {_said(finding)}"
    if len(findings) > MOST_NAMED:
        yield f"  … et {_number(len(findings) - MOST_NAMED)} autres."


def _said(finding: Finding) -> str:
    match finding.trouble:
        case Trouble.MISSING:
            return "son fichier manque."
        case Trouble.SIZE:
            return "son fichier n'a pas la bonne taille."
        case Trouble.CONTENT:
            return "son fichier est abîmé."
        case Trouble.KEY:
            return (
                f"protégé par la clé n° {finding.key_number}, qui manque dans TD_FILE_KEYS_OLDER ou n'est pas la bonne."
            )


def _count(count: int, noun: str) -> str:
    return f"{_number(count)} {noun}{'s' if count > 1 else ''}"


def _number(count: int) -> str:
    return f"{count:,}".replace(",", NARROW_SPACE)
