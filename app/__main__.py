"""`teledossier …` (or `python -m app …`): serve, demo, worker, media, card-agent, card-crl, migrate, files, admin, bench."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import importlib
import signal
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from app import log_lines
from app import settings as settings_module
from app.errors import TeledossierError
from app.settings import Settings

if TYPE_CHECKING:
    from app.platform import Platform
    from app.server.supervisor import Child

MOST_WEB = 8  # web processes on one machine: each has its own rendering processes
MISSED = 3  # a bench ran, and a target was missed: not what a fault answers
BENCHES = ("pages", "sessions", "documents", "login", "join", "sfu", "rooms", "impaired", "soak")


def main(words: list[str] | None = None) -> int:
    """Run one command; answers the exit status."""
    arguments = parser().parse_args(words)
    log_lines.keep_whole()
    try:
        return int(arguments.run(arguments) or 0)
    except TeledossierError as refusal:
        return _refuse(refusal.message)
    except ValidationError as wrong:
        names = ", ".join("TD_" + str(error["loc"][0]).upper() for error in wrong.errors())
        return _refuse(f"Réglages à corriger : {names}.")
    except ValueError as wrong:  # placeholder secrets
        return _refuse(str(wrong))


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="teledossier", description="Télédossier : télémédecine en EHPAD.")
    commands = top.add_subparsers(required=True, metavar="COMMANDE")

    serve = _command(commands, "serve", "sert l'installation réglée par TD_… ou le fichier .env")
    serve.add_argument("--show-command", action="store_true", help="affiche la ligne « panel serve » équivalente")
    serve.add_argument("--show-secret", choices=("sessions", "cookies"), help="affiche un secret dérivé, pour un shell")
    _add_web(serve)
    serve.set_defaults(run=run_serve)

    demo = _command(commands, "demo", "sert la démonstration : personnes et dossiers fictifs, sans réglage")
    demo.add_argument("--port", type=int, default=5006, help="port d'écoute (5006)")
    demo.add_argument("--var", type=Path, default=Path("var"), help="dossier de la base et des fichiers (var)")
    _add_web(demo)
    demo.set_defaults(run=run_demo)

    worker = _command(commands, "worker", "envoie ce qui attend dans la boîte d'envoi ; lancé par serve et demo")
    worker.set_defaults(run=run_worker)

    media = _command(commands, "media", "porte le son et l'image des appels à plusieurs ; lancé par serve et demo")
    media.set_defaults(run=run_media)

    agent = _command(
        commands, "card-agent", "lit la carte CPS de ce poste pour le navigateur ; à lancer sur chaque poste"
    )
    agent.add_argument("--url", default="", help="adresse de la plateforme, https://… (sinon TD_PUBLIC_URL)")
    agent.add_argument("--module", type=Path, help="module PKCS#11 de la carte (sinon TD_CARD_MODULE, ou l'usuel)")
    agent.add_argument(
        "--unblock", action="store_true", help="oublie les essais comptés ici : carte débloquée par l'ANS"
    )
    agent.set_defaults(run=run_card_agent)

    crl = _command(commands, "card-crl", "télécharge les listes de cartes révoquées (TD_CARD_CRL_URLS)")
    crl.set_defaults(run=run_card_crl)

    migrate = _command(commands, "migrate", "met la base de données à la dernière version")
    migrate.set_defaults(run=run_migrate)

    files = _command(commands, "files", "entretient le stockage des fichiers (docs/fichiers.md)")
    works = files.add_subparsers(required=True, metavar="ACTE")
    check = _command(works, "check", "vérifie que chaque document a son fichier et que chaque fichier a son document")
    check.add_argument(
        "--whole", action="store_true", help="relit chaque fichier de bout en bout : peut durer des heures"
    )
    check.set_defaults(run=run_files_check)
    rotate = _command(works, "rotate", "protège tous les fichiers par la clé actuelle (TD_FILE_KEY), sans les récrire")
    rotate.set_defaults(run=run_files_rotate)
    sweep = _command(works, "sweep", "supprime les fichiers sans document, restes d'envois interrompus")
    sweep.add_argument("--all", action="store_true", help="même s'ils sont nombreux")
    sweep.set_defaults(run=run_files_sweep)

    admin = _command(commands, "admin", "administre une installation depuis sa machine")
    acts = admin.add_subparsers(required=True, metavar="ACTE")
    first = _command(
        acts, "create-first", "crée le premier administrateur et affiche, une fois, son lien de mot de passe"
    )
    first.add_argument("--login", required=True, help="identifiant, par exemple a.renard")
    first.add_argument("--email", required=True, help="courriel de cette personne")
    first.add_argument("--given-name", default="Administrateur", help="prénom (se modifie ensuite)")
    first.add_argument("--family-name", default="Premier", help="nom (se modifie ensuite)")
    first.set_defaults(run=run_create_first)

    bench = _command(commands, "bench", "mesure le produit et ce à quoi il se compare, dans une même exécution")
    bench.epilog = "Termine par 0 si chaque objectif est tenu, par 3 si l'un est manqué."
    bench.add_argument(
        "name", choices=BENCHES, metavar="NOM", help=" | ".join(BENCHES) + " (impaired : root ; soak : deux heures)"
    )
    bench.add_argument(
        "--quick", action="store_true", help="moins de répétitions : environ une minute sur une machine au repos"
    )
    bench.add_argument("--json", action="store_true", help="un objet JSON au lieu d'un tableau")
    bench.set_defaults(run=run_bench)
    return top


def _command(commands: Any, name: str, purpose: str) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = commands.add_parser(
        name, help=purpose, description=purpose[:1].upper() + purpose[1:] + "."
    )
    return made


def _add_web(command: argparse.ArgumentParser) -> None:
    words = "serveurs web, sur autant de ports qui se suivent (1) ; à plusieurs : docs/plusieurs-serveurs.md"
    command.add_argument("--web", type=int, choices=range(1, MOST_WEB + 1), default=1, metavar="N", help=words)


def run_serve(arguments: argparse.Namespace) -> int:
    from app.server import command

    settings = settings_module.load()
    settings.check_production()
    if arguments.show_secret:
        _say(settings.derived_secret(arguments.show_secret))
        return 0
    if arguments.show_command:
        _say(command.shell_line(settings))
        return 0
    if arguments.web > 1 and not settings.public_url:
        raise ValueError(
            "TD_PUBLIC_URL : à définir quand plusieurs serveurs web se tiennent derrière une même adresse."
        )
    _check_keys(settings)
    return _serve(settings, arguments.web)


def run_demo(arguments: argparse.Namespace) -> int:
    from app.bootstrap import platform_from_settings
    from app.demo import card, card_box, seed
    from app.server import supervisor

    settings = settings_module.demo_settings(arguments.var, arguments.port)
    for port in supervisor.ports(settings, arguments.web):
        supervisor.check_port(settings.address, port)
    _migrate(settings)
    platform = platform_from_settings(settings)
    try:
        seed.ensure(platform)
        card_box.CardBox(settings.var).ensure(platform.now())
    except KeyboardInterrupt:
        return _refuse("Préparation interrompue. Rien n'est perdu : la prochaine fois, elle reprend où elle en était.")
    finally:
        _close(platform)
    return _serve(settings, arguments.web, card.agent(settings))


def run_worker(_arguments: argparse.Namespace) -> int:
    from app.bootstrap import platform_from_settings
    from app.messaging import worker

    async def work() -> None:
        platform, stop = platform_from_settings(settings_module.load()), asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        listen = getattr(platform.bus, "listen", None)
        if listen is not None:
            listen()
        await worker.run(platform, stop)

    asyncio.run(work())
    return 0


def run_media(_arguments: argparse.Namespace) -> int:
    from app.media import main as media

    media.run(settings_module.load())
    return 0


def run_card_agent(arguments: argparse.Namespace) -> int:
    from app.card_agent import main as agent

    asked = {"public_url": arguments.url, "card_module": arguments.module}
    settings = settings_module.load(**{name: value for name, value in asked.items() if value})
    if arguments.unblock:
        _say(f"Essais oubliés : {agent.counter_of(settings).forget()} carte(s).")
        return 0
    try:
        agent.run(settings)
    except OSError:
        return _refuse(f"Le port {settings.card_agent_port} est déjà utilisé : l'agent tourne peut-être déjà.")
    return 0


def run_card_crl(_arguments: argparse.Namespace) -> int:
    import httpx

    from app.identity.card import fetching

    settings, failed = settings_module.load(), 0
    if settings.card_trust is None or not settings.card_crl_urls.split():
        return _refuse("Réglages à définir : TD_CARD_TRUST et TD_CARD_CRL_URLS.")
    for address in settings.card_crl_urls.split():
        try:
            _say(f"{address} : {fetching.fetch(settings.card_trust, address, datetime.now(UTC))}")
        except (ValueError, OSError, httpx.HTTPError) as error:
            failed += 1
            _refuse(f"{address} : {error or type(error).__name__}. La liste précédente est conservée.")
    return 1 if failed else 0


def run_migrate(_arguments: argparse.Namespace) -> int:
    _migrate(settings_module.load())
    _say("La base de données est à jour.")
    return 0


def run_create_first(arguments: argparse.Namespace) -> int:
    from app.administration import first
    from app.bootstrap import platform_from_settings

    settings = settings_module.load()
    _migrate(settings)
    platform = platform_from_settings(settings)
    try:
        link = first.create_first(
            platform, arguments.login, arguments.email, arguments.given_name, arguments.family_name
        )
    finally:
        _close(platform)
    _say(f"Ce lien, valable sept jours et une seule fois, permet de choisir le mot de passe :\n{link}")
    return 0


def run_files_check(arguments: argparse.Namespace) -> int:
    from app.documents import upkeep, upkeep_words

    with _platform() as platform:
        found = upkeep.check(platform, whole=arguments.whole, progress=_progress())
        for line in upkeep_words.checked(found, platform.files.key_number, arguments.whole):
            _say(line)
    return 1 if found.findings else 0


def run_files_rotate(_arguments: argparse.Namespace) -> int:
    from app.documents import key_rotation, upkeep_words

    with _platform() as platform:
        try:
            done = key_rotation.rotate(platform, _progress())
        except KeyboardInterrupt:
            return _refuse("Interrompu. Ce qui est fait reste fait : relancez la commande pour continuer.")
    for line in upkeep_words.rotated(done):
        _say(line)
    return 1 if done.remaining else 0


def run_files_sweep(arguments: argparse.Namespace) -> int:
    from app.documents import upkeep, upkeep_words

    with _platform() as platform:
        done = upkeep.sweep(platform, even_many=arguments.all)
    for line in upkeep_words.swept(done):
        _say(line)
    return 1 if done.held_back else 0


def run_bench(arguments: argparse.Namespace) -> int:
    report = importlib.import_module(f"app.bench.{arguments.name}").run(arguments.quick)
    _say(report.as_json() if arguments.json else report.as_table())
    return 0 if report.kept else MISSED


def _serve(settings: Settings, web: int, *more: Child) -> int:
    from app.server import shelf, supervisor

    shelf.build(settings.var / "static-cache")  # before the web process, which then only reads it
    kept = [*supervisor.children(settings, web=web), *more]
    asyncio.run(supervisor.supervise(settings, kept, _say, web))
    return 0


def _migrate(settings: Settings) -> None:
    from app import db

    engine = db.connect(settings.sqlalchemy_url())
    db.migrate(engine)
    engine.dispose()


@contextlib.contextmanager
def _platform() -> Iterator[Platform]:
    """The installation's parts, for a command that ends."""
    from app.bootstrap import platform_from_settings

    platform = platform_from_settings(settings_module.load())
    try:
        yield platform
    finally:
        _close(platform)


def _check_keys(settings: Settings) -> None:
    """Refuse to serve files that would not open. Raises: ValueError."""
    from app import db
    from app.documents import file_owners

    engine = db.connect(settings.sqlalchemy_url())
    try:
        absent = file_owners.keys_in_use(engine) - settings.file_keys().keys()
    finally:
        engine.dispose()
    if absent:
        numbers = ", ".join(f"n° {number}" for number in sorted(absent))
        raise ValueError(f"Des documents sont protégés par une clé absente, {numbers} : TD_FILE_KEYS_OLDER.")


def _close(platform: Platform) -> None:
    """Leave nothing of a platform behind in a process that goes on: its bus socket would fill and never be read."""
    close = getattr(platform.bus, "close", None)
    if close is not None:  # a bus inside one process has nothing to close
        close()
    platform.engine.dispose()


def _progress() -> Callable[[int, int], None]:
    """Says how far something long is, at most once a second, and its end."""
    from app.documents import upkeep_words

    said = 0.0

    def say(done: int, total: int) -> None:
        nonlocal said
        if done >= total or time.monotonic() - said >= 1:
            said = time.monotonic()
            _say(upkeep_words.progress(done, total))

    return say


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _refuse(message: str) -> int:
    sys.stderr.write(message + "\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
