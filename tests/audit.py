"""Known vulnerabilities of what is installed, as far as the registry tells: `make audit`.

Asks pip whether the installed packages fit each other, then pip-audit about each. A registry that
does not answer about a package (a mirror, no network) is no failure: it is said how many were not
audited, so that nobody takes silence for safety.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

AUDIT = ["pip_audit", "--format", "json", "--progress-spinner", "off", "--skip-editable"]
SECONDS = 300


def main() -> int:
    """Return 1 where packages do not fit each other or one is known to be vulnerable."""
    fits = subprocess.run([sys.executable, "-m", "pip", "check"], check=False).returncode == 0
    try:
        done = subprocess.run(
            [sys.executable, "-m", *AUDIT],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        report = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        sys.stdout.write(f"Nothing was audited: pip-audit gave no report ({error}).\n")
        return int(not fits)
    safe, said = judge(report)
    sys.stdout.write(said)
    return int(not (fits and safe))


def judge(report: dict[str, Any]) -> tuple[bool, str]:
    """Return whether no package of a pip-audit report is vulnerable, and what to say of it."""
    known = report["dependencies"]
    skipped = [one["name"] for one in known if "skip_reason" in one]
    bad = [one for one in known if one.get("vulns")]
    lines = [f"{len(known) - len(skipped)} of {len(known)} packages were audited."]
    if skipped:
        lines.append(f"The registry said nothing of {len(skipped)}: {', '.join(skipped)}.")
    for one in bad:
        ids = ", ".join(found["id"] for found in one["vulns"])
        lines.append(f"Vulnerable: {one['name']} {one['version']} ({ids}).")
    return not bad, "\n".join(lines) + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
