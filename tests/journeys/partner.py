"""A partner organisation, speaking through its own library: CloudEvents signed by Standard Webhooks."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

import httpx
from standardwebhooks import Webhook

SOURCE = "https://clinic.example/referrals"


@dataclass(frozen=True)
class Partner:
    secret: str

    def refer(self, url: str, event_id: str, email: str, community: str = "riverside") -> tuple[int, dict[str, object]]:
        """Posts one referral; status 0 when nothing answered. The same call again is the same event."""
        event = {
            "specversion": "1.0", "id": event_id, "source": SOURCE, "type": "twoway.referral.made.v1",
            "data": {"community": community, "consent": {"reference": f"form-{event_id}"}, "scope": ["joined"],
                     "email": email},
        }
        body = json.dumps(event)
        headers = self.signed(event_id, body) | {"content-type": "application/cloudevents+json"}
        try:
            answer = httpx.post(f"{url}/v1/events", content=body, headers=headers, timeout=10)
        except httpx.TransportError:
            return 0, {}
        return answer.status_code, answer.json()

    def became(self, url: str, receipt: object) -> dict[str, object]:
        """What the receipt says now."""
        answer = httpx.get(f"{url}/v1/receipts/{receipt}", headers=self.signed(str(receipt)), timeout=10)
        found: dict[str, object] = answer.json()
        return found

    def signed(self, id: str, body: str = "") -> dict[str, str]:
        now = datetime.now(UTC)
        return {"webhook-id": id, "webhook-timestamp": str(int(now.timestamp())),
                "webhook-signature": Webhook(self.secret).sign(id, now, body)}


class Commanded(Protocol):
    """A system with its `twoway` command beside it."""

    @property
    def command(self) -> Callable[..., subprocess.CompletedProcess[str]]: ...


def added(system: Commanded, community: str = "riverside") -> Partner:
    ended = system.command("partners", "add", "clinic", "--source", SOURCE, "--community", community)
    return Partner(ended.stdout.strip().splitlines()[-1])
