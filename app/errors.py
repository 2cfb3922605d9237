"""Every refusal of the product, as one tree.

    TeledossierError
    ├── NotAuthenticated          no login session, or it has ended
    │   ├── WrongCredentials      same answer for an unknown login and a wrong password
    │   ├── TooManyAttempts       wait `seconds`
    │   ├── TooManyCodes          too many one-time codes asked for in an hour
    │   ├── LoginExpired          a login begun too long ago, used already, or in another browser
    │   └── LoginRefused          card, provider, code or key refused; `reason` is a stable word for the journal
    ├── AccessDenied              logged in, but not allowed to do this
    │   └── ConfirmationNeeded    a change that matters wants the password, or a login of just now
    ├── NotFound                  unknown, or another structure's: the answer is the same
    ├── WrongStep                 the dossier's step does not allow it any more (or yet)
    ├── Locked                    signed: nothing changes
    ├── StaleDraft                somebody typed meanwhile; `current` is the newer revision
    ├── Outdated                  somebody changed the same record meanwhile
    ├── IncompleteForm            `missing` lists what must still be filled
    ├── InvalidInput              a value that cannot be what it should be
    │   ├── FileRefused           the gate refuses a file; `reason` says why
    │   │   └── FileInfected      the antivirus found something; `virus` is its name
    │   └── FileTooLarge
    ├── TooManyFiles              too many files of one person are on their way at once
    ├── FileStalled               no byte of a file has come for too long
    ├── TooManyJobs               somebody asks for more pages at once than anybody can look at
    ├── PacsUnavailable           the imaging archive does not answer, or not as it should
    ├── FileDamaged               a stored file is not what was written
    ├── FileStoreFull             no place on the disk for another file
    ├── FileStoreUnavailable      the disk or the bucket of the files does not answer
    ├── InvitationInvalid         link altered, expired, withdrawn or used up
    ├── RoomFull
    ├── NotAdmitted               a guest who was not let in
    ├── PutOut                    a professional who was put out of the call that goes on
    ├── OpenElsewhere             an invitation that is open on another device; `inside`: in the call there
    ├── RoomsElsewhere            no process that answers has the rooms at this moment: try again
    ├── RelayUnavailable          the forwarding unit does not answer, or has no place: try again
    └── RelayRefused              the forwarding unit can't take this offer: trying again does not help

`code` is stable (for logs, tests and translations); `message` is for the person who reads it: what happened,
what was kept, what to do. Neither ever carries a patient's data.
"""

from __future__ import annotations


class TeledossierError(Exception):
    """Base of all refusals; the edges (pages, handlers) turn it into words or an HTTP status."""

    code = "erreur"
    status = 400
    message = "L'opération n'a pas abouti. Rien n'a été modifié. Réessayez, puis appelez l'assistance."

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.message)
        if message:
            self.message = message


class NotAuthenticated(TeledossierError):
    code, status = "non-connecte", 401
    message = "Votre session a pris fin. Reconnectez-vous : ce qui était enregistré est conservé."


class WrongCredentials(NotAuthenticated):
    code = "identifiants-incorrects"
    message = "Identifiant ou mot de passe incorrect. Vérifiez la touche majuscule, puis réessayez."


class TooManyAttempts(NotAuthenticated):
    code, status = "trop-d-essais", 429

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Trop d'essais. Patientez {seconds} secondes, puis réessayez.")
        self.seconds = seconds


class TooManyCodes(NotAuthenticated):
    code, status = "trop-de-codes", 429
    message = (
        "Trop de codes demandés depuis une heure : aucun autre n'est envoyé pour l'instant. "
        "Utilisez un autre moyen de connexion, ou réessayez plus tard."
    )


class LoginExpired(NotAuthenticated):
    code = "connexion-depassee"
    message = "Cette connexion a expiré ou a déjà servi. Recommencez : cela ne prend qu'un instant."


class LoginRefused(NotAuthenticated):
    code = "connexion-refusee"

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class AccessDenied(TeledossierError):
    code, status = "acces-refuse", 403
    message = "Votre compte n'a pas le droit de faire cela. Rien n'a été modifié."

    def __init__(self, message: str | None = None, reason: str = "denied") -> None:
        super().__init__(message)
        self.reason = reason  # a stable word for the journal: « network », « way », « suspended »


class ConfirmationNeeded(AccessDenied):
    code = "confirmer"
    message = (
        "Par sécurité, confirmez votre mot de passe, ou déconnectez-vous, reconnectez-vous, puis recommencez. "
        "Rien n'a été modifié."
    )


class NotFound(TeledossierError):
    code, status = "introuvable", 404
    message = "Introuvable, ou vous n'y avez pas accès."


class WrongStep(TeledossierError):
    code, status = "etape", 409
    message = "L'étape du dossier ne le permet pas. Rien n'a été modifié. Rouvrez le dossier pour voir son étape."


class Locked(TeledossierError):
    code, status = "signe", 409
    message = "L'avis est signé : il n'est plus modifiable."


class StaleDraft(TeledossierError):
    code, status = "brouillon-depasse", 409
    message = (
        "Ce formulaire a été modifié dans une autre fenêtre. Votre texte reste à l'écran : "
        "copiez-le, puis rouvrez le dossier."
    )

    def __init__(self, current: int) -> None:
        super().__init__()
        self.current = current


class Outdated(TeledossierError):
    code, status = "modifie-entre-temps", 409
    message = (
        "Une autre personne vient de modifier cette fiche. Rien n'a été enregistré : "
        "rouvrez-la, puis refaites votre modification."
    )


