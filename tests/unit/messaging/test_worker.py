"""The outbox and its worker: sent once, tried again, given up, never twice."""

from __future__ import annotations

import asyncio
import mailbox
import threading
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from app.bootstrap import platform_in_memory
from app.bus import MISSED
from app.demo.inbox import read_sms
from app.documents.upkeep import Swept
from app.messaging import service, worker
from app.messaging.models import OutboxMessage, OutboxState
from app.messaging.refusals import MessageExpired
from app.messaging.sms import FolderSms, MemorySms, NoSms, SmsRefused
from app.messaging.transports import FolderMail, MailRefused, MailUnavailable, MemoryMail, compose
from app.platform import Mail, Platform, Sms
from tests.support.people import SetClock

SENDER = "ne-pas-repondre@teledossier.invalid"


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def platform(clock: SetClock) -> Platform:
    return platform_in_memory(clock)


def sent_by(platform: Platform) -> list[tuple[Mail, str]]:
    assert isinstance(platform.mail, MemoryMail)
    return platform.mail.sent


def failing(platform: Platform, *failures: MailRefused | MailUnavailable) -> None:
    assert isinstance(platform.mail, MemoryMail)
    platform.mail.failures = list(failures)


def queue(platform: Platform, subject: str = "Bonjour", topic_id: int = 12) -> None:
    with platform.transaction() as session:
        service.queue_mail(session, platform.now(), "a@b.fr", subject, "Un lien", "invitation", topic_id)


def row(platform: Platform) -> OutboxMessage:
    with platform.reading() as session:
        return session.exec(select(OutboxMessage)).one()


async def test_what_is_due_is_sent_once_and_its_text_forgotten(platform: Platform) -> None:
    queue(platform)
    assert await worker.send_due(platform) is None
    assert await worker.send_due(platform) is None
    [(mail, message_id)] = sent_by(platform)
    assert (mail.to, mail.subject, mail.body) == ("a@b.fr", "Bonjour", "Un lien")
    kept = row(platform)
    assert (kept.state, kept.sent_at, kept.body, kept.message_id) == (OutboxState.SENT, platform.now(), "", message_id)


async def test_nothing_is_queued_by_a_transaction_that_fails(platform: Platform) -> None:
    with pytest.raises(RuntimeError), platform.transaction() as session:
        service.queue_mail(session, platform.now(), "a@b.fr", "Bonjour", "Un lien")
        raise RuntimeError
    await worker.send_due(platform)
    assert sent_by(platform) == []


async def test_a_refusal_is_final_and_says_why(platform: Platform, clock: SetClock) -> None:
    failing(platform, MailRefused("Adresse inconnue."))
    queue(platform)
    await worker.send_due(platform)
    clock.pass_by(days=2)
    await worker.send_due(platform)
    assert sent_by(platform) == []
    assert (row(platform).state, row(platform).error, row(platform).body) == (
        OutboxState.FAILED,
        "Adresse inconnue.",
        "",
    )


async def test_a_server_that_is_away_is_tried_again_later_and_later_then_given_up(
    platform: Platform, clock: SetClock
) -> None:
    failing(platform, *[MailUnavailable()] * 6)
    queue(platform)
    pauses = []
    while (due := await worker.send_due(platform)) is not None:
        assert row(platform).state is OutboxState.WAITING
        pauses.append(due - clock.now())
        clock.at = due - timedelta(milliseconds=1)
        assert await worker.send_due(platform) == due  # not before its time
        clock.at = due
    assert [pause.total_seconds() for pause in pauses] == [5, 30, 120, 600, 3600]
    assert (row(platform).state, row(platform).attempts) == (OutboxState.FAILED, 6)


async def test_a_message_goes_out_as_soon_as_the_server_is_back_under_the_same_id(
    platform: Platform, clock: SetClock
) -> None:
    failing(platform, MailUnavailable())
    queue(platform)
    before = row(platform).message_id
    await worker.send_due(platform)
    clock.pass_by(seconds=5)
    await worker.send_due(platform)
    assert [message_id for _mail, message_id in sent_by(platform)] == [before]
    assert (row(platform).state, row(platform).error) == (OutboxState.SENT, "")


async def test_a_fault_of_ours_keeps_no_other_message_from_leaving(platform: Platform, clock: SetClock) -> None:
    queue(platform, "bad")
    queue(platform, "good")

    class Faulty(MemoryMail):
        async def send(self, mail: Mail, message_id: str) -> None:
            if mail.subject == "bad":
                raise ZeroDivisionError
            await super().send(mail, message_id)

    faulty = Faulty()
    await worker.send_due(replace(platform, mail=faulty))
    assert [mail.subject for mail, _id in faulty.sent] == ["good"]


