"""SMS by real protocols: an SMPP server of another library, and a stand-in of OVHcloud that checks signatures."""

from __future__ import annotations

import asyncio
import datetime
import hashlib
import ipaddress
import json
import shutil
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from ovh.client import ENDPOINTS

from app.bootstrap import platform_in_memory
from app.identity import one_time_code
from app.identity.one_time_code import Channel
from app.messaging import service, smpp, worker
from app.messaging.ovh import OvhSms
from app.messaging.smpp import SmppSms
from app.messaging.sms import SmsRefused, SmsUnavailable
from app.platform import Sms
from app.settings import load
from tests.support.people import SetClock, small_world

ROOT = Path(__file__).parents[2]
TO = "+33699000011"
CODE = "Télédossier : 123456 est votre code de connexion, valable 5 minutes. Ne le donnez à personne."


# ------------------------------------------------------------------------------------------------ SMPP


@dataclass
class Operator:
    """A running SMPP server: its port, and what it says over HTTP."""

    port: int
    control: str

    def told(self) -> dict[str, Any]:
        return httpx.get(self.control, timeout=60).json()

    def behave(self, how: str) -> None:
        httpx.post(f"{self.control}/{how}", timeout=60)


def running(*options: str) -> Iterator[Operator]:
    if shutil.which("node") is None or not (ROOT / "node_modules" / "smpp").is_dir():
        pytest.skip("no Node.js with npm's smpp")
    process = subprocess.Popen(
        ["node", str(ROOT / "tests" / "support" / "smsc.mjs"), *options], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    try:
        assert process.stdout is not None
        port, control = process.stdout.readline().split()
        yield Operator(int(port), f"http://127.0.0.1:{control}")
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


@pytest.fixture
def operator() -> Iterator[Operator]:
    yield from running()


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A key and a certificate for 127.0.0.1, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sms.test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(
            name, name, key.public_key(), x509.random_serial_number(), now, now + datetime.timedelta(days=1)
        )
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "sms.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@dataclass
class Links:
    """Transports made by a test, closed after it."""

    made: list[SmppSms]

    def to(self, port: int, context: ssl.SSLContext | None = None, **settings: object) -> SmppSms:
        defaults: dict[str, object] = {"smpp_tls": False, "smpp_system_id": "teledoss", "smpp_password": "secret12"}
        told = load(smpp_host="127.0.0.1", smpp_port=port, **(defaults | settings))
        self.made.append(SmppSms(told, context))
        return self.made[-1]


@pytest.fixture
def links(monkeypatch: pytest.MonkeyPatch) -> Iterator[Links]:
    monkeypatch.setattr(smpp, "STEP_SECONDS", 10.0)
    made = Links([])
    yield made
    for link in made.made:
        link.close()


async def test_a_text_message_arrives_as_it_was_written(operator: Operator, links: Links) -> None:
    await links.to(operator.port).send(Sms(TO, CODE), "abc")
    [got] = operator.told()["received"]
    assert (got["to"], got["from"], got["text"]) == ("33699000011", "TELEDOSSIER", CODE)


async def test_a_long_message_with_any_letters_arrives_whole(operator: Operator, links: Links) -> None:
    long = "Téléconsultation « Œdème » → https://teledossier.invalid/invitation/" + "a" * 150
    await links.to(operator.port).send(Sms(TO, long), "abc")
    assert [got["text"] for got in operator.told()["received"]] == [long]


async def test_the_operator_is_told_how_long_a_code_is_good(operator: Operator, links: Links) -> None:
    soon = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=4, seconds=30)
    await links.to(operator.port).send(Sms(TO, CODE, expires_at=soon), "abc")
    [got] = operator.told()["received"]
    until = datetime.datetime.fromisoformat(got["validity"].replace("Z", "+00:00"))
    assert abs((until - soon).total_seconds()) < 5


