"""What makes a finding the same finding in the next run, for systems that tell new ones from old ones."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator

from pytest_rf.findings import Finding


def fingerprints(findings: Iterable[Finding]) -> Iterator[str]:
    """Yield a fingerprint per finding, in their order; no two are the same.

    Lines and figures may change without a finding becoming another one, and the worst tensor of a requirement may
    change, too. Findings that would be the same are told apart by their order.
    """
    seen: Counter[tuple[str, ...]] = Counter()
    for found in findings:
        about = _identity(found)
        seen[about] += 1
        yield digest(*about, str(seen[about]))


def digest(*parts: str) -> str:
    """Return a fingerprint of texts."""
    whole = "".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(whole.encode(errors="surrogatepass")).hexdigest()[:40]


def _identity(found: Finding) -> tuple[str, ...]:
    if found.requirement:
        what = (found.requirement, found.input, *found.axes)
    elif found.tensor:
        what = (found.tensor, found.input, *found.axes)
    else:
        what = (found.message,)
    return (found.code, found.model, *what)
