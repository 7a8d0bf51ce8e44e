from pathlib import Path

import pytest

from tests.deliver.mail_home import MailHome


@pytest.fixture
def home(tmp_path: Path) -> MailHome:
    return MailHome(tmp_path / "home")