async def test_a_worker_killed_in_the_middle_leaves_the_message_to_the_next_one(
    platform: Platform, clock: SetClock
) -> None:
    queue(platform)

    class Killed(MemoryMail):
        async def send(self, mail: Mail, message_id: str) -> None:
            raise asyncio.CancelledError  # the process is gone between the claim and the mark

    with pytest.raises(asyncio.CancelledError):
        await worker.send_due(replace(platform, mail=Killed()))
    assert row(platform).state is OutboxState.WAITING
    await worker.send_due(platform)
    assert sent_by(platform) == []  # somebody may still be sending it
    clock.at += worker.LEASE
    await worker.send_due(platform)
    assert len(sent_by(platform)) == 1


async def test_a_message_taken_back_before_it_left_never_leaves(platform: Platform) -> None:
    queue(platform, topic_id=12)
    with platform.transaction() as session:
        service.take_back(session, "invitation", 12)
    await worker.send_due(platform)
    assert sent_by(platform) == []
    assert row(platform).error == service.TAKEN_BACK


async def test_a_message_taken_back_while_it_is_tried_is_not_tried_again(platform: Platform, clock: SetClock) -> None:
    queue(platform)

    class Meanwhile(MemoryMail):
        async def send(self, mail: Mail, message_id: str) -> None:
            with platform.transaction() as session:
                service.take_back(session, "invitation", 12)
            raise MailUnavailable

    await worker.send_due(replace(platform, mail=Meanwhile()))
    clock.pass_by(hours=1)
    await worker.send_due(platform)
    assert (sent_by(platform), row(platform).state) == ([], OutboxState.FAILED)


async def test_pages_are_told_what_became_of_a_message(platform: Platform) -> None:
    heard: list[dict[str, object]] = []
    platform.bus.subscribe(service.CHANGED, heard.append)
    queue(platform)
    await worker.send_due(platform)
    assert [(e["topic"], e["topic_id"], e["state"]) for e in heard] == [("invitation", 12, "sent")]