async def test_one_line_carries_many_messages_and_is_tried_after_a_silence(
    operator: Operator, links: Links, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = links.to(operator.port)
    await link.send(Sms(TO, CODE), "a")
    await link.send(Sms(TO, CODE), "b")
    told = operator.told()
    assert (told["binds"], told["enquiries"]) == (1, 0)
    monkeypatch.setattr(smpp, "SILENT_SECONDS", 0.0)
    await link.send(Sms(TO, CODE), "c")
    told = operator.told()
    assert (told["binds"], told["enquiries"], len(told["received"])) == (1, 1, 3)


async def test_a_line_that_was_dropped_in_the_silence_is_made_anew(
    operator: Operator, links: Links, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = links.to(operator.port)
    await link.send(Sms(TO, CODE), "a")
    operator.behave("drop")
    monkeypatch.setattr(smpp, "SILENT_SECONDS", 0.0)
    await link.send(Sms(TO, CODE), "b")
    assert (operator.told()["binds"], len(operator.told()["received"])) == (2, 2)


async def test_what_the_operator_asks_meanwhile_is_answered(operator: Operator, links: Links) -> None:
    operator.behave("ask-first")
    await links.to(operator.port).send(Sms(TO, CODE), "a")
    end = time.monotonic() + 60
    while operator.told()["enquiries"] < 100 and time.monotonic() < end:
        await asyncio.sleep(0.02)
    assert operator.told()["enquiries"] == 100


@pytest.mark.parametrize(
    ("behaviour", "refusal"),
    [
        ("refuse-number", SmsRefused),
        ("throttle", SmsUnavailable),
        ("silence", SmsUnavailable),
        ("hang-up", SmsUnavailable),
    ],
)
async def test_what_the_operator_refuses_is_final_and_what_may_pass_is_tried_again(
    operator: Operator, links: Links, behaviour: str, refusal: type[Exception]
) -> None:
    link = links.to(operator.port)
    operator.behave(behaviour)
    with pytest.raises(refusal):
        await link.send(Sms(TO, CODE), "a")
    operator.behave("accept")
    await link.send(Sms(TO, CODE), "a")
    assert len(operator.told()["received"]) == 1


async def test_a_wrong_password_of_ours_can_be_put_right_and_is_tried_again(operator: Operator, links: Links) -> None:
    with pytest.raises(SmsUnavailable, match="notre identifiant"):
        await links.to(operator.port, smpp_password="wrong").send(Sms(TO, CODE), "a")


async def test_a_server_that_is_not_there_is_tried_again(links: Links) -> None:
    with pytest.raises(SmsUnavailable):
        await links.to(1).send(Sms(TO, CODE), "a")


async def test_over_tls_a_message_arrives_and_an_unknown_certificate_gets_nothing(
    certificate: Path, links: Links
) -> None:
    for operator in running("--tls", str(certificate)):
        trusted = ssl.create_default_context(cafile=str(certificate))
        with pytest.raises(SmsUnavailable):
            await links.to(operator.port, smpp_tls=True).send(Sms(TO, CODE), "a")
        assert operator.told()["binds"] == 0
        await links.to(operator.port, trusted, smpp_tls=True).send(Sms(TO, CODE), "a")
        assert len(operator.told()["received"]) == 1


async def test_where_tls_is_demanded_a_server_in_clear_gets_nothing(operator: Operator, links: Links) -> None:
    with pytest.raises(SmsUnavailable):
        await links.to(operator.port, smpp_tls=True).send(Sms(TO, CODE), "a")
    assert operator.told()["received"] == []


async def test_from_the_password_to_the_telephone(operator: Operator, links: Links) -> None:
    world = small_world(sms_transport="smpp")
    platform = replace(world.platform, sms=links.to(operator.port))
    sent = one_time_code.ask(platform, "dr.martin", "Demonstration-2026", Channel.SMS)
    await worker.send_due(platform)
    [got] = operator.told()["received"]
    assert one_time_code.answer(platform, sent.secret, got["text"].split()[2])


# ------------------------------------------------------------------------------------------------ OVHcloud


class Cloud:
    """A stand-in of OVHcloud's API; it recomputes each signature as their documentation says."""

    secret, consumer = "application-secret", "consumer-key"

    def __init__(self) -> None:
        self.jobs: list[dict[str, Any]] = []
        self.status = 200
        self.valid = True
        cloud = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.answer(200, int(time.time()))

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                signed = [cloud.secret, cloud.consumer, "POST", cloud.url + self.path, body]
                signed.append(self.headers["X-Ovh-Timestamp"])
                expected = "$1$" + hashlib.sha1("+".join(signed).encode()).hexdigest()
                if self.headers["X-Ovh-Signature"] != expected:
                    self.answer(400, {"message": "Invalid signature", "errorCode": "INVALID_SIGNATURE"})
                elif cloud.status != 200:
                    self.answer(cloud.status, {"message": "no"})
                else:
                    job = json.loads(body)
                    cloud.jobs.append(job | {"path": self.path})
                    to = job["receivers"]
                    valid, invalid = (to, []) if cloud.valid else ([], to)
                    self.answer(200, {"ids": [1], "validReceivers": valid, "invalidReceivers": invalid})

            def answer(self, status: int, content: Any) -> None:
                body = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    made = Cloud()
    monkeypatch.setitem(ENDPOINTS, "stand-in", made.url + "/1.0")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    thread = threading.Thread(target=made.server.serve_forever, daemon=True)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join(5)


@pytest.fixture
def ovh(cloud: Cloud) -> Iterator[OvhSms]:
    made = by_ovh(cloud.secret)
    yield made
    close(made)


def by_ovh(secret: str) -> OvhSms:
    return OvhSms(
        load(
            ovh_endpoint="stand-in",
            ovh_application_key="key",
            ovh_application_secret=secret,
            ovh_consumer_key=Cloud.consumer,
            ovh_sms_service="sms-ab12345-1",
        )
    )


def close(made: OvhSms) -> None:
    if made._client is not None:
        made._client._session.close()
    made.close()


async def test_a_signed_request_sends_a_message_that_is_no_advertisement(cloud: Cloud, ovh: OvhSms) -> None:
    soon = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=4, seconds=30)
    await ovh.send(Sms(TO, CODE, expires_at=soon), "abc")
    [job] = cloud.jobs
    assert job["path"] == "/1.0/sms/sms-ab12345-1/jobs"
    assert (job["message"], job["receivers"], job["sender"]) == (CODE, [TO], "TELEDOSSIER")
    assert (job["noStopClause"], job["validityPeriod"]) == (True, 4)


async def test_a_number_that_ovh_calls_invalid_is_refused_for_good(cloud: Cloud, ovh: OvhSms) -> None:
    cloud.valid = False
    with pytest.raises(SmsRefused):
        await ovh.send(Sms(TO, CODE), "abc")


@pytest.mark.parametrize(
    ("status", "refusal"), [(400, SmsRefused), (403, SmsUnavailable), (404, SmsUnavailable), (500, SmsUnavailable)]
)
async def test_answers_of_ovh_are_final_or_may_pass(
    cloud: Cloud, ovh: OvhSms, status: int, refusal: type[Exception]
) -> None:
    cloud.status = status
    with pytest.raises(refusal):
        await ovh.send(Sms(TO, CODE), "abc")


async def test_a_wrong_secret_of_ours_sends_nothing_and_is_tried_again(cloud: Cloud) -> None:
    wrong = by_ovh("wrong")
    with pytest.raises(SmsUnavailable):
        await wrong.send(Sms(TO, CODE), "abc")
    assert cloud.jobs == []
    close(wrong)


async def test_an_api_that_is_not_there_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ENDPOINTS, "stand-in", "http://127.0.0.1:1/1.0")
    away = by_ovh("any")
    with pytest.raises(SmsUnavailable):
        await away.send(Sms(TO, CODE), "abc")
    close(away)


# ------------------------------------------------------------------------------------------------ the outbox


async def test_an_invitation_leaves_by_sms_as_a_letter_does_by_mail(cloud: Cloud, ovh: OvhSms) -> None:
    platform = replace(platform_in_memory(SetClock()), sms=ovh)
    with platform.transaction() as session:
        service.queue_sms(session, platform.now(), TO, "Rejoignez la salle", "invitation", 1)
    assert await worker.send_due(platform) is None
    assert [job["message"] for job in cloud.jobs] == ["Rejoignez la salle"]
