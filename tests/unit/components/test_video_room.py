"""The room without a browser: its words, its modules, and the rules of the hub for notebooks and tests."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from components.video_room import GUEST_LABELS, LABELS, HubRoom, Line, LocalHub, VideoRoom, Visitor, modules_of
from components.video_room.component import (
    GUEST_MODULE,
    HERE,
    LAZY,
    NOTEBOOK_MODULE,
    PAGE_MODULE,
    notebook_modules,
    notebook_style,
    style_of,
)
from components.video_room.demo import demo
from components.video_room.hub import ABSENT

EXPERT = Visitor("Dr Claire MARTIN", label="Dr MARTIN")
NURSE = Visitor("Nadia DUBOIS", label="N. DUBOIS")
THIRD = Visitor("Dr Paul PETIT", label="Dr PETIT")
GUEST = Visitor("André MERCIER", role="caregiver")

# What stands for a variable part of a key: `say(`problem.${kind}.${problem}`)`.
PARTS = {
    "kind": ("audio", "video"),
    "which": ("audio", "video", "speaker"),
    "problem": ("missing", "taken", "refused"),
    "on": ("on", "off"),
    "level": ("0", "1", "2", "3"),
    "place": ("left", "right", "small", "large"),
    "event": ("entered", "left", "chat"),
    "line.event": ("entered", "left"),
    "state": (
        "sending",
        "sent",
        "failed",
        "opened",
        "waiting",
        "inside",
        "left",
        "withdrawn",
        "expired",
        "removed",
        "handed",
    ),
    "reason": ("right", "removed", "refused"),
    "both": ("both", "camera", "voice", "neither"),
    "due": ("full", "left", "refused", "removed", "right"),
    "picture": ("screen", "camera"),
    "result": ("good", "plain", "relay", "closed", "slow", "far", "browser"),
    "bad": ("relay", "closed", "slow", "far", "browser"),
    "whose": ("ours", "theirs", "between"),
    "what": ("camera", "screen"),
    "content": ("screen", "camera", "auscultation"),
}
# The tools of the bar and the panels, as their own modules name them.
TOOL_NAMES, PANEL_NAMES = (
    tuple(sorted({name for module in HERE.glob("*.js") for name in re.findall(pattern, module.read_text())}))
    for pattern in (r'\bname: "(\w+)", place: "', r'\baddPanel\("(\w+)"')
)
GUEST_TOOL_NAMES = tuple(re.findall(r'\bname: "(\w+)"', (HERE / "guest_tools.js").read_text()))
NAMES = {
    "bar.js": {"name": TOOL_NAMES},
    "call_view.js": {"name": PANEL_NAMES},
    "invite_view.js": {"channel": ("email", "sms", "link")},
    "invite_list.js": {"what": ("resend", "extend", "withdraw")},
    "guest_files.js": {"what": ("save", "look")},
    "direct_tab.js": {"tab": ("room", "direct")},
    "tool_shortcuts.js": {"name": ("audio", "video", "chat", "people", "invite", "share", "admit", "leave", "help")},
    "device_select.js": {"which_off": ("audio", "video")},
    "screen_share.js": {"reason": ("cancelled", "refused", "failed")},
    "tool_layout.js": {"name": ("auto", "grid", "speaker", "side", "share")},
    "auscultation_send.js": {"each": ("echoCancellation", "noiseSuppression", "autoGainControl")},
    "auscultation_listen.js": {"id": ("wave", "spectrum"), "band": ("whole", "heart", "lungs")},
    "guest_more.js": {"name": GUEST_TOOL_NAMES},
}
# Combinations that the modules leave out.
NEVER_ASKED = {
    "lobby.note.both",
    "guest.refused.back",
    "guest.removed.back",
    "guest.right.back",
}
SAID = re.compile(r"""\b(?:(?:words|this)\.say|words\.count)\(\s*("[\w.]+"|`[^`]+`)(?=[,)])""")
ALTERNATIVES = re.compile(r"""\b(?:say|count)\(([^`()]*\?[^`()]*)[,)]""")


def keys_of(module: str) -> set[str]:
    """The keys of labels that a module asks for, with its variable parts filled in."""
    source = (HERE / module).read_text()
    keys: set[str] = set()
    for quoted in SAID.findall(source):
        keys |= expanded(quoted[1:-1], NAMES.get(module, {}))
    for alternatives in ALTERNATIVES.findall(source):
        keys |= {key for key in re.findall(r'"([\w.]+)"', alternatives) if "." in key}
    plurals = set(re.findall(r'\bwords\.count\("([\w.]+)"', source))
    return (keys - plurals) | {f"{key}.{number}" for key in plurals for number in ("one", "other")}


def expanded(template: str, names: Mapping[str, tuple[str, ...]]) -> set[str]:
    match = re.search(r"\$\{([^}]+)\}", template)
    if match is None:
        return {template}
    part = match.group(1)
    words = re.findall(r'"(\w+)"', part) if "?" in part else names.get(part) or PARTS.get(part, ())
    if part == "which" and template.endswith("_off"):
        words = NAMES["device_select.js"]["which_off"]
    before, after = template[: match.start()], template[match.end() :]
    return {key for word in words for key in expanded(f"{before}{word}{after}", names)}


@pytest.mark.parametrize(("entry", "labels"), [(PAGE_MODULE, LABELS), (GUEST_MODULE, GUEST_LABELS)])
def test_every_word_that_a_page_asks_for_is_there(entry: str, labels: Mapping[str, str]) -> None:
    asked = set().union(*(keys_of(module) for module in modules_of(entry))) - NEVER_ASKED
    assert {key for key in asked if key not in labels} == set()
    assert len(asked) > 60


def test_no_word_for_people_stands_in_the_modules() -> None:
    letters = re.compile(r"""["'`][^"'`\n]*[À-ÿ«»][^"'`\n]*["'`]""")
    for module in HERE.glob("*.js"):
        code = re.sub(r"/\*.*?\*/|//[^\n]*", "", module.read_text(), flags=re.DOTALL)
        assert letters.findall(code) == [], module.name
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|\beval\(|new Function", code), module.name


def test_the_words_of_lazy_modules_are_there_too() -> None:
    later = set(LAZY) - set(modules_of(PAGE_MODULE)) - set(modules_of(GUEST_MODULE))
    asked = set().union(*(keys_of(module) for entry in later for module in modules_of(entry)))
    assert {key for key in asked if key not in LABELS and key not in GUEST_LABELS} == set()
    assert {"invite", "chat", "people"} <= set(TOOL_NAMES)


def test_labels_are_frozen() -> None:
    with pytest.raises(TypeError):
        LABELS["lobby.join"] = "Entrer"  # type: ignore[index]


def test_the_styles_hold_no_colour_of_their_own() -> None:
    styles = list(HERE.glob("*.css"))
    assert len(styles) > 10
    for style in styles:
        assert re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[;, )])|rgba?\(|hsla?\(", style.read_text()) == [], style.name


@pytest.mark.parametrize("entry", ["room.css", "guest.css"])
def test_a_style_sheet_that_pages_ask_for_only_lists_the_others(entry: str) -> None:
    assert "{" not in (HERE / entry).read_text()
    assert "@import" not in style_of(entry)


def test_a_shadow_root_has_the_tokens_itself() -> None:
    assert "--teal-700:" in notebook_style()
    assert ":root" not in notebook_style()
    assert "@import" not in notebook_style()


@pytest.mark.parametrize("entry", [PAGE_MODULE, GUEST_MODULE, NOTEBOOK_MODULE])
def test_a_module_comes_after_those_that_it_imports(entry: str) -> None:
    ordered = modules_of(entry)
    for at, module in enumerate(ordered):
        wanted = re.findall(r'^import [^"]*"\./([\w.]+)"', (HERE / module).read_text(), re.MULTILINE)
        assert set(wanted) <= set(ordered[:at]), module
    assert ordered[-1] == entry


# ---- the component


class Spoken:
    """What a component said to its browser."""

    def __init__(self, room: VideoRoom) -> None:
        self.said: list[dict[str, Any]] = []
        room._send_msg = self.said.append  # type: ignore[method-assign]

    def __call__(self, t: str) -> list[dict[str, Any]]:
        return [message for message in self.said if message["t"] == t]


class Event:
    def __init__(self, **data: Any) -> None:
        self.data = data


def test_a_notebook_gets_the_modules_when_it_asks_for_them() -> None:
    room = VideoRoom()
    spoken = Spoken(room)
    room._receive(Event(t="sources"))
    (sources,) = spoken("sources")
    assert [module["name"] for module in sources["modules"]] == list(notebook_modules())
    assert {*modules_of(NOTEBOOK_MODULE), "unit.js"} < set(notebook_modules())
    assert ".td-room" in sources["style"]


def test_a_notebook_speaks_with_its_hub_over_the_channel() -> None:
    room = VideoRoom(hub=LocalHub(), visitor=NURSE)
    spoken = Spoken(room)
    room._receive(Event(t="line", page="a", open=True))
    room._receive(Event(t="line", page="a", frame='{"t":"rooms"}'))
    frames = [json.loads(message["frame"])["t"] for message in spoken("line") if "frame" in message]
    assert frames == ["hello", "rooms"]
    assert room.me == {"name": "Nadia DUBOIS", "role": "professional"}


def test_words_may_be_given_as_the_frozen_ones() -> None:
    assert VideoRoom(labels=LABELS).labels == dict(LABELS)


def test_the_demo_is_two_rooms() -> None:
    assert [type(each) for each in demo()] == [VideoRoom, VideoRoom]


# ---- the hub


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Page:
    """A page's line, and what it heard."""

    def __init__(self, hub: LocalHub, visitor: Visitor) -> None:
        self.heard: list[dict[str, Any]] = []
        self.line: Line = hub.connect(visitor, self.heard.append)

    def say(self, t: str, **fields: Any) -> None:
        self.line.receive({"t": t, **fields})

    def join(self, room: str = "bleue", **fields: Any) -> None:
        self.say("join", room=room, camera=True, microphone=True, **fields)

    def last(self, t: str) -> dict[str, Any]:
        return next(message for message in reversed(self.heard) if message["t"] == t)

    def all(self, t: str) -> list[dict[str, Any]]:
        return [message for message in self.heard if message["t"] == t]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def hub(clock: Clock) -> LocalHub:
    return LocalHub(secret=b"a secret", clock=clock, doctor="Dr Claire MARTIN")


def test_hello_comes_first(hub: LocalHub) -> None:
    page = Page(hub, EXPERT)
    assert page.heard[0]["t"] == "hello"
    assert page.heard[0]["me"]["professional"] is True
    assert [room["name"] for room in page.heard[0]["rooms"]] == ["Salle Bleue", "Salle Verte", "Salle Orange"]
    assert "rooms" not in Page(hub, GUEST).heard[0]


def test_who_enters_calls_and_who_is_inside_gets_the_offer(hub: LocalHub) -> None:
    inside, newcomer = Page(hub, EXPERT), Page(hub, NURSE)
    inside.join(offer="first")
    newcomer.join(offer="v=0")
    assert inside.last("entered")["offer"] == "v=0"
    assert newcomer.last("joined")["people"][0]["name"] == EXPERT.name
    me, other = newcomer.last("joined")["id"], inside.last("joined")["id"]
    inside.say("sdp", to=me, description={"type": "answer", "sdp": "v=0"})
    assert newcomer.last("sdp") == {"t": "sdp", "from": other, "description": {"type": "answer", "sdp": "v=0"}}


def test_a_room_holds_two_and_the_third_is_told(hub: LocalHub) -> None:
    for who in (EXPERT, NURSE):
        Page(hub, who).join()
    third = Page(hub, THIRD)
    third.say("rooms")
    assert third.last("rooms")["rooms"][0] == {
        "id": "bleue",
        "name": "Salle Bleue",
        "planned": True,
        "people": ["Dr MARTIN", "N. DUBOIS"],
        "full": True,
        "unit": False,
    }
    third.join()
    assert third.last("full")["room"] == "bleue"
    assert third.all("joined") == []
    third.join("verte")
    assert third.last("joined")["room"]["name"] == "Salle Verte"


def test_the_room_of_notebooks_stays_direct_and_says_so_politely(hub: LocalHub) -> None:
    expert, nurse = Page(hub, EXPERT), Page(hub, NURSE)
    expert.join(publish="v=0")
    nurse.join()
    joined = nurse.last("joined")
    assert (joined["route"], joined["silenced"], joined["people"][0]["silenced"]) == ("direct", False, False)
    nurse.say("blocked", to=expert.last("joined")["id"])
    nurse.say("unpublish")
    assert nurse.all("error") == []
    nurse.say("publish", offer="v=0", n=1)
    assert (nurse.last("error")["about"], nurse.last("error")["code"]) == ("publish", "relais-indisponible")
    for t, fields in (("mute", {"person": "x", "muted": True}), ("ask", {"person": "x"})):
        nurse.say(t, **fields)
        assert (nurse.last("error")["about"], nurse.last("error")["code"]) == (t, "indisponible")
    assert expert.all("route") == expert.all("published") == []


def test_leaving_frees_the_place_at_once(hub: LocalHub) -> None:
    expert, nurse = Page(hub, EXPERT), Page(hub, NURSE)
    expert.join()
    nurse.join()
    nurse.say("leave")
    assert expert.last("left")["name"] == NURSE.name
    third = Page(hub, THIRD)
    third.join()
    assert len(third.last("joined")["people"]) == 1


def test_a_broken_line_holds_its_place_for_a_while(hub: LocalHub, clock: Clock) -> None:
    expert, nurse = Page(hub, EXPERT), Page(hub, NURSE)
    expert.join()
    nurse.join()
    mine = nurse.last("joined")
    nurse.line.close(gone=False)
    assert expert.all("left") == []
    again = Page(hub, NURSE)
    again.join(resume={"id": mine["id"], "proof": mine["proof"]})
    assert again.last("joined")["resumed"] is True
    assert again.last("joined")["id"] == mine["id"]
    assert expert.all("entered")[-1]["resumed"] is True
    again.line.close(gone=False)
    clock.now += 21
    expert.say("ping")
    assert expert.last("left")["id"] == mine["id"]


def test_a_silent_line_is_dead(hub: LocalHub, clock: Clock) -> None:
    expert, nurse = Page(hub, EXPERT), Page(hub, NURSE)
    expert.join()
    nurse.join()
    for _ in range(30):
        clock.now += 1
        expert.say("ping")
    assert nurse.line.closed
    assert expert.last("left")["name"] == NURSE.name


def test_a_proof_holds_in_a_hub_that_started_anew_and_not_for_somebody_else(hub: LocalHub) -> None:
    nurse = Page(hub, NURSE)
    nurse.join()
    resume = {"id": nurse.last("joined")["id"], "proof": nurse.last("joined")["proof"]}
    anew = LocalHub(secret=b"a secret")
    back, thief = Page(anew, NURSE), Page(anew, THIRD)
    back.join(resume=resume)
    thief.join(resume=resume)
    assert back.last("joined")["resumed"] is True
    assert thief.last("joined")["resumed"] is False


def test_a_guest_waits_until_a_professional_admits(hub: LocalHub) -> None:
    expert, guest = Page(hub, EXPERT), Page(hub, GUEST)
    guest.join()
    assert guest.last("error")["about"] == "join"
    guest.say("wait", camera=True, microphone=True)
    assert guest.last("waiting")["doctor"] == "Dr Claire MARTIN"
    expert.join()
    (waiting,) = expert.last("joined")["lobby"]
    assert waiting["name"] == GUEST.name
    expert.say("admit", guest=waiting["id"])
    assert guest.last("admitted")["room"] == "bleue"
    assert expert.last("lobby")["guests"] == []
    guest.join(offer="v=0")
    assert expert.last("entered")["person"]["role"] == "caregiver"


def test_a_guest_who_was_refused_stays_out(hub: LocalHub) -> None:
    expert, guest = Page(hub, EXPERT), Page(hub, GUEST)
    expert.join()
    guest.say("wait", camera=True, microphone=True)
    expert.say("refuse", guest=expert.last("lobby")["guests"][0]["id"])
    assert guest.last("refused")["message"]
    guest.join()
    assert guest.last("error")["code"] == "non-admis"


def test_nobody_is_admitted_to_a_full_room(hub: LocalHub) -> None:
    expert, nurse, guest = Page(hub, EXPERT), Page(hub, NURSE), Page(hub, GUEST)
    expert.join()
    nurse.join()
    guest.say("wait", camera=True, microphone=True)
    expert.say("admit", guest=expert.last("lobby")["guests"][0]["id"])
    assert expert.last("error")["code"] == "salle-complete"
    assert guest.all("admitted") == []


@pytest.mark.parametrize("t", ["rooms", "invite", "withdraw", "admit", "refuse"])
def test_a_guest_cannot_do_what_is_for_professionals(hub: LocalHub, t: str) -> None:
    guest = Page(hub, GUEST)
    guest.say(t)
    assert guest.last("error")["code"] == "acces-refuse"


def test_the_same_message_sent_twice_is_said_once(hub: LocalHub) -> None:
    expert, nurse = Page(hub, EXPERT), Page(hub, NURSE)
    expert.join()
    nurse.join()
    for _ in range(2):
        nurse.say("chat", text="Bonjour", key="k1")
    assert len(expert.all("chat")) == 1
    assert [said["mine"] for said in nurse.all("chat")] == [True, True]
    assert expert.last("chat")["mine"] is False


def test_an_invitation_is_followed_and_withdrawn(hub: LocalHub) -> None:
    expert, guest = Page(hub, EXPERT), Page(hub, GUEST)
    expert.join()
    wish = {"channel": "email", "address": "andre@exemple.fr", "name": GUEST.name, "role": "caregiver", "key": "k"}
    for _ in range(2):
        expert.say("invite", **wish)
    (invitation,) = expert.last("invitations")["invitations"]
    assert (invitation["state"], invitation["key"]) == ("sent", "k")
    guest.say("wait", camera=True, microphone=True)
    assert expert.last("invitations")["invitations"][0]["state"] == "waiting"
    expert.say("withdraw", invitation=invitation["id"])
    assert expert.last("invitations")["invitations"][0]["state"] == "withdrawn"


@pytest.mark.parametrize("said", ["", "[]", '{"t": 1}', '{"t": "welcome"}', '{"t": "__init__"}', "{" + "x" * 70_000])
def test_what_is_not_understood_is_answered_and_harms_nobody(hub: LocalHub, said: str) -> None:
    page = Page(hub, EXPERT)
    page.line.receive(said)
    assert page.last("error")["code"] == "inconnu"


def test_rooms_of_ones_own_choice() -> None:
    hub = LocalHub(rooms=[HubRoom("salon", "Salon")], capacity=3)
    for who in (EXPERT, NURSE, THIRD):
        Page(hub, who).join("salon", offer="v=0")
    assert len(hub.places) == 3


def test_the_hub_tells_what_stands_beside_a_face_and_takes_nothing_else(hub: LocalHub) -> None:
    expert, nurse = Page(hub, EXPERT), Page(hub, NURSE)
    expert.join(aux="camera")
    nurse.join()
    shown = nurse.last("joined")["people"][0]
    assert (shown["aux"], shown["auscultation"]) == ("camera", False)
    expert.say("state", camera=True, microphone=True, aux="screen", auscultation=True)
    assert (nurse.last("state")["aux"], nurse.last("state")["auscultation"]) == ("screen", True)
    for wrong in ({"aux": "window"}, {"aux": ["screen"]}, {"aux": None}, {"auscultation": 1}):
        expert.say("state", camera=True, microphone=True, **wrong)
        assert (expert.last("error")["about"], expert.last("error")["code"]) == ("state", "saisie")
    assert nurse.last("state")["aux"] == "screen"
    third = Page(hub, THIRD)
    third.say("join", room="verte", camera=True, microphone=True, aux="window")
    assert third.all("joined") == []


def test_who_looks_at_the_rooms_sees_who_waits(hub: LocalHub) -> None:
    looking, guest = Page(hub, EXPERT), Page(hub, GUEST)
    looking.say("rooms")
    assert looking.all("lobby") == []
    guest.say("wait", camera=True, microphone=True)
    assert [waiting["name"] for waiting in looking.last("lobby")["guests"]] == [GUEST.name]
    late = Page(hub, NURSE)
    late.say("rooms")
    assert late.last("lobby") == looking.last("lobby") | {"guests": late.last("lobby")["guests"]}


def test_what_the_hub_lacks_it_says_with_the_page_s_key(hub: LocalHub) -> None:
    page = Page(hub, EXPERT)
    for name in ABSENT:
        page.say(name, key="k")
        assert (page.last("error")["code"], page.last("error")["key"]) == ("indisponible", "k")
        assert not hasattr(hub, f"_on_{name}"), "it knows it now: take it out of ABSENT"
