from __future__ import annotations

from tests.hidden_tests.conftest import collected

__all__ = ["collected"]
