"""The partners' guide does what it says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.journeys import partner
from tests.journeys.system import clean_environment, up

GUIDE = Path("docs/partners.md")


def test_the_guides_program_sends_a_referral_and_sending_it_again_is_told_apart(tmp_path: Path) -> None:
    [program] = re.findall(r"```python\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    with up(tmp_path / "var") as system:
        secret = partner.added(system).secret
        said = [subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60,
                               env=clean_environment(TWOWAY_URL=system.url, TWOWAY_SECRET=secret)).stdout for _ in range(2)]
    assert said[0].startswith("202")
    assert "'duplicate': False" in said[0]
    assert "'duplicate': True" in said[1]
