"""Every private name of aiortc and pylibsrtp that the unit leans on, with why; checked when it starts.

Both are pinned (`aiortc==1.16.*`, `pylibsrtp==1.0.*`). When somebody raises a version and a name has gone, the unit
refuses to start and says which one, instead of dropping calls.
"""

from __future__ import annotations

import inspect

from app.pinned import Pin, PinBroken

DTLS = "aiortc.rtcdtlstransport:RTCDtlsTransport."
SRTP = "pylibsrtp._binding:lib."
NAMES = (
    Pin(f"{DTLS}_set_role", "the client begins: setup:passive"),
    Pin(f"{DTLS}_recv_next", "it reads datagrams through our `_recv`"),
    Pin(f"{DTLS}_write_ssl", "ours is called in its place, and sends all that was written"),
    Pin("aiortc.rtcdtlstransport:SSL", "its pyOpenSSL says by an error that no more was written"),
    Pin(f"{DTLS}_register_data_receiver", "SCTP is carried by it"),
    Pin(f"{DTLS}_send_data", "the same"),
    Pin(
        "aiortc.rtcdtlstransport:RTCCertificate._create_ssl_context",
        "a client's chain of certificates is not gone through",
    ),
    Pin(f"{DTLS}start", "handshake and check of the fingerprint"),
    Pin("aiortc.rtcsctptransport:RTCSctpTransport.start", "the data channel"),
    Pin("aiortc.rtcsctptransport:RTCSctpTransport._handle_data", "our guard looks at each packet before it does"),
    Pin("aiortc.rtcsctptransport:RTCSctpCapabilities", "the data channel"),
    Pin("pylibsrtp._binding:ffi", "buffers that libsrtp changes in place"),
    Pin(f"{SRTP}srtp_protect", "packets are encrypted in place: half the cost of Session.protect"),
    Pin(f"{SRTP}srtp_unprotect", "the same"),
    Pin(f"{SRTP}srtp_protect_rtcp", "the same"),
    Pin(f"{SRTP}srtp_unprotect_rtcp", "the same"),
)
# Attributes that exist only on an object: looked for in what is made at the check.
TRANSPORT = ("_rx_srtp", "_tx_srtp", "_ssl")
CHANNEL = ("_inbound_streams", "_sack_misordered", "reassembly")


def check() -> None:
    """Raises: PinBroken, naming everything that is gone."""
    gone = [str(pin) for pin in NAMES if not pin.holds()]
    gone += _objects() if not gone else []
    if gone:
        raise PinBroken(
            "aiortc or pylibsrtp lacks what the forwarding unit leans on: "
            + "; ".join(gone)
            + ". Install the versions of requirements/, or adapt app/media."
        )


def _objects() -> list[str]:
    from aiortc import rtcsctptransport
    from aiortc.rtcdtlstransport import RTCDtlsTransport
    from pylibsrtp import Policy, Session

    source = inspect.getsource(RTCDtlsTransport)
    gone = [f"{DTLS}{name} (keys of the handshake)" for name in TRANSPORT if f"self.{name}" not in source]
    source = inspect.getsource(rtcsctptransport)
    gone += [f"aiortc.rtcsctptransport {name} (what it keeps)" for name in CHANNEL if f"self.{name}" not in source]
    policy = Policy(
        key=bytes(44), ssrc_type=Policy.SSRC_ANY_OUTBOUND, srtp_profile=Policy.SRTP_PROFILE_AEAD_AES_256_GCM
    )
    if not hasattr(Session(policy), "_srtp"):
        gone.append("pylibsrtp:Session._srtp (libsrtp's own handle)")
    return gone