class IncompleteForm(TeledossierError):
    code, status = "formulaire-incomplet", 422

    def __init__(self, missing: list[str]) -> None:
        names = ", ".join(f"« {name} »" for name in missing)
        super().__init__(f"Il reste à remplir : {names}. Votre saisie est enregistrée.")
        self.missing = missing


class InvalidInput(TeledossierError):
    code, status = "saisie", 422
    message = "Une valeur saisie n'est pas valable. Corrigez-la, puis réessayez."


class FileRefused(InvalidInput):
    code = "fichier-refuse"

    def __init__(self, reason: str, flattenable: bool = False) -> None:
        super().__init__(f"Fichier refusé : {reason} Rien n'a été ajouté au dossier.")
        self.reason = reason
        self.flattenable = flattenable  # harmless as pictures of its pages

    def __reduce__(self) -> tuple[type[FileRefused], tuple[str, bool]]:  # it travels between processes
        return FileRefused, (self.reason, self.flattenable)


class FileInfected(FileRefused):
    code = "fichier-infecte"

    def __init__(self, virus: str) -> None:
        super().__init__(f"un virus y a été trouvé ({virus}). Prévenez votre service informatique.")
        self.virus = virus


class FileTooLarge(InvalidInput):
    code, status = "fichier-trop-gros", 413

    def __init__(self, limit_megabytes: int) -> None:
        super().__init__(f"Fichier refusé : il dépasse {limit_megabytes} Mo. Rien n'a été ajouté au dossier.")


class TooManyFiles(TeledossierError):
    code, status = "trop-de-fichiers", 429
    message = (
        "Trop de vos fichiers sont déjà en cours d'envoi ou d'analyse. Celui-ci n'a pas été ajouté : "
        "attendez que les autres soient passés, puis réessayez."
    )


class FileStalled(TeledossierError):
    code = "envoi-arrete"  # not with 408: a browser would send everything again by itself
    message = (
        "L'envoi de ce fichier a été arrêté : rien n'arrivait plus. Rien n'a été ajouté au dossier. "
        "Vérifiez la connexion au réseau, puis envoyez-le de nouveau."
    )


class TooManyRequests(TeledossierError):
    code, status = "trop-rapide", 429

    def __init__(self, seconds: int) -> None:
        wait = "une seconde" if seconds == 1 else f"{seconds} secondes"
        super().__init__(
            "Trop de demandes à la fois depuis ce poste ou ce réseau : celle-ci n'a pas été traitée. "
            f"Patientez {wait}, puis réessayez."
        )
        self.seconds = seconds


class TooManyJobs(TeledossierError):
    code, status = "trop-de-demandes", 429
    message = "Trop de pages sont demandées à la fois. Patientez un instant, puis réessayez."


class PacsUnavailable(TeledossierError):
    code, status = "pacs-indisponible", 502
    message = (
        "Le PACS ne répond pas. Rien n'a été ajouté au dossier. Réessayez dans un moment, "
        "ou ajoutez l'examen depuis son CD."
    )


class FileDamaged(TeledossierError):
    code, status = "fichier-endommage", 500
    message = (
        "Ce fichier est endommagé et ne peut pas s'ouvrir. Les autres documents sont intacts. Appelez l'assistance."
    )


class FileStoreFull(TeledossierError):
    code, status = "stockage-plein", 507
    message = (
        "Il n'y a plus de place pour enregistrer ce fichier. Rien n'a été ajouté au dossier ; ce qui y était est "
        "conservé. Appelez l'assistance, puis recommencez."
    )


class FileStoreUnavailable(TeledossierError):
    code, status = "stockage-indisponible", 503
    message = (
        "Le stockage des fichiers ne répond pas. Rien n'a été modifié ni perdu. "
        "Recommencez dans quelques minutes ; si cela dure, appelez l'assistance."
    )


class InvitationInvalid(TeledossierError):
    code, status = "invitation", 410
    message = (
        "Ce lien n'est plus valable. Appelez l'établissement qui vous a invité : il peut vous en envoyer un nouveau."
    )


class RoomFull(TeledossierError):
    code, status = "salle-pleine", 409
    message = "La salle est complète. Choisissez une autre salle, ou attendez qu'une personne en sorte."


class RoomsElsewhere(TeledossierError):
    code, status = "salles-ailleurs", 503
    message = (
        "Les salles vidéo changent de serveur. Rien n'est perdu : la page réessaie d'elle-même. "
        "Si cela dure plus d'une minute, appelez l'assistance."
    )


class NotAdmitted(TeledossierError):
    code, status = "non-admis", 403
    message = "Le professionnel ne vous a pas encore fait entrer."


class PutOut(TeledossierError):
    code, status = "sorti", 403
    message = (
        "On vous a fait sortir de cette téléconsultation. Le dossier vous reste ouvert ; "
        "vous pourrez entrer dans la prochaine."
    )

    @classmethod
    def by(cls, name: str) -> PutOut:
        """The same, with who did it."""
        return cls(
            f"{name} vous a fait sortir de cette téléconsultation. Le dossier vous reste ouvert ; "
            "vous pourrez entrer dans la prochaine."
        )


class OpenElsewhere(TeledossierError):
    code, status = "ouvert-ailleurs", 409
    message = "Cette invitation est ouverte sur un autre appareil."

    def __init__(self, *, inside: bool) -> None:
        super().__init__()
        self.inside = inside


class RelayUnavailable(TeledossierError):
    code, status = "relais-indisponible", 503
    message = "Le relais vidéo ne répond pas encore. Nouvel essai dans un instant : l'appel reprend tout seul."


class RelayRefused(TeledossierError):
    code, status = "relais-refus", 422
    message = "Le relais vidéo n'a pas accepté cette page. Rechargez-la : votre place est gardée."