async def test_the_worker_is_woken_by_the_bus_and_sleeps_otherwise(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = []
    send_due = worker.send_due

    async def counted(platform: Platform) -> object:
        looks.append(time.monotonic())
        return await send_due(platform)

    monkeypatch.setattr(worker, "send_due", counted)
    stop = asyncio.Event()
    running = asyncio.create_task(worker.run(platform, stop))
    await asyncio.sleep(0.3)
    assert len(looks) == 1
    queue(platform)
    asked = time.monotonic()
    service.announce(platform)
    while not sent_by(platform):
        await asyncio.sleep(0.005)
    assert time.monotonic() - asked < worker.LOOK_AGAIN.total_seconds() / 2
    await asyncio.sleep(0.2)
    assert len(looks) == 2
    stop.set()
    await asyncio.wait_for(running, 60)


async def test_the_worker_looks_again_when_events_were_lost(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = asyncio.Event()
    send_due = worker.send_due

    async def told(platform: Platform) -> object:
        due = await send_due(platform)
        looked.set()
        return due

    monkeypatch.setattr(worker, "send_due", told)
    stop = asyncio.Event()
    running = asyncio.create_task(worker.run(platform, stop))
    await asyncio.wait_for(looked.wait(), 60)
    looked.clear()
    queue(platform)
    platform.bus.publish(MISSED, {})
    await asyncio.wait_for(looked.wait(), worker.LOOK_AGAIN.total_seconds() / 2)
    assert sent_by(platform)
    stop.set()
    await asyncio.wait_for(running, 60)


async def test_leftovers_of_a_killed_process_are_removed_at_the_start_and_mails_do_not_wait_for_it(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def slow(swept: Platform) -> tuple[Swept, int]:
        assert swept is platform
        begun.set()
        assert may_end.wait(60)
        return Swept(removed=1), 0

    monkeypatch.setattr(worker, "tidy", slow)
    queue(platform)
    stop = asyncio.Event()
    running = asyncio.create_task(worker.run(platform, stop))
    async with asyncio.timeout(60):
        while not (begun.is_set() and sent_by(platform)):
            await asyncio.sleep(0.005)
    stop.set()
    may_end.set()
    await asyncio.wait_for(running, 60)


async def test_a_disk_that_can_t_be_swept_does_not_keep_mails_from_leaving(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_platform: Platform) -> tuple[Swept, int]:
        raise OSError

    monkeypatch.setattr(worker, "tidy", broken)
    queue(platform)
    stop = asyncio.Event()
    running = asyncio.create_task(worker.run(platform, stop))
    async with asyncio.timeout(60):
        while not sent_by(platform):
            await asyncio.sleep(0.005)
    stop.set()
    await asyncio.wait_for(running, 60)


def test_a_letter_is_plain_text_that_no_absence_notice_answers() -> None:
    message = compose(Mail("a@b.fr", "Été à Caen", "Bonjour à tous\n" * 3), "abc", SENDER, SetClock().now())
    assert message["Message-ID"] == "<abc@teledossier.invalid>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content_type() == "text/plain"
    assert "Été à Caen" in str(message["Subject"])
    assert b"\r\n" in message.as_bytes()


@pytest.mark.parametrize(
    "mail", [Mail("a@b.fr\nBcc: x@y.fr", "s", "b"), Mail("a@b.fr", "s\r\nX: y", "b"), Mail("a@b.fr", "s", "\ud800")]
)
def test_a_letter_whose_headers_would_be_forged_is_refused(mail: Mail) -> None:
    with pytest.raises(MailRefused):
        compose(mail, "abc", SENDER, SetClock().now())


async def test_a_folder_keeps_a_message_handed_over_twice_once(tmp_path: Path) -> None:
    folder = FolderMail(tmp_path / "mail", SENDER)
    for _ in range(2):
        await folder.send(Mail("a@b.fr", "Bonjour", "Un lien"), "abc")
    await folder.send(Mail("a@b.fr", "Bonjour", "Un lien"), "def")
    assert len(mailbox.Maildir(tmp_path / "mail", create=False)) == 2
    assert list((tmp_path / "mail" / "tmp").iterdir()) == []


async def test_a_folder_that_cannot_be_written_is_tried_again_later(tmp_path: Path) -> None:
    folder = FolderMail(tmp_path / "mail", SENDER)
    (tmp_path / "mail" / "tmp").rmdir()
    with pytest.raises(MailUnavailable):
        await folder.send(Mail("a@b.fr", "Bonjour", "Un lien"), "abc")


async def test_an_sms_goes_to_the_operator_and_its_text_is_forgotten(platform: Platform) -> None:
    with platform.transaction() as session:
        service.queue_sms(session, platform.now(), "+33699000011", "123456", "login.code", 1)
    await worker.send_due(platform)
    assert isinstance(platform.sms, MemorySms)
    assert [(sms.to, sms.text) for sms, _id in platform.sms.sent] == [("+33699000011", "123456")]
    assert (row(platform).state, row(platform).body) == (OutboxState.SENT, "")


async def test_a_message_that_would_come_too_late_is_not_tried_again(platform: Platform, clock: SetClock) -> None:
    failing(platform, MailUnavailable())
    with platform.transaction() as session:
        soon = platform.now() + timedelta(seconds=4)
        service.queue_mail(session, platform.now(), "a@b.fr", "Code", "123456", expires_at=soon)
    assert await worker.send_due(platform) is None
    assert (row(platform).state, row(platform).error, row(platform).body) == (
        OutboxState.FAILED,
        MessageExpired.message,
        "",
    )
    assert sent_by(platform) == []


async def test_a_message_found_after_its_time_is_dropped(platform: Platform, clock: SetClock) -> None:
    with platform.transaction() as session:
        soon = platform.now() + timedelta(minutes=5)
        service.queue_mail(session, platform.now(), "a@b.fr", "Code", "123456", expires_at=soon)
    clock.pass_by(minutes=5)
    await worker.send_due(platform)
    assert sent_by(platform) == []
    assert (row(platform).state, row(platform).body) == (OutboxState.FAILED, "")


async def test_an_installation_without_an_operator_refuses_sms_for_good() -> None:
    with pytest.raises(SmsRefused):
        await NoSms().send(Sms("+33699000011", "Bonjour"), "abc")


async def test_a_folder_keeps_an_sms_handed_over_twice_once(tmp_path: Path) -> None:
    folder = FolderSms(tmp_path / "sms")
    for _ in range(2):
        await folder.send(Sms("+33699000011", "Bonjour"), "abc")
    await folder.send(Sms("+33699000011", "Bonsoir"), "def")
    letters = read_sms(tmp_path / "sms", SetClock().now())
    assert sorted(letter.text for letter in letters) == ["Bonjour", "Bonsoir"]
    assert {letter.to for letter in letters} == {"+33699000011"}
    assert list((tmp_path / "sms").glob("*.part")) == []
